// The kinds of fields one can draw: what each is in JSON Schema, and which kind a schema is.

import type { JsonSchema } from "../../schema";
import { optionsOf, typeOf } from "../../ui/form/kinds";

export const FORM_KINDS = [
  "text",
  "long",
  "number",
  "amount",
  "choice",
  "choices",
  "yes_no",
  "date",
  "time",
  "person",
  "department",
  "phone",
  "id_card",
  "email",
  "attachments",
  "lines",
  "computed",
] as const;

export type FormKind = (typeof FORM_KINDS)[number];

/** What can stand in a row of line items. */
export const COLUMN_KINDS: FormKind[] = [
  "text",
  "number",
  "amount",
  "choice",
  "date",
  "person",
  "computed",
];

const MONEY: JsonSchema = { type: "string", format: "money", "x-currency": "CNY" };

const SHAPES: Record<FormKind, JsonSchema> = {
  text: { type: "string", maxLength: 100 },
  long: { type: "string", maxLength: 2000, "x-widget": "textarea" },
  number: { type: "number" },
  amount: MONEY,
  choice: { type: "string", enum: ["a", "b"], "x-enum-titles": {} },
  choices: { type: "array", items: { type: "string", enum: ["a", "b"] }, uniqueItems: true },
  yes_no: { type: "boolean" },
  date: { type: "string", format: "date" },
  time: { type: "string", format: "date-time" },
  person: { type: "string", "x-widget": "person", maxLength: 80 },
  department: { type: "string", "x-widget": "department", maxLength: 80 },
  phone: { type: "string", pattern: "^[0-9+() -]{5,20}$", "x-widget": "phone" },
  id_card: { type: "string", pattern: "^[0-9]{17}[0-9Xx]$", "x-mask": "id_card" },
  email: { type: "string", format: "email" },
  attachments: {
    type: "array",
    items: { type: "object" },
    maxItems: 5,
    "x-widget": "attachments",
  },
  lines: {
    type: "array",
    maxItems: 50,
    "x-widget": "lines",
    items: { type: "object", properties: {} },
  },
  computed: { ...MONEY, "x-compute": "0" },
};

export function shapeOf(kind: FormKind): JsonSchema {
  return structuredClone(SHAPES[kind]);
}

/** `other`: a structure that is kept as it is. */
export function formKindOf(schema: JsonSchema): FormKind | "other" {
  const widget = schema["x-widget"];
  const type = typeOf(schema);
  if (schema["x-compute"] !== undefined) return "computed";
  if (widget === "attachments" || widget === "person" || widget === "department") return widget;
  if (widget === "phone") return "phone";
  if (type === "array" && schema.items?.properties) return "lines";
  if (schema.format === "money") return "amount";
  if (schema["x-options"] || optionsOf(schema, () => "").length > 0) return "choice";
  if (type === "array" && schema.items && optionsOf(schema.items, () => "").length > 0)
    return "choices";
  if (type === "boolean") return "yes_no";
  if (type === "number" || type === "integer") return "number";
  if (type !== "string") return "other";
  if (schema["x-mask"] === "id_card") return "id_card";
  if (schema.format === "date") return "date";
  if (schema.format === "date-time") return "time";
  if (schema.format === "email") return "email";
  return widget === "textarea" || (schema.maxLength ?? 0) > 200 ? "long" : "text";
}

/** The field as another kind: what is said about every field stays. */
export function asKind(schema: JsonSchema, kind: FormKind): JsonSchema {
  const kept = ["x-title", "x-help", "x-when", "x-wide", "title", "description"] as const;
  const same = kept.filter((word) => schema[word] !== undefined);
  return { ...shapeOf(kind), ...Object.fromEntries(same.map((word) => [word, schema[word]])) };
}
