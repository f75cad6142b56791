// Which control a schema asks for, and what it is called.

import type { JsonSchema } from "../../schema";
import { pick, type Text } from "../text";
import type { FormProblem } from "./validate";

export type JsonObject = Record<string, unknown>;
export type Kind =
  | "text"
  | "long"
  | "secret"
  | "number"
  | "money"
  | "date"
  | "date-time"
  | "boolean"
  | "choice"
  | "choices"
  | "list"
  | "object"
  | "json"
  | "bilingual"
  | "attachments"
  | "person"
  | "department"
  | "lines"
  | "duration";

export interface FieldProps {
  name: string;
  schema: JsonSchema;
  required: boolean;
  value: unknown;
  onChange: (value: unknown) => void;
  problems: FormProblem[];
  disabled: boolean;
  path: string;
}

export interface Option {
  value: unknown;
  title: string;
}

const LONG_FROM = 201; // characters; beyond, one line hides too much of what is typed
const PICK: (text: Text) => string = (text) => text.zh ?? text.en ?? "";

export function kindOf(schema: JsonSchema): Kind {
  const widget = schema["x-widget"];
  if (widget === "bilingual" || widget === "attachments") return widget;
  if (widget === "person" || widget === "department" || widget === "lines") return widget;
  if (widget === "duration") return widget;
  if (optionsOf(schema, PICK).length > 0) return "choice";
  switch (typeOf(schema)) {
    case "boolean":
      return "boolean";
    case "integer":
    case "number":
      return schema.format === "money" ? "money" : "number";
    case "array":
      return listKind(schema);
    case "object":
      return schema.properties ? "object" : "json";
    case "string":
      return textKind(schema);
    default:
      return schema.format === "money" ? "money" : "json";
  }
}

function listKind(schema: JsonSchema): Kind {
  if (!schema.items) return "json";
  return optionsOf(schema.items, PICK).length > 0 ? "choices" : "list";
}

function textKind(schema: JsonSchema): Kind {
  if (schema.format === "money") return "money";
  if (schema.format === "date" || schema.format === "date-time") return schema.format;
  if (schema.format === "password") return "secret";
  const long =
    schema["x-widget"] === "textarea" || (!schema.format && (schema.maxLength ?? 0) >= LONG_FROM);
  return long ? "long" : "text";
}

/** The first real type: `["string", "null"]` is a text that may be missing. */
export function typeOf(schema: JsonSchema): string | undefined {
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return types.find((type) => type !== "null") ?? (schema.properties ? "object" : undefined);
}

export function optionsOf(schema: JsonSchema, text: (value: Text) => string): Option[] {
  if (schema.enum) {
    return schema.enum.map((value) => {
      const title = schema["x-enum-titles"]?.[String(value)];
      return { value, title: title ? text(title) : String(value) };
    });
  }
  const named = schema.oneOf ?? schema.anyOf;
  if (!named?.length || named.some((option) => option.const === undefined)) return [];
  return named.map((option) => ({
    value: option.const,
    title: option["x-title"] ? text(option["x-title"]) : (option.title ?? String(option.const)),
  }));
}

export function titleOf(name: string, schema: JsonSchema, text: (value: Text) => string): string {
  if (schema["x-title"]) return text(schema["x-title"]) || name;
  return schema.title ?? name;
}

export function helpOf(schema: JsonSchema, text: (value: Text) => string): string {
  return schema["x-help"] ? text(schema["x-help"]) : (schema.description ?? "");
}

/** In the order the schema asks for; what it does not name follows. */
export function orderedNames(schema: JsonSchema): string[] {
  const names = Object.keys(schema.properties ?? {});
  const order = schema["x-order"] ?? [];
  return [
    ...order.filter((name) => names.includes(name)),
    ...names.filter((name) => !order.includes(name)),
  ];
}

/** The title of one value in the reader's language, for showing a filled form. */
export function optionTitle(
  schema: JsonSchema | undefined,
  value: unknown,
  language: "zh" | "en",
): string | undefined {
  if (!schema) return undefined;
  const options = optionsOf(schema, (text) => pick(text, language));
  return options.find((option) => option.value === value)?.title;
}

/** The names that are asked now: those whose `x-when` holds. */
export function askedNames(schema: JsonSchema, value: JsonObject): string[] {
  return orderedNames(schema).filter((name) => {
    const when = Object.entries(schema.properties?.[name]?.["x-when"] ?? {});
    return when.every(([other, values]) =>
      values.includes(value[other] ?? schema.properties?.[other]?.default),
    );
  });
}

/** The value without what is not asked now, at every level. */
export function askedOnly(schema: JsonSchema, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  if (!schema.properties) return value;
  const properties = schema.properties;
  const asked = new Set(askedNames(schema, value as JsonObject));
  const kept = Object.entries(value).filter(([name]) => asked.has(name) || !(name in properties));
  return Object.fromEntries(
    kept.map(([name, item]) => [name, askedOnly(properties[name] ?? {}, item)]),
  );
}
