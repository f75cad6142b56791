// Between the fields people draw and the JSON JsonSchema that is stored. What we do not know how to draw is kept as it was.

import type { JsonSchema } from "../../schema";
import { kindOf } from "../../ui/form/kinds";
import type { Text } from "../document";

export type FieldKind =
  | "text"
  | "long"
  | "number"
  | "money"
  | "choice"
  | "date"
  | "datetime"
  | "boolean"
  | "other";

export const KINDS: FieldKind[] = [
  "text",
  "long",
  "number",
  "money",
  "choice",
  "date",
  "datetime",
  "boolean",
];

export interface FormField {
  name: string;
  title: Text;
  kind: FieldKind;
  required: boolean;
  choices: string[];
  /** Instances can be found by it. */
  search?: boolean;
  original: JsonSchema;
}

export function fieldsFrom(schema: JsonSchema): FormField[] {
  const properties = schema.properties ?? {};
  const names = Object.keys(properties);
  const order = (schema["x-order"] ?? []).filter((name) => names.includes(name));
  return [...order, ...names.filter((name) => !order.includes(name))].map((name) => {
    const original = properties[name] ?? {};
    return {
      name,
      title: original["x-title"] ?? (original.title === undefined ? {} : { zh: original.title }),
      kind: kindFrom(original),
      required: schema.required?.includes(name) ?? false,
      choices: (original.enum ?? []).map(String),
      ...(original["x-search"] ? { search: true } : {}),
      original,
    };
  });
}

function kindFrom(schema: JsonSchema): FieldKind {
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (schema.format === "money") return "money";
  if (schema.enum !== undefined) return "choice";
  if (type === "boolean") return "boolean";
  if (type === "number" || type === "integer") return "number";
  if (type !== "string") return "other";
  if (schema.format === "date") return "date";
  if (schema.format === "date-time") return "datetime";
  return kindOf(schema) === "long" ? "long" : "text";
}

export function schemaFrom(fields: readonly FormField[], before: JsonSchema): JsonSchema {
  const required = fields.filter((field) => field.required).map((field) => field.name);
  const { required: _required, properties: _properties, "x-order": _order, ...rest } = before;
  return {
    ...rest,
    type: "object",
    properties: Object.fromEntries(fields.map((field) => [field.name, searched(field)])),
    ...(required.length === 0 ? {} : { required }),
    "x-order": fields.map((field) => field.name),
  };
}

function searched(field: FormField): JsonSchema {
  const { "x-search": _, ...schema } = propertyFrom(field);
  return field.search ? { ...schema, "x-search": true } : schema;
}

function propertyFrom(field: FormField): JsonSchema {
  const { kind, original, choices, title } = field;
  const same = kindFrom(original) === kind && kind !== "choice";
  if (same || kind === "other") return { ...original, "x-title": title };
  const help = original["x-help"] === undefined ? {} : { "x-help": original["x-help"] };
  const titles = original["x-enum-titles"];
  const shapes: Record<Exclude<FieldKind, "other">, JsonSchema> = {
    text: { type: "string", maxLength: 100 },
    long: { type: "string", maxLength: 2000 },
    number: { type: "number" },
    money: { type: "number", format: "money", minimum: 0 },
    choice: {
      type: "string",
      enum: choices,
      ...(titles === undefined ? {} : { "x-enum-titles": titles }),
    },
    date: { type: "string", format: "date" },
    datetime: { type: "string", format: "date-time" },
    boolean: { type: "boolean" },
  };
  return { "x-title": title, ...help, ...shapes[kind] };
}
