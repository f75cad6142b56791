// What is wrong with a form's value, before the server says it: one problem a field, by JSON pointer, with the same
// codes and formats as the server (engine/flow/forms.py). @cfworker/json-schema compiles nothing: our pages forbid `eval`.

import { Validator } from "@cfworker/json-schema";
import type { JsonSchema } from "../../schema";

export interface FormProblem {
  path: string;
  code: string;
  params?: Record<string, unknown>;
  message?: string;
}

export function validateForm(schema: JsonSchema, value: unknown): FormProblem[] {
  const { errors } = new Validator(schema as object, "2020-12", false).validate(value);
  const found = new Map<string, FormProblem>();
  for (const { keyword, instanceLocation, keywordLocation, error } of errors) {
    const rule = RULES[keyword];
    if (rule === undefined) continue; // a group such as `properties`, whose own members are told
    const [code, limitName] = rule;
    const path = pathOf(keyword, instanceLocation, error);
    const params = { [limitName]: shown(at(schema, keywordLocation)) };
    if (!found.has(path)) found.set(path, { path, code, params, message: error });
  }
  for (const problem of ownRules(schema, value, "")) {
    if (!found.has(problem.path)) found.set(problem.path, problem);
  }
  return [...found.values()];
}

/** A form's value as it is sent: a field left empty is not sent, so that `required` means filled in. */
export function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== "object" || value === null) return value;
  const filled = Object.entries(value).filter(([, item]) => item !== undefined && item !== "");
  return Object.fromEntries(filled.map(([name, item]) => [name, withoutEmpty(item)]));
}

/** The problems that a change has not touched: what one corrects is no longer called wrong. */
export function remaining(problems: FormProblem[], before: unknown, after: unknown): FormProblem[] {
  return problems.filter(({ path }) => valueAt(before, path) === valueAt(after, path));
}

function valueAt(value: unknown, path: string): unknown {
  const names = path.split("/").slice(1);
  return names.reduce<unknown>((here, name) => {
    if (typeof here !== "object" || here === null) return undefined;
    return (here as Record<string, unknown>)[name.replaceAll("~1", "/").replaceAll("~0", "~")];
  }, value);
}

export function pointerPart(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

const RULES: Record<string, [code: string, limitName: string]> = {
  required: ["required", "name"],
  type: ["type", "expected"],
  enum: ["enum", "choices"],
  const: ["const", "expected"],
  oneOf: ["enum", "choices"],
  anyOf: ["enum", "choices"],
  minimum: ["minimum", "limit"],
  maximum: ["maximum", "limit"],
  exclusiveMinimum: ["exclusive_minimum", "limit"],
  exclusiveMaximum: ["exclusive_maximum", "limit"],
  multipleOf: ["multiple_of", "limit"],
  minLength: ["min_length", "limit"],
  maxLength: ["max_length", "limit"],
  minItems: ["min_items", "limit"],
  maxItems: ["max_items", "limit"],
  uniqueItems: ["unique_items", "limit"],
  pattern: ["pattern", "pattern"],
};

const FORMATS: Record<string, (text: string) => boolean> = {
  money: (text) => /^-?\d{1,15}(\.\d{1,4})?$/.test(text),
  date: isDate,
  "date-time": (text) =>
    /^.{10}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})$/.test(text) &&
    isDate(text.slice(0, 10)) &&
    !Number.isNaN(Date.parse(text)),
  time: (text) => /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/.test(text),
  email: (text) => text.length <= 254 && /^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/.test(text),
  uri: (text) => /^https?:\/\/[^\s/?#]+\S*$/i.test(text),
  duration: (text) => /^P(?=.)(\d+W|(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?)$/.test(text),
};

/** A day that there is: `Date.parse` alone takes February 30 for March 2. */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

/** What the validator does not tell as the server does: formats, and each name nobody asked for. */
function* ownRules(schema: JsonSchema, value: unknown, path: string): Generator<FormProblem> {
  const { format } = schema;
  if (format && typeof value === "string" && FORMATS[format]?.(value) === false) {
    yield { path, code: "format", params: { format } };
  }
  if (typeof value !== "object" || value === null) return;
  for (const [name, item] of Object.entries(value)) {
    const part = Array.isArray(value) ? schema.items : schema.properties?.[name];
    const place = `${path}/${pointerPart(name)}`;
    if (part) yield* ownRules(part, item, place);
    else if (!Array.isArray(value) && schema.additionalProperties === false) {
      yield { path: place, code: "unknown_property", params: { name } };
    }
  }
}

const MISSING = /required property "([^"]+)"/;

function pathOf(keyword: string, instanceLocation: string, error: string): string {
  const place = decodeURI(instanceLocation.replace(/^#/, ""));
  const missing = keyword === "required" ? MISSING.exec(error)?.[1] : undefined;
  return missing === undefined ? place : `${place}/${pointerPart(missing)}`;
}

function at(schema: unknown, location: string): unknown {
  const parts = location.replace(/^#\/?/, "").split("/");
  return parts.reduce<unknown>((here, part) => {
    if (typeof here !== "object" || here === null) return undefined;
    return (here as Record<string, unknown>)[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  }, schema);
}

function shown(limit: unknown): unknown {
  if (!Array.isArray(limit)) return limit;
  return limit.filter((item) => typeof item !== "object").join(", ");
}
