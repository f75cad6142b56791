import { expect, test } from "vitest";
import { emptyRule, ruleFrom, ruleOf } from "./rules";

test.each([
  { version: 2, weight: 5 },
  { version: 2, when: { expression: "amount > 5" } },
  {
    version: 3,
    when: { combinator: "and", rules: [{ field: "shop", operator: "=", value: "S1" }] },
  },
  {
    version: 3,
    weight: 20,
    when: { combinator: "and", rules: [{ field: "shop", operator: "in", value: ["S1", "S2"] }] },
  },
  { version: 2, when: { combinator: "or", rules: [{ rules: [] }, { rules: [] }] } },
])("a rule comes out of the form as it went in", (rule) => {
  expect(ruleOf(ruleFrom(rule))).toEqual(rule);
});

test("a rule in which something is missing is none yet", () => {
  expect(ruleOf({ ...emptyRule(2), weight: null })).toBeNull();
  expect(ruleOf({ ...emptyRule(2), kind: "when" })).toBeNull();
  expect(ruleOf(emptyRule(undefined))).toBeNull();
});
