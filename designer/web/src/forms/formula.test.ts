// The server and the browser work out the same: tests/fixtures/form_formulas.json is run by both.

import { expect, test } from "vitest";
import fixture from "../../../../tests/fixtures/form_formulas.json";
import type { JsonSchema } from "../schema";
import type { JsonObject } from "../ui/form/kinds";
import { withComputed } from "./computed";
import { amount, divide, exact } from "./exact";
import { FORMULA_FUNCTIONS, isFormula } from "./formula";

interface Case {
  name: string;
  schema: unknown;
  value: unknown;
  computed: unknown;
}

const cases = fixture.cases as Case[];

test.each(cases)("$name", ({ schema, value, computed }) => {
  expect(withComputed(schema as JsonSchema, value as JsonObject)).toEqual(computed);
});

test("nothing new is the same object, so that nothing is drawn anew", () => {
  for (const { schema, computed } of cases) {
    const value = computed as JsonObject;
    expect(withComputed(schema as JsonSchema, value)).toBe(value);
  }
});

test.each(["1 +", "a b", "f(x)", "a[0]", "lambda: 1", "2 ** 3", ""])("%s is no formula", (text) => {
  expect(isFormula(text)).toBe(false);
});

test("the functions are those the server allows", () => {
  expect([...FORMULA_FUNCTIONS].sort()).toEqual(
    "abs ceil default floor len max min number pluck round sum".split(" "),
  );
});

test("a hundred cents are a yuan, whatever one divides by", () => {
  for (let parts = 1; parts <= 40; parts++) {
    const each = amount(divide(exact(100), exact(parts)), 4);
    expect(Number(each) * parts).toBeCloseTo(100, 2);
  }
});
