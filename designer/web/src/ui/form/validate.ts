// What is wrong with a form's value, before the server says it: one problem a field, by JSON pointer.
// Uses @cfworker/json-schema, which compiles nothing (our pages forbid `eval`).

import { Validator } from "@cfworker/json-schema";
import type { JsonSchema } from "./schema";

export interface FormProblem {
  path: string;
  code: string;
  params?: Record<string, unknown>;
  message?: string;
}

const GROUPS = new Set([
  "properties",
  "items",
  "additionalItems",
  "allOf",
  "$ref",
  "if",
  "then",
  "else",
]);
const MISSING = /required property "([^"]+)"/;

export function validateForm(schema: JsonSchema, value: unknown): FormProblem[] {
  const { valid, errors } = new Validator(schema as object, "2020-12", false).validate(value);
  if (valid) return [];
  const found = new Map<string, FormProblem>();
  for (const { keyword, instanceLocation, keywordLocation, error } of errors) {
    if (GROUPS.has(keyword)) continue;
    const path = pathOf(keyword, instanceLocation, error);
    const limit = at(schema, keywordLocation);
    if (!found.has(path)) {
      found.set(path, {
        path,
        code: `form_${keyword}`,
        params: { limit: shown(limit) },
        message: error,
      });
    }
  }
  for (const problem of money(schema, value, "")) {
    if (!found.has(problem.path)) found.set(problem.path, problem);
  }
  return [...found.values()];
}

/** What the `required` fields of a value need before it may be sent; empty text counts as missing. */
export function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== "object" || value === null) return value;
  const filled = Object.entries(value).filter(([, item]) => item !== undefined && item !== "");
  return Object.fromEntries(filled.map(([name, item]) => [name, withoutEmpty(item)]));
}

function pathOf(keyword: string, instanceLocation: string, error: string): string {
  const place = instanceLocation.replace(/^#/, "");
  const missing = keyword === "required" ? MISSING.exec(error)?.[1] : undefined;
  return missing === undefined ? place : `${place}/${pointerPart(missing)}`;
}

/** Amounts are decimal text, so that no cent is lost; the format is ours and unknown to the validator. */
function* money(schema: JsonSchema, value: unknown, path: string): Generator<FormProblem> {
  if (
    schema.format === "money" &&
    typeof value === "string" &&
    !/^-?\d+(\.\d{1,4})?$/.test(value)
  ) {
    yield { path, code: "form_money" };
  }
  if (typeof value !== "object" || value === null) return;
  for (const [name, item] of Object.entries(value)) {
    const part = Array.isArray(value) ? schema.items : schema.properties?.[name];
    if (part) yield* money(part, item, `${path}/${pointerPart(name)}`);
  }
}

export function pointerPart(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function at(schema: unknown, location: string): unknown {
  const parts = location.replace(/^#\/?/, "").split("/");
  return parts.reduce<unknown>((here, part) => {
    if (typeof here !== "object" || here === null) return undefined;
    return (here as Record<string, unknown>)[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  }, schema);
}

function shown(limit: unknown): unknown {
  return Array.isArray(limit) ? limit.join(", ") : limit;
}
