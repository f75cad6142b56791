// A decision table as the API tells it, and what a person does to it: each change answers a new one.

import type { Problem } from "../../api/client";
import type { Text } from "../../ui/text";

export const KINDS = ["number", "money", "date", "choice", "text", "yes_no", "list"] as const;
export const POLICIES = ["unique", "first", "priority", "any", "collect", "rule_order"] as const;
export const COLLECTS = ["list", "sum", "min", "max", "count"] as const;

export interface Column {
  name: string;
  kind: (typeof KINDS)[number];
  title?: Text;
  options?: { value: string; title?: Text }[];
  decimals?: number | null;
  min?: string | number | null;
  max?: string | number | null;
  optional?: boolean;
  default?: string | null;
}

export interface Rule {
  id: string;
  when: Record<string, string>;
  then: Record<string, string>;
  note?: string;
}

export interface Sample {
  id: string;
  name?: string;
  given: Record<string, string>;
  expect?: Record<string, string>;
  nothing?: boolean;
}

export interface Definition {
  title: Text;
  description?: Text;
  policy: (typeof POLICIES)[number];
  collect?: (typeof COLLECTS)[number];
  inputs: Column[];
  outputs: Column[];
  rules: Rule[];
  samples?: Sample[];
}

export interface Brief {
  key: string;
  title: Text;
  policy: Definition["policy"];
  rows: number;
  revision: number;
  in_force: number | null;
  next: { version: number; valid_from: string } | null;
  last_version: number;
  changed: boolean;
  updated_at: string;
  updated_by: { id: string; name: string };
}

export interface Table extends Brief {
  definition: Definition;
  used_by: { key: string; name: Text; nodes: string[]; published_version: number | null }[];
}

export interface Gap {
  when: Record<string, string>;
  example: Record<string, unknown>;
  maybe: number[];
}

export interface Checked {
  problems: Problem[];
  report: {
    gaps: Gap[];
    overlaps: { rows: [number, number]; when: Record<string, string> }[];
    unreachable: { row: number; why: "never" | "covered"; by: number[] }[];
    free_rows: number[];
    complete: boolean;
  } | null;
  bench: {
    samples: {
      id: string;
      state: "passed" | "failed" | "error" | "none";
      rows: number[];
      outputs: Record<string, unknown>;
      differs: { output: string; expected: unknown; found: unknown }[];
      error?: { code: string; message: string; params: Record<string, unknown> };
    }[];
    passed: number;
    failed: number;
    hits: number[];
  } | null;
}

export interface Version {
  version: number;
  state: "in_force" | "scheduled" | "past" | "withdrawn";
  valid_from: string;
  note: string;
  published_at: string;
  published_by: { id: string; name: string };
  changes: {
    what: string;
    row: number | null;
    column: string | null;
    before: unknown;
    after: unknown;
  }[];
}

/** The grid's columns in order: conditions, results, the note. */
export interface GridColumn {
  side: "inputs" | "outputs" | "note";
  column: Column | null;
  at: number;
}

export interface Spot {
  row: number;
  col: number;
}

export interface Range {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

export function gridColumns(table: Definition): GridColumn[] {
  return [
    ...table.inputs.map((column, at) => ({ side: "inputs" as const, column, at })),
    ...table.outputs.map((column, at) => ({ side: "outputs" as const, column, at })),
    { side: "note" as const, column: null, at: 0 },
  ];
}

export function cellOf(rule: Rule, { side, column }: GridColumn): string {
  if (side === "note") return rule.note ?? "";
  return (side === "inputs" ? rule.when : rule.then)[column?.name ?? ""] ?? "";
}

export function withCell(rule: Rule, { side, column }: GridColumn, text: string): Rule {
  if (side === "note") return { ...rule, note: text };
  const part = side === "inputs" ? "when" : "then";
  return { ...rule, [part]: { ...rule[part], [column?.name ?? ""]: text } };
}

export function freeId(taken: Iterable<string>, prefix = "r"): string {
  const known = new Set(taken);
  let number = known.size + 1;
  while (known.has(`${prefix}${number}`)) number += 1;
  return `${prefix}${number}`;
}

function withRules(table: Definition, rules: Rule[]): Definition {
  return { ...table, rules };
}

export function withCells(
  table: Definition,
  cells: { row: number; col: number; text: string }[],
): Definition {
  const columns = gridColumns(table);
  const rules = [...table.rules];
  for (const { row, col, text } of cells) {
    const rule = rules[row];
    const column = columns[col];
    if (rule && column && cellOf(rule, column) !== text) rules[row] = withCell(rule, column, text);
  }
  return withRules(table, rules);
}

export function insertRows(table: Definition, at: number, count = 1, like?: Rule): Definition {
  const ids = table.rules.map(({ id }) => id);
  const made: Rule[] = [];
  for (let number = 0; number < count; number += 1) {
    const id = freeId([...ids, ...made.map((rule) => rule.id)]);
    // biome-ignore lint/suspicious/noThenProperty: what the API calls it; nobody waits for a row
    made.push(like ? { ...like, id } : { id, when: {}, then: {} });
  }
  return withRules(table, [...table.rules.slice(0, at), ...made, ...table.rules.slice(at)]);
}

export function removeRows(table: Definition, top: number, bottom: number): Definition {
  return withRules(
    table,
    table.rules.filter((_, row) => row < top || row > bottom),
  );
}

export function moveRows(table: Definition, top: number, bottom: number, by: -1 | 1): Definition {
  const rules = [...table.rules];
  const to = top + by;
  if (to < 0 || bottom + by >= rules.length) return table;
  const moved = rules.splice(top, bottom - top + 1);
  rules.splice(to, 0, ...moved);
  return withRules(table, rules);
}

export function addColumn(
  table: Definition,
  side: "inputs" | "outputs",
  column: Column,
): Definition {
  return { ...table, [side]: [...table[side], column] };
}

export function changeColumn(
  table: Definition,
  side: "inputs" | "outputs",
  at: number,
  next: Column,
): Definition {
  const before = table[side][at]?.name ?? "";
  const part = side === "inputs" ? "when" : "then";
  const bench = side === "inputs" ? "given" : "expect";
  const columns = table[side].map((column, place) => (place === at ? next : column));
  if (before === next.name) return { ...table, [side]: columns };
  return {
    ...table,
    [side]: columns,
    rules: table.rules.map((rule) => ({ ...rule, [part]: renamed(rule[part], before, next.name) })),
    samples: (table.samples ?? []).map((sample) => ({
      ...sample,
      [bench]: renamed(sample[bench] ?? {}, before, next.name),
    })),
  };
}

export function removeColumn(
  table: Definition,
  side: "inputs" | "outputs",
  at: number,
): Definition {
  const name = table[side][at]?.name ?? "";
  const part = side === "inputs" ? "when" : "then";
  return {
    ...table,
    [side]: table[side].filter((_, place) => place !== at),
    rules: table.rules.map((rule) => ({ ...rule, [part]: without(rule[part], name) })),
  };
}

export function moveColumn(
  table: Definition,
  side: "inputs" | "outputs",
  at: number,
  by: -1 | 1,
): Definition {
  const columns = [...table[side]];
  const [moved] = columns.splice(at, 1);
  if (!moved || at + by < 0 || at + by > columns.length) return table;
  columns.splice(at + by, 0, moved);
  return { ...table, [side]: columns };
}

function renamed(cells: Record<string, string>, before: string, after: string) {
  return Object.fromEntries(
    Object.entries(cells).map(([name, text]) => [name === before ? after : name, text]),
  );
}

function without(cells: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(cells).filter(([each]) => each !== name));
}

// --- ranges, and the clipboard --------------------------------------------------------------------

export function rangeOf(one: Spot, other: Spot): Range {
  return {
    top: Math.min(one.row, other.row),
    bottom: Math.max(one.row, other.row),
    left: Math.min(one.col, other.col),
    right: Math.max(one.col, other.col),
  };
}

export function toTsv(table: Definition, { top, bottom, left, right }: Range): string {
  const columns = gridColumns(table).slice(left, right + 1);
  return table.rules
    .slice(top, bottom + 1)
    .map((rule) => columns.map((column) => quoted(cellOf(rule, column))).join("\t"))
    .join("\n");
}

function quoted(text: string): string {
  return /[\t\n]/.test(text) || text.startsWith('"') ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Cells as Excel puts them on the clipboard: tabs and lines, quotes around what holds either. */
export function fromTsv(text: string): string[][] {
  const rows: string[][] = [[]];
  let cell = "";
  let inside = false;
  const source = text.replace(/\r\n?/g, "\n");
  for (let at = 0; at < source.length; at += 1) {
    const sign = source[at] ?? "";
    if (inside) {
      if (sign !== '"') cell += sign;
      else if (source[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else inside = false;
    } else if (sign === '"' && cell === "" && closes(source, at)) inside = true;
    else if (sign === "\t" || sign === "\n") {
      rows.at(-1)?.push(cell);
      cell = "";
      if (sign === "\n") rows.push([]);
    } else cell += sign;
  }
  if (cell !== "" || (rows.at(-1)?.length ?? 0) > 0) rows.at(-1)?.push(cell);
  return rows.filter((row, at) => row.length > 0 || at < rows.length - 1);
}

/** Is it a quoted cell, or the text `"A", "B"` of a condition? */
function closes(source: string, at: number): boolean {
  const end = /^"(?:[^"]|"")*"(?=\t|\n|$)/.exec(source.slice(at));
  return end !== null && !/^"[^"\t\n]*"$/.test(end[0]);
}

export function paste(
  table: Definition,
  { row, col }: Spot,
  cells: string[][],
  into?: Range,
): Definition {
  const only = cells.length === 1 && cells[0]?.length === 1 ? cells[0][0] : undefined;
  if (only !== undefined && into) return fill(table, into, () => only);
  const missing = row + cells.length - table.rules.length;
  const grown = missing > 0 ? insertRows(table, table.rules.length, missing) : table;
  return withCells(
    grown,
    cells.flatMap((line, down) =>
      line.map((text, right) => ({ row: row + down, col: col + right, text: text.trim() })),
    ),
  );
}

export function fill(
  table: Definition,
  { top, bottom, left, right }: Range,
  text: (row: number, col: number) => string,
): Definition {
  const cells = [];
  for (let row = top; row <= bottom; row += 1)
    for (let col = left; col <= right; col += 1) cells.push({ row, col, text: text(row, col) });
  return withCells(table, cells);
}

export function fillDown(table: Definition, range: Range): Definition {
  const from = range.top === range.bottom ? range.top - 1 : range.top;
  const columns = gridColumns(table);
  const source = table.rules[from];
  if (!source) return table;
  return fill(table, range, (_, col) => {
    const column = columns[col];
    return column ? cellOf(source, column) : "";
  });
}

export function isBlank(rule: Rule | undefined): boolean {
  if (!rule) return true;
  return [...Object.values(rule.when), ...Object.values(rule.then), rule.note ?? ""].every(
    (text) => text.trim() === "",
  );
}

/** A new row where a gap is, before the row that comes after it. */
export function withGap(table: Definition, gap: Gap): Definition {
  const made = insertRows(table, table.rules.length);
  const last = made.rules.at(-1);
  if (!last) return table;
  return { ...made, rules: [...made.rules.slice(0, -1), { ...last, when: { ...gap.when } }] };
}

/** "row:col" → what is wrong there. */
export function problemsByCell(table: Definition, problems: Problem[]): Map<string, Problem> {
  const columns = gridColumns(table);
  const found = new Map<string, Problem>();
  for (const problem of problems) {
    const told = /^\/rules\/(\d+)\/(when|then)\/(.+)$/.exec(problem.path);
    if (!told) continue;
    const side = told[2] === "when" ? "inputs" : "outputs";
    const col = columns.findIndex((each) => each.side === side && each.column?.name === told[3]);
    if (col >= 0) found.set(`${told[1]}:${col}`, problem);
  }
  return found;
}

// --- a row in words -------------------------------------------------------------------------------

export interface Words {
  always: string;
  when: string;
  and: string;
  gives: string;
  is: string;
  nothing: string;
}

export function sentence(
  table: Definition,
  rule: Rule,
  name: (column: Column) => string,
  w: Words,
): string {
  const conditions = table.inputs
    .map((column) => ({ column, text: (rule.when[column.name] ?? "").trim() }))
    .filter(({ text }) => text !== "" && text !== "-")
    .map(
      ({ column, text }) => `${name(column)} ${/^([<>=!≥≤≠]|not\b)/.test(text) ? "" : w.is}${text}`,
    );
  const results = table.outputs
    .map((column) => ({ column, text: (rule.then[column.name] ?? "").trim() }))
    .filter(({ text }) => text !== "")
    .map(({ column, text }) => `${name(column)} = ${text.replace(/^=\s*/, "")}`);
  const head = conditions.length ? `${w.when}${conditions.join(w.and)}` : w.always;
  return `${head}${w.gives}${results.join(", ") || w.nothing}`;
}

// --- a table as it stands in a spreadsheet --------------------------------------------------------

const MONEY = /\b(amount|price|total|fee|cost|paid)\b|金额|价格|总价|费用/i;
const NUMERIC = /^[\s<>=!≥≤≠.,\d()[\]¥￥-]*\d[\s<>=!≥≤≠.,\d()[\]¥￥-]*$/;
const ANY = /^(-|any|任意|\*)?$/i;

/** The first line names the columns, the last column is the result. Null: that is no table. */
export function fromSheet(text: string, language: "zh" | "en"): Omit<Definition, "title"> | null {
  const [head = [], ...lines] = fromTsv(text.replace(/\n+$/, ""));
  const titles = head.map((title) => title.trim());
  const right = titles.length > 1 && titles.every((title) => title !== "") && lines.length > 0;
  if (!right) return null;
  const names = new Set<string>();
  const columns = titles.map((title, at): Column => {
    const cells = lines.map((line) => (line[at] ?? "").trim());
    const name = columnName(title, at, names);
    names.add(name);
    return { name, kind: kindOf(title, cells), title: { [language]: title } };
  });
  const outputs = columns.slice(-1);
  const inputs = columns.slice(0, -1);
  const cell = (line: readonly string[], column: Column, asks: boolean) => {
    const said = (line[columns.indexOf(column)] ?? "").trim();
    if (asks && ANY.test(said)) return [];
    return [[column.name, asks && column.kind === "text" ? inQuotes(said) : said] as const];
  };
  const rules = lines.map((line, at) => ({
    id: `r${at + 1}`,
    when: Object.fromEntries(inputs.flatMap((column) => cell(line, column, true))),
    // biome-ignore lint/suspicious/noThenProperty: what the API calls it; nobody waits for a row
    then: Object.fromEntries(outputs.flatMap((column) => cell(line, column, false))),
  }));
  return { policy: "first", inputs, outputs, rules };
}

function kindOf(title: string, cells: readonly string[]): Column["kind"] {
  const said = cells.filter((text) => !ANY.test(text));
  if (said.length === 0 || !said.every((text) => NUMERIC.test(text))) return "text";
  return MONEY.test(title) ? "money" : "number";
}

/** Words as people write them, as the texts of a condition: `Tmall, JD` is `"Tmall", "JD"`. */
function inQuotes(text: string): string {
  if (/^(not\b|["=!<>])/.test(text)) return text;
  return text
    .split(/\s*[,，、]\s*/)
    .map((word) => `"${word.replaceAll('"', '\\"')}"`)
    .join(", ");
}

const LATIN: readonly [RegExp, string][] = [
  [/渠道|平台/, "channel"],
  [/类目|品类|分类/, "category"],
  [/金额|总价/, "amount"],
  [/数量|件数/, "quantity"],
  [/重量/, "weight"],
  [/地区|省份|区域/, "region"],
  [/去向|路由|分支/, "route"],
  [/结果/, "result"],
];

function columnName(title: string, at: number, taken: ReadonlySet<string>): string {
  const latin = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[_\d]+|_+$/g, "");
  const base = latin || (LATIN.find(([words]) => words.test(title))?.[1] ?? `column_${at + 1}`);
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base}_${number}`;
  return name;
}
