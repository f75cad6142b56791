// What holds back the calls of a connection, as a form: rates of operations are rows there and names in the document.

import type { JsonObject, JsonSchema } from "../../api/types";
import type { Text } from "../../ui/text";

interface Operation {
  name: string;
  title?: Text;
}

/** The schema of the form: rates of operations as rows, where there are operations to name. */
export function limitsForm(
  schema: JsonSchema,
  operations: readonly Operation[],
  word: string,
): JsonSchema {
  const { operations: map, rate: all, ...rest } = schema.properties ?? {};
  // A group that is left empty asks for nothing; one that is half filled the server refuses at its field.
  const others = { ...(all ? { rate: { ...all, required: [] } } : {}), ...rest };
  if (map === undefined || operations.length === 0) return { ...schema, properties: others };
  const rate = map.additionalProperties as JsonSchema;
  const {
    additionalProperties: _rate,
    maxProperties: _most,
    propertyNames: _names,
    ...told
  } = map as JsonSchema & Record<string, unknown>;
  const choice: JsonSchema = {
    type: "string",
    title: word,
    oneOf: operations.map((one) => ({
      const: one.name,
      ...(one.title ? { "x-title": one.title } : { title: one.name }),
    })),
  };
  const rows: JsonSchema = {
    ...told,
    type: "array",
    items: {
      ...rate,
      properties: { operation: choice, ...rate.properties },
      required: ["operation", ...(rate.required ?? [])],
      "x-order": ["operation", ...(rate["x-order"] ?? [])],
    },
  };
  return { ...schema, properties: { ...others, operations: rows } };
}

/** What is stored, as the form shows it. */
export function shownLimits(limits: JsonObject): JsonObject {
  const { operations, ...others } = limits;
  const rows = Object.entries((operations ?? {}) as Record<string, JsonObject>);
  if (rows.length === 0) return others;
  return { ...others, operations: rows.map(([operation, rate]) => ({ operation, ...rate })) };
}

/** Without the groups that were opened and left empty: they hold nothing back. */
export function withoutHollow(form: JsonObject): JsonObject {
  const full = Object.entries(form).filter(
    ([, value]) => typeof value !== "object" || value === null || Object.keys(value).length > 0,
  );
  return Object.fromEntries(full);
}

/** What the form says, as it is stored. */
export function keptLimits(form: JsonObject): JsonObject {
  const { operations, ...others } = withoutHollow(form);
  const rows = ((operations ?? []) as JsonObject[]).map(({ operation, ...rate }) => [
    String(operation),
    rate,
  ]);
  return {
    ...others,
    ...(rows.length > 0 ? { operations: Object.fromEntries(rows) } : {}),
  };
}

/** The first row that names an operation for the second time; -1: none does. */
export function namedTwice(form: JsonObject): number {
  const names = ((form["operations"] ?? []) as JsonObject[]).map((row) => row["operation"]);
  return names.findIndex((name, at) => name !== undefined && names.indexOf(name) < at);
}
