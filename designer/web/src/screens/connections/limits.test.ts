import { describe, expect, it } from "vitest";
import { keptLimits, limitsForm, namedTwice, shownLimits, withoutHollow } from "./limits";

const RATE = {
  type: "object",
  properties: { calls: { type: "integer" }, per_s: { type: "number" } },
  required: ["calls", "per_s"],
  "x-order": ["calls", "per_s"],
};
const SCHEMA = {
  type: "object",
  properties: {
    rate: RATE,
    operations: {
      type: "object",
      "x-title": { zh: "单项", en: "Each" },
      additionalProperties: RATE,
    },
    parallel: { type: "integer" },
  },
};

describe("the limits of a connection", () => {
  it("offers the operations there are, and none where there are none", () => {
    const form = limitsForm(
      SCHEMA,
      [{ name: "ship", title: { zh: "发货", en: "Ship" } }],
      "Operation",
    );
    const rows = form.properties?.["operations"];
    expect(rows?.type).toBe("array");
    expect(rows?.["x-title"]).toEqual({ zh: "单项", en: "Each" });
    expect(rows?.items?.required).toEqual(["operation", "calls", "per_s"]);
    expect(rows?.items?.properties?.["operation"]?.oneOf).toEqual([
      { const: "ship", "x-title": { zh: "发货", en: "Ship" } },
    ]);
    expect(Object.keys(limitsForm(SCHEMA, [], "Operation").properties ?? {})).toEqual([
      "rate",
      "parallel",
    ]);
  });

  it("comes back as it was", () => {
    const limits = { parallel: 3, operations: { ship: { calls: 2, per_s: 1 } } };
    expect(shownLimits(limits)).toEqual({
      parallel: 3,
      operations: [{ operation: "ship", calls: 2, per_s: 1 }],
    });
    expect(keptLimits(shownLimits(limits))).toEqual(limits);
    expect(keptLimits(shownLimits({}))).toEqual({});
  });

  it("takes a group that was left empty for none", () => {
    expect(withoutHollow({ rate: {}, parallel: 2 })).toEqual({ parallel: 2 });
    expect(keptLimits({ rate: {}, breaker: {}, operations: [], queue: "slow" })).toEqual({
      queue: "slow",
    });
  });

  it("finds the row that names an operation again", () => {
    const row = (operation: string) => ({ operation, calls: 1, per_s: 1 });
    expect(namedTwice({ operations: [row("a"), row("b"), row("a")] })).toBe(2);
    expect(namedTwice({ operations: [row("a"), {}, {}] })).toBe(-1);
    expect(namedTwice({})).toBe(-1);
  });
});
