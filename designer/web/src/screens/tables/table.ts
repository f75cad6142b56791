// Tables and their records as the server tells them, and how a value is shown and typed.

import type { Text } from "../../api/types";
import { type Language, pick } from "../../ui/text";
import { exactDate, exactTime } from "../../ui/time";
import type { BoardContent } from "./board";

export const KINDS = [
  "text",
  "long_text",
  "integer",
  "decimal",
  "money",
  "enum",
  "yes_no",
  "date",
  "date_time",
  "reference",
  "list",
  "phone",
  "file",
  "json",
] as const;
export type Kind = (typeof KINDS)[number];

export const COLORS = ["grey", "blue", "green", "orange", "red", "purple"] as const;
export const MASKS = ["phone", "id_card", "bank_card", "name", "email", "address", "all"] as const;

export interface Option {
  value: string;
  title?: Text;
  color?: string;
}

export interface Field {
  name: string;
  kind: Kind;
  title?: Text;
  help?: Text;
  required?: boolean;
  default?: unknown;
  unique?: boolean;
  index?: boolean;
  search?: boolean;
  min?: number | string | null;
  max?: number | string | null;
  max_length?: number | null;
  decimals?: number;
  currency?: string;
  options?: Option[];
  table?: string;
  mask?: string;
  unmask?: string[];
  hidden?: boolean;
}

export interface Definition {
  title: Text;
  description?: Text;
  fields: Field[];
  key_field?: string | null;
  display?: string | null;
  unique?: string[][];
  extra?: "keep" | "refuse";
  access?: { read?: string[]; write?: string[]; administer?: string[] };
}

export interface TableBrief {
  key: string;
  title: Text;
  description: Text;
  drawn: boolean;
  version: number;
  fields: number;
  records: number;
  more: boolean;
  refilling: boolean;
  rights: { read: boolean; write: boolean; administer: boolean };
  updated_at: string;
}

export interface TableDetail extends TableBrief {
  definition: Definition;
  filterable: string[];
  flows: string[];
}

export interface Row {
  id: number;
  key: string;
  title: string;
  rev: number;
  value: Record<string, unknown>;
  references: Record<string, string>;
  instance_id: string | null;
  created_at: string;
  updated_at: string;
}

export interface Condition {
  field: string;
  op: string;
  value?: unknown;
}

export interface ViewContent {
  filter?: Condition[];
  columns?: string[];
  sort?: string;
  search?: string;
  board?: BoardContent;
}

export interface View {
  id: string;
  title: string;
  shared: boolean;
  mine: boolean;
  may_change: boolean;
  content: ViewContent;
}

const NUMBERS: ReadonlySet<Kind> = new Set(["integer", "decimal", "money"]);
const BY_NUMBER: ReadonlySet<Kind> = new Set([...NUMBERS, "yes_no", "date", "date_time"]);
const BY_TEXT: ReadonlySet<Kind> = new Set(["text", "enum", "reference", "phone"]);

export const isNumber = (kind: Kind) => NUMBERS.has(kind);
export const isIndexable = (kind: Kind) => BY_NUMBER.has(kind) || BY_TEXT.has(kind);

/** Ways to compare a field of this kind; the server knows the same. */
export function opsOf(kind: Kind): string[] {
  if (kind === "yes_no") return ["=", "empty", "filled"];
  if (kind === "enum") return ["in", "!=", "empty", "filled"];
  if (BY_TEXT.has(kind)) return ["=", "^=", "!=", "empty", "filled"];
  return ["=", ">=", "<=", ">", "<", "!=", "empty", "filled"];
}

/** What a list shows: the fields drawn, or, where nobody has drawn any, those that most records have. */
export function shownFields(definition: Definition, rows: Row[]): Field[] {
  const drawn = definition.fields.filter((field) => !field.hidden);
  if (drawn.length > 0) return drawn;
  const counts = new Map<string, number>();
  for (const { value } of rows) {
    for (const [name, item] of Object.entries(value)) {
      if (typeof item !== "object" || item === null) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return [...counts]
    .sort((one, other) => other[1] - one[1])
    .slice(0, 6)
    .map(([name]) => ({ name, kind: "text" as const }));
}

export function titleOf(field: Field, language: Language): string {
  return pick(field.title, language) || field.name;
}

/** A value in one line, for people. */
export function shownValue(field: Field, row: Row, language: Language): string {
  const value = row.value[field.name];
  if (value === null || value === undefined || value === "") return "";
  const locale = language === "zh" ? "zh-CN" : "en-GB";
  switch (field.kind) {
    case "enum": {
      const option = field.options?.find((one) => one.value === value);
      return option ? pick(option.title, language) || option.value : String(value);
    }
    case "money":
    case "decimal":
    case "integer": {
      if (typeof value !== "number") return String(value);
      const digits = field.kind === "money" ? (field.decimals ?? 2) : undefined;
      return value.toLocaleString(locale, {
        maximumFractionDigits: 6,
        ...(digits === undefined ? {} : { minimumFractionDigits: digits }),
      });
    }
    case "yes_no":
      return value ? "✓" : "✗";
    case "date":
      return exactDate(String(value), language);
    case "date_time":
      return exactTime(String(value), language);
    case "reference":
      return row.references[field.name] ?? String(value);
    case "list":
      return Array.isArray(value) ? value.join("、") : String(value);
    case "file":
      return String((value as { name?: string; id?: string }).name ?? "");
    default:
      return typeof value === "string" ? value : JSON.stringify(value);
  }
}

/** A value as it is typed. */
export function typedValue(field: Field, value: unknown): string {
  if (value === null || value === undefined) return "";
  if (field.kind === "list" && Array.isArray(value)) return value.join("; ");
  if (field.kind === "date_time" && typeof value === "string") return localMinute(value);
  if (field.kind === "file") return String((value as { id?: string }).id ?? "");
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What was typed as the server takes it: nothing is null, a minute of here is a moment. */
export function fromTyped(field: Field, text: string): unknown {
  if (text.trim() === "") return null;
  if (field.kind === "yes_no") return text === "true";
  if (field.kind === "date_time") {
    const at = new Date(text);
    return Number.isNaN(at.getTime()) ? text : at.toISOString();
  }
  return text;
}

function localMinute(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const two = (number: number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** A free name for a field, made of its title. */
export function nameFor(title: string, taken: string[]): string {
  const plain = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[^a-z]+|_+$/g, "")
    .slice(0, 40);
  const base = plain || "field";
  let name = base;
  for (let number = 2; taken.includes(name); number++) name = `${base}_${number}`;
  return name;
}

/** Where the list of a choice opens: inside the dialog it stands in, since nothing of the page reaches over one. */
export function popupIn(node: HTMLElement): HTMLElement {
  return node.closest("dialog") ?? document.body;
}
