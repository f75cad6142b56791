import { expect, test } from "vitest";
import type { JsonSchema } from "../../schema";
import { fieldsFrom, schemaFrom } from "./formFields";

const schema: JsonSchema = {
  type: "object",
  required: ["reason"],
  properties: {
    amount: { type: "string", format: "money", "x-title": { zh: "金额", en: "Amount" } },
    reason: { type: "string", minLength: 2, "x-title": { en: "Reason" } },
    goods: { type: "array", items: { type: "object" } },
  },
  additionalProperties: false,
  "x-order": ["reason", "amount", "goods"],
};

test("fields come in the order of the form", () => {
  const fields = fieldsFrom(schema);

  expect(fields.map(({ name, kind, required }) => [name, kind, required])).toEqual([
    ["reason", "text", true],
    ["amount", "money", false],
    ["goods", "other", false],
  ]);
});

test("what nobody touched stays as it was", () => {
  const after = schemaFrom(fieldsFrom(schema), schema);

  expect(after.properties?.["reason"]).toEqual(schema.properties?.["reason"]);
  expect(after.properties?.["amount"]).toEqual(schema.properties?.["amount"]);
  expect(after.properties?.["goods"]).toMatchObject({ type: "array", items: { type: "object" } });
  expect(after.additionalProperties).toBe(false);
});

test("another kind is another schema", () => {
  const fields = fieldsFrom(schema).map((field) =>
    field.name === "reason" ? { ...field, kind: "choice" as const, choices: ["a", "b"] } : field,
  );

  expect(schemaFrom(fields, schema).properties?.["reason"]).toMatchObject({
    type: "string",
    enum: ["a", "b"],
  });
});
