import { expect, test } from "vitest";
import type { JsonSchema } from "../../schema";
import { remaining, validateForm, withoutEmpty } from "./validate";

const schema: JsonSchema = {
  type: "object",
  required: ["amount", "reason"],
  properties: {
    amount: { type: "string", format: "money" },
    reason: { type: "string", minLength: 2 },
    choice: { oneOf: [{ const: "a" }, { const: "b" }] },
    at: { type: "string", format: "date-time" },
    goods: {
      type: "array",
      items: {
        type: "object",
        required: ["sku"],
        properties: { sku: { type: "string" }, "n/m": { type: "integer", minimum: 1 } },
      },
    },
  },
};

const found = (value: unknown) => validateForm(schema, value).map(({ path, code }) => [path, code]);

test("what is right has no problem", () => {
  expect(found({ amount: "19.99", reason: "坏了", choice: "a", goods: [{ sku: "A1" }] })).toEqual(
    [],
  );
});

test("each wrong field is named once, by its place", () => {
  expect(found({ amount: "19.9.9", reason: "x", choice: "c", at: "2026-01-09T16:00" })).toEqual([
    ["/reason", "min_length"],
    ["/choice", "enum"],
    ["/amount", "format"],
    ["/at", "format"],
  ]);
});

test("a missing field is named itself, not the record it is missing in", () => {
  expect(found({ amount: "1", goods: [{}] })).toEqual([
    ["/reason", "required"],
    ["/goods/0/sku", "required"],
  ]);
});

test("a name with a slash is one part of the place", () => {
  expect(found({ amount: "1", reason: "ok", goods: [{ sku: "A", "n/m": 0 }] })).toEqual([
    ["/goods/0/n~1m", "minimum"],
  ]);
});

test("a limit is told with the problem", () => {
  expect(validateForm(schema, { amount: "1", reason: "x" })[0]?.params).toEqual({ limit: 2 });
});

test("an empty field counts as missing", () => {
  expect(found(withoutEmpty({ amount: "1", reason: "" }))).toEqual([["/reason", "required"]]);
});

test("what is corrected is no longer called wrong, the rest still is", () => {
  const problems = [
    { path: "/reason", code: "required" },
    { path: "/goods/0/sku", code: "required" },
  ];
  const goods = [{}];

  const left = remaining(problems, { goods }, { reason: "坏了", goods });

  expect(left.map((problem) => problem.path)).toEqual(["/goods/0/sku"]);
});
