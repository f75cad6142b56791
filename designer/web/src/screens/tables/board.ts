// A board: records counted or added up along up to three fields. Pure: what there is to choose, how the numbers of the server
// become rows and columns, and which records a cell stands for.

import { type Language, pick } from "../../ui/text";
import { type Condition, type Field, isNumber, type Row, shownValue, titleOf } from "./table";

export type Per = "value" | "day" | "month" | "age";
export interface Group {
  field: string;
  per?: Per;
}
export interface Sum {
  what: "sum" | "avg" | "min" | "max";
  field: string;
}
/** Rows, columns and parts, in this order; without a sum records are counted. */
export interface BoardContent {
  group_by: Group[];
  sum?: Sum;
}
export interface Totals {
  count: number;
  totals: { it?: number | string | null };
  groups: (Record<string, unknown> & { count: number; it?: number | string | null })[];
  more: boolean;
  capped: boolean;
  refilling: boolean;
}

/** One place on an axis: what the server told, and what people read. */
export interface Place {
  id: string;
  value: unknown;
  label: string;
}

/** Words that depend on nothing but the language. */
export interface Words {
  language: Language;
  none: string;
  age: (from: number, to: number | undefined) => string;
  created: string;
  changed: string;
}

/** Where ages are cut, in days; the server knows the same. */
export const AGES: readonly number[] = [0, 1, 3, 7, 30];
const DAY_MS = 86_400_000;
const EAST_MS = 8 * 3_600_000;

export const ALWAYS = ["created_at", "updated_at"];

/** The field of that name; when it was made and changed last has every record. */
export function fieldNamed(fields: Field[], name: string, words: Words): Field | undefined {
  if (name === "created_at" || name === "updated_at") {
    const title = name === "created_at" ? words.created : words.changed;
    return { name, kind: "date_time", title: { [words.language]: title } };
  }
  return fields.find((one) => one.name === name);
}

/** How a field may be cut. */
export function persOf(field: Field): Per[] {
  if (field.kind === "date_time") return ["day", "month", "age"];
  return field.kind === "date" ? ["value", "month", "age"] : ["value"];
}

export const choiceOf = ({ field, per }: Group) =>
  per && per !== "value" ? `${field}:${per}` : field;

export function groupOf(choice: string): Group {
  const [field = "", per] = choice.split(":");
  return per ? { field, per: per as Per } : { field };
}

/** What a table is first cut by: its first choice field, else the first that can be. */
export function firstBoard(fields: Field[]): BoardContent {
  const choice = fields.find(({ kind }) => kind === "enum") ?? fields.find(isShort);
  return { group_by: [choice ? { field: choice.name } : { field: "created_at", per: "day" }] };
}

const isShort = ({ kind }: Field) => kind === "yes_no" || kind === "reference";

export const summable = (fields: Field[]) => fields.filter((field) => isNumber(field.kind));

/** An address is anybody's: what is no board is none. */
export function readBoard(text: string | null): BoardContent | null {
  if (!text) return null;
  try {
    const found = JSON.parse(text) as Partial<BoardContent> | null;
    const groups = Array.isArray(found?.group_by) ? found.group_by : [];
    const right = groups.filter((one) => typeof one?.field === "string").slice(0, 3);
    if (right.length === 0) return null;
    const sum = found?.sum;
    return { group_by: right, ...(sum && typeof sum.field === "string" ? { sum } : {}) };
  } catch {
    return null;
  }
}

/** What stands along a group: all choices of a choice field and all ages, also those nobody has; else what there is. */
export function places(field: Field, group: Group, totals: Totals, words: Words): Place[] {
  const found = new Map<string, number>();
  const values = new Map<string, unknown>();
  for (const one of totals.groups) {
    const value = one[group.field] ?? null;
    const id = JSON.stringify(value);
    values.set(id, value);
    found.set(id, (found.get(id) ?? 0) + one.count);
  }
  const fixed = fixedOf(field, group);
  const order =
    fixed !== undefined
      ? [...fixed, ...(values.has("null") ? [null] : [])].map((value) => JSON.stringify(value))
      : [...values.keys()];
  for (const id of values.keys()) if (!order.includes(id)) order.push(id);
  if (fixed === undefined) {
    const inTime = field.kind === "date" || field.kind === "date_time";
    order.sort((one, other) =>
      inTime
        ? String(values.get(other) ?? "").localeCompare(String(values.get(one) ?? ""))
        : (found.get(other) ?? 0) - (found.get(one) ?? 0),
    );
  }
  return order.map((id) => {
    const value: unknown = JSON.parse(id);
    return { id, value, label: labelOf(field, group, value, words) };
  });
}

function fixedOf(field: Field, group: Group): unknown[] | undefined {
  if (group.per === "age") return [...AGES];
  if (field.kind === "enum") return (field.options ?? []).map(({ value }) => value);
  return field.kind === "yes_no" ? [true, false] : undefined;
}

function labelOf(field: Field, group: Group, value: unknown, words: Words): string {
  if (value === null || value === undefined || value === "") return words.none;
  if (group.per === "age") return words.age(Number(value), AGES[AGES.indexOf(Number(value)) + 1]);
  if (field.kind === "date_time" || group.per === "month") return String(value);
  if (field.kind === "enum") {
    const option = field.options?.find((one) => one.value === value);
    return option ? pick(option.title, words.language) || option.value : String(value);
  }
  const row = { value: { [field.name]: value }, references: {} } as unknown as Row;
  return shownValue(field, row, words.language);
}

/** The numbers by their places: `numbers.get(ids.join())`. */
export function numbersOf(content: BoardContent, totals: Totals): Map<string, number | null> {
  const made = new Map<string, number | null>();
  for (const one of totals.groups) {
    const ids = content.group_by.map(({ field }) => JSON.stringify(one[field] ?? null));
    made.set(ids.join(), content.sum ? numeric(one.it) : one.count);
  }
  return made;
}

const numeric = (value: unknown) =>
  value === null || value === undefined || value === "" ? null : Number(value);

/** May numbers of cells be added? Means, least and most may not. */
export const addable = ({ sum }: BoardContent) => sum === undefined || sum.what === "sum";

/** Which records a place stands for. */
export function conditionsOf(
  field: Field,
  group: Group,
  value: unknown,
  nowMs: number,
): Condition[] {
  const name = field.name;
  if (value === null || value === undefined || value === "") return [{ field: name, op: "empty" }];
  if (group.per === "age") return agesOf(field, Number(value), nowMs);
  if (group.per === "month" || field.kind === "date_time") {
    const [from, to] = span(String(value));
    return field.kind === "date"
      ? [
          { field: name, op: ">=", value: dayOf(from) },
          { field: name, op: "<", value: dayOf(to) },
        ]
      : [
          { field: name, op: ">=", value: new Date(from).toISOString() },
          { field: name, op: "<", value: new Date(to).toISOString() },
        ];
  }
  if (field.kind === "enum") return [{ field: name, op: "in", value: [value] }];
  return [{ field: name, op: "=", value }];
}

function agesOf(field: Field, from: number, nowMs: number): Condition[] {
  const name = field.name;
  const to = AGES[AGES.indexOf(from) + 1];
  const at = (days: number) => {
    const ms = nowMs - days * DAY_MS;
    return field.kind === "date" ? dayOf(ms) : new Date(ms).toISOString();
  };
  return [
    ...(to === undefined ? [] : [{ field: name, op: ">", value: at(to) }]),
    ...(from === 0 ? [] : [{ field: name, op: "<=", value: at(from) }]),
  ];
}

const dayOf = (ms: number) => new Date(ms + EAST_MS).toISOString().slice(0, 10);

/** `2026-01` or `2026-01-09` in Beijing: from, and before. */
function span(text: string): [number, number] {
  const [year = 0, month = 1, day] = text.split("-").map(Number);
  const from = Date.UTC(year, month - 1, day ?? 1);
  const to = day === undefined ? Date.UTC(year, month, 1) : from + DAY_MS;
  return [from - EAST_MS, to - EAST_MS];
}

export function groupTitle(
  field: Field | undefined,
  group: Group,
  per: string,
  language: Language,
): string {
  const name = field ? titleOf(field, language) : group.field;
  return group.per && group.per !== "value" ? `${name} · ${per}` : name;
}
