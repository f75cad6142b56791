// Fields that are worked out from others (`x-compute`), and totals of line items: live while one types, and again on the
// server, whose result counts (engine/flow/form_formulas.py).

import type { JsonSchema } from "../schema";
import { askedNames, type JsonObject, orderedNames, typeOf } from "../ui/form/kinds";
import { add, amount, exact, isExact, type Number_, parsed, rounded } from "./exact";
import { calculate, type Names, type Value } from "./formula";

export const DECIMALS = 2;

export function isAmount(schema: JsonSchema): boolean {
  return schema.format === "money";
}

export function isNumeric(schema: JsonSchema): boolean {
  const type = typeOf(schema);
  return isAmount(schema) || type === "number" || type === "integer";
}

export function isLines(schema: JsonSchema): boolean {
  return typeOf(schema) === "array" && schema.items?.properties !== undefined;
}

/** The value with everything that is worked out put in anew. The same object when nothing changes. */
export function withComputed(schema: JsonSchema, value: JsonObject): JsonObject {
  const properties = schema.properties ?? {};
  const names = orderedNames(schema);
  let result = value;
  // A field may build on another that stands below it: as many rounds as there are such fields settle all.
  const rounds = names.filter((name) => hasFormula(properties[name] ?? {})).length;
  for (let round = 0; round < rounds; round++) {
    const before = result;
    for (const name of names) result = computedField(schema, name, properties[name] ?? {}, result);
    if (result === before) break;
  }
  return result;
}

function hasFormula(schema: JsonSchema): boolean {
  if (schema["x-compute"] !== undefined) return true;
  return isLines(schema) && Object.values(schema.items?.properties ?? {}).some(hasFormula);
}

function computedField(
  form: JsonSchema,
  name: string,
  schema: JsonSchema,
  value: JsonObject,
): JsonObject {
  if (schema["x-compute"] !== undefined) {
    const found = calculate(schema["x-compute"], namesOf(form, value));
    return withField(value, name, stored(schema, found));
  }
  const rows = value[name];
  if (!isLines(schema) || !hasFormula(schema) || !Array.isArray(rows)) return value;
  const outer = namesOf(form, value);
  const item = schema.items ?? {};
  const next = rows.map((row) => (isRecord(row) ? computedRow(item, row, outer) : row));
  return next.some((row, index) => row !== rows[index]) ? { ...value, [name]: next } : value;
}

function computedRow(schema: JsonSchema, row: JsonObject, outer: Names): JsonObject {
  const columns = orderedNames(schema).filter((name) => schema.properties?.[name]?.["x-compute"]);
  let result = row;
  for (let round = 0; round < columns.length; round++) {
    const before = result;
    for (const name of columns) {
      const column = schema.properties?.[name] ?? {};
      const names = { ...outer, ...namesOf(schema, result) };
      const found = calculate(column["x-compute"] ?? "", hidden(names, schema, result));
      result = withField(result, name, stored(column, found));
    }
    if (result === before) break;
  }
  return result;
}

/** A column that is empty hides a field of the form that has its name. */
function hidden(names: Names, schema: JsonSchema, row: JsonObject): Names {
  const empty = Object.keys(schema.properties ?? {}).filter((name) => isEmpty(row[name]));
  return { ...names, ...Object.fromEntries(empty.map((name) => [name, undefined])) };
}

function withField(value: JsonObject, name: string, item: unknown): JsonObject {
  if (value[name] === item) return value;
  if (item !== undefined) return { ...value, [name]: item };
  const { [name]: _, ...others } = value;
  return others;
}

function stored(schema: JsonSchema, value: Value): unknown {
  if (value === undefined || value === null) return undefined;
  const type = typeOf(schema);
  if (!isExact(value)) {
    const fits = typeof value === type && (type === "string" || type === "boolean");
    return fits && !isAmount(schema) ? value : undefined;
  }
  const digits = schema["x-decimals"] ?? (isAmount(schema) ? DECIMALS : undefined);
  if (type === "string" || type === undefined) {
    return isAmount(schema) ? amount(value, digits ?? DECIMALS) : undefined;
  }
  if (type === "integer") return Number(rounded(value, 0));
  return type === "number"
    ? Number(digits === undefined ? value : rounded(value, digits))
    : undefined;
}

/** What formulas see: amounts as exact numbers; what is empty is not there, but counts 0 in a column. */
export function namesOf(schema: JsonSchema, value: JsonObject): Names {
  const names: Names = {};
  for (const name of askedNames(schema, value)) {
    const part = schema.properties?.[name] ?? {};
    const found = seen(part, value[name]);
    if (found !== undefined) names[name] = found;
  }
  return names;
}

function seen(schema: JsonSchema, value: unknown): Value {
  if (isEmpty(value)) return undefined;
  if (Array.isArray(value)) {
    return value.map((item) =>
      isRecord(item) ? rowNames(schema.items ?? {}, item) : seen(schema.items ?? {}, item),
    );
  }
  if (typeof value === "number") return exact(value);
  if (typeof value === "string") return isAmount(schema) ? (parsed(value) ?? undefined) : value;
  if (isRecord(value)) return namesOf(schema, value);
  return value as Value;
}

function rowNames(schema: JsonSchema, row: JsonObject): Names {
  const names = namesOf(schema, row);
  for (const [name, column] of Object.entries(schema.properties ?? {})) {
    if (isNumeric(column) && names[name] === undefined) names[name] = exact(0);
  }
  return names;
}

/** The sums under a table of line items, by column: of every column with `x-total`. */
export function totals(schema: JsonSchema, rows: unknown): Record<string, string> {
  const columns = Object.entries(schema.items?.properties ?? {});
  const marked = columns.filter(([, column]) => column["x-total"] && isNumeric(column));
  return Object.fromEntries(
    marked.map(([name, column]) => {
      const sum = numbersIn(rows, name, column).reduce(add, exact(0));
      const digits = column["x-decimals"] ?? (isAmount(column) ? DECIMALS : undefined);
      return [name, digits === undefined ? sum.toFixed() : amount(sum, digits)];
    }),
  );
}

function numbersIn(rows: unknown, name: string, column: JsonSchema): Number_[] {
  const items = Array.isArray(rows) ? rows : [];
  return items.flatMap((row) => {
    const value = isRecord(row) ? seen(column, row[name]) : undefined;
    return isExact(value) ? [value] : [];
  });
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

export function isRecord(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
