// The fields of a form that is filled, and what a person does to them: each change answers new ones. Pure.
//
// Only what is changed is written anew; every other text stays as somebody wrote it, letter by letter.

import { type Entry, type Field, type Path, pathText, readEntry, textOf } from "./entry";
import type { Step } from "./steps";
import type { Target } from "./targets";

export type Fields = readonly Field[];

/** What stands at a place: nothing, an entry, or the entry above it that fills it as a whole. */
export interface Found {
  text: string | undefined;
  entry: Entry | undefined;
  /** The nearest place above that is filled with something else than single fields. */
  covered?: readonly string[];
  /** Inside `each(…)`: the list that is gone through. */
  list: string | null;
}

export function at(fields: Fields, path: readonly string[]): Found {
  let inside: Fields = fields;
  let list: string | null = null;
  for (const [depth, name] of path.entries()) {
    const text = inside.find((field) => field.name === name)?.text;
    if (text === undefined || text.trim() === "")
      return { text: undefined, entry: undefined, list };
    const entry = readEntry(text);
    if (depth === path.length - 1) return { text, entry, list };
    if (entry.kind !== "record" && entry.kind !== "each") {
      return { text: undefined, entry: undefined, covered: path.slice(0, depth + 1), list };
    }
    if (entry.kind === "each") list = pathText(entry.from);
    inside = entry.fields;
  }
  return { text: undefined, entry: undefined, list };
}

/** For a place inside the items of a list: what to go through where nothing is gone through yet. */
export interface Each {
  from: Path;
  steps: Step[];
}

/** With this text at a place, or (undefined) with nothing there; what is left without fields goes too. */
export function put(
  fields: Fields,
  path: readonly string[],
  text: string | undefined,
  each: { at: number; list: Each } | null = null,
): Fields {
  const [name, ...rest] = path;
  if (name === undefined) return fields;
  const before = fields.find((field) => field.name === name);
  const next = rest.length === 0 ? text : inner(before, rest, text, each, path.length);
  if (next === undefined) {
    return before === undefined ? fields : fields.filter((field) => field.name !== name);
  }
  if (before === undefined) return [...fields, { name, text: next }];
  if (before.text === next) return fields;
  return fields.map((field) => (field === before ? { name, text: next } : field));
}

function inner(
  before: Field | undefined,
  rest: readonly string[],
  text: string | undefined,
  each: { at: number; list: Each } | null,
  length: number,
): string | undefined {
  const entry =
    before === undefined || before.text.trim() === "" ? undefined : readEntry(before.text);
  if (entry !== undefined && entry.kind !== "record" && entry.kind !== "each") {
    return before?.text; // filled as a whole: its fields are not ours to change
  }
  const fields = put(entry?.fields ?? [], rest, text, each);
  if (fields.length === 0) return undefined;
  if (entry !== undefined && fields === entry.fields) return before?.text;
  if (entry?.kind === "each") return textOf({ ...entry, fields: [...fields] });
  if (entry === undefined && each !== null && each.at === length) {
    return textOf({ kind: "each", ...each.list, fields: [...fields] });
  }
  return textOf({ kind: "record", fields: [...fields] });
}

// --- counting --------------------------------------------------------------------------------------

export interface Counted {
  all: number;
  filled: number;
  /** Required ones that nothing fills. */
  missing: Target[];
}

/** Fields that hold values themselves; one that is filled as a whole counts as one. */
export function counted(fields: Fields, targets: readonly Target[]): Counted {
  const sum: Counted = { all: 0, filled: 0, missing: [] };
  const count = (target: Target, needed: boolean) => {
    const { entry } = at(fields, target.path);
    const open = entry?.kind === "record" || entry?.kind === "each";
    if (target.children.length > 0 && (entry === undefined || open)) {
      if (entry === undefined && target.required && needed) sum.missing.push(target);
      if (entry === undefined && !target.required) {
        sum.all += 1;
        return;
      }
      const inside = needed && entry !== undefined;
      for (const child of target.children) count(child, inside);
      return;
    }
    sum.all += 1;
    if (entry !== undefined) sum.filled += 1;
    else if (target.required && needed) sum.missing.push(target);
  };
  for (const target of targets) count(target, true);
  return sum;
}

// --- where it is kept --------------------------------------------------------------------------------

/** The fields that nothing goes into yet, and what stands above them. */
export function onlyOpen(targets: readonly Target[], fields: Fields): Target[] {
  return targets.flatMap((target) => {
    const { entry, covered } = at(fields, target.path);
    const children = onlyOpen(target.children, fields);
    const whole = entry !== undefined && entry.kind !== "record" && entry.kind !== "each";
    if (covered !== undefined || whole) return [];
    if (entry === undefined) return [target];
    return children.length > 0 ? [{ ...target, children }] : [];
  });
}

export interface Row {
  name: string;
  value: string;
}

/** Rows of a setting; what is no name and value is left out here and kept by `rowsFrom`. */
export function fieldsOfRows(rows: unknown): Field[] {
  if (!Array.isArray(rows)) return [];
  return rows.filter(isRow).map(({ name, value }) => ({ name, text: value }));
}

export function rowsFrom(before: unknown, fields: Fields, order: readonly string[] = []): Row[] {
  const rows: unknown[] = Array.isArray(before) ? before : [];
  const left = [...fields];
  const kept = rows.flatMap((row): unknown[] => {
    if (!isRow(row)) return [row];
    const index = left.findIndex(({ name }) => name === row.name);
    if (index < 0) return [];
    const [field] = left.splice(index, 1);
    return [field === undefined || field.text === row.value ? row : { ...row, value: field.text }];
  });
  const all = [...kept, ...left.map(({ name, text }) => ({ name, value: text }))] as Row[];
  if (order.length === 0) return all;
  const place = (row: Row) => {
    const index = order.indexOf(row.name);
    return index < 0 ? order.length : index;
  };
  return all.sort((one, other) => place(one) - place(other));
}

function isRow(row: unknown): row is Row {
  return (
    typeof row === "object" &&
    row !== null &&
    typeof (row as Row).name === "string" &&
    typeof (row as Row).value === "string"
  );
}
