import { describe, expect, it } from "vitest";
import {
  conditionsOf,
  firstBoard,
  groupOf,
  numbersOf,
  places,
  readBoard,
  type Totals,
  type Words,
} from "./board";
import type { Field } from "./table";

const words: Words = {
  language: "en",
  none: "(empty)",
  age: (from, to) => `${from}-${to ?? ""}`,
  created: "Made",
  changed: "Changed",
};
const stage: Field = {
  name: "stage",
  kind: "enum",
  options: [
    { value: "before", title: { en: "Before" } },
    { value: "during", title: { en: "During" } },
    { value: "after", title: { en: "After" } },
  ],
};
const shop: Field = { name: "shop", kind: "text" };
const at: Field = { name: "at", kind: "date_time" };
const told = (...groups: Totals["groups"]): Totals => ({
  count: 0,
  totals: {},
  groups,
  more: false,
  capped: false,
  refilling: false,
});
const labels = (field: Field, group: Parameters<typeof places>[1], totals: Totals) =>
  places(field, group, totals, words).map(({ label }) => label);

describe("what stands along an axis", () => {
  it("has every choice, also those nobody has, in the order they were drawn in", () => {
    const totals = told({ stage: "after", count: 5 }, { stage: "before", count: 1 });
    expect(labels(stage, { field: "stage" }, totals)).toEqual(["Before", "During", "After"]);
  });

  it("has what nobody filled in, and choices that are gone, at the end", () => {
    const totals = told({ stage: null, count: 1 }, { stage: "old", count: 1 });
    expect(labels(stage, { field: "stage" }, totals).slice(3)).toEqual(["(empty)", "old"]);
  });

  it("puts the largest first, over all the other axes, and the newest month", () => {
    const totals = told(
      { shop: "A", at: "2026-01", count: 3 },
      { shop: "B", at: "2026-02", count: 2 },
      { shop: "B", at: "2025-12", count: 2 },
    );
    expect(labels(shop, { field: "shop" }, totals)).toEqual(["B", "A"]);
    expect(labels(at, { field: "at", per: "month" }, totals)).toEqual([
      "2026-02",
      "2026-01",
      "2025-12",
    ]);
  });

  it("has all ages", () => {
    const totals = told({ at: 30, count: 1 });
    expect(labels(at, { field: "at", per: "age" }, totals)).toEqual([
      "0-1",
      "1-3",
      "3-7",
      "7-30",
      "30-",
    ]);
  });
});

describe("numbers", () => {
  it("are counts, or what was asked for; large ones come as texts", () => {
    const totals = told({ stage: "after", shop: null, count: 5, it: "1234567890123.89" });
    const group_by = [{ field: "stage" }, { field: "shop" }];
    expect(numbersOf({ group_by }, totals).get('"after",null')).toBe(5);
    const sum = { what: "sum", field: "amount" } as const;
    expect(numbersOf({ group_by, sum }, totals).get('"after",null')).toBe(1234567890123.89);
  });
});

describe("records behind a number", () => {
  const now = Date.parse("2026-01-31T12:00:00Z");
  const found = (field: Field, choice: string, value: unknown) =>
    conditionsOf(field, groupOf(choice), value, now);

  it("are those with the value, or with none", () => {
    expect(found(stage, "stage", "after")).toEqual([
      { field: "stage", op: "in", value: ["after"] },
    ]);
    expect(found(shop, "shop", "A")).toEqual([{ field: "shop", op: "=", value: "A" }]);
    expect(found(shop, "shop", null)).toEqual([{ field: "shop", op: "empty" }]);
  });

  it("are those of the day and the month in Beijing", () => {
    expect(found(at, "at:day", "2026-01-09").map(({ value }) => value)).toEqual([
      "2026-01-08T16:00:00.000Z",
      "2026-01-09T16:00:00.000Z",
    ]);
    expect(found({ name: "day", kind: "date" }, "day:month", "2025-12")).toEqual([
      { field: "day", op: ">=", value: "2025-12-01" },
      { field: "day", op: "<", value: "2026-01-01" },
    ]);
  });

  it("are those as old", () => {
    expect(found(at, "at:age", 0)).toEqual([
      { field: "at", op: ">", value: "2026-01-30T12:00:00.000Z" },
    ]);
    expect(found(at, "at:age", 7)).toEqual([
      { field: "at", op: ">", value: "2026-01-01T12:00:00.000Z" },
      { field: "at", op: "<=", value: "2026-01-24T12:00:00.000Z" },
    ]);
    expect(found(at, "at:age", 30)).toHaveLength(1);
  });
});

describe("a board in an address", () => {
  it("is read, or is none", () => {
    const told = { group_by: [{ field: "stage" }] };
    expect(readBoard(JSON.stringify(told))).toEqual(told);
    for (const wrong of [null, "", "{", "null", "[]", '{"group_by":[{"x":1}]}']) {
      expect(readBoard(wrong)).toBeNull();
    }
  });

  it("begins with a choice field, else with the days of what was made", () => {
    expect(firstBoard([shop, stage]).group_by).toEqual([{ field: "stage" }]);
    expect(firstBoard([shop]).group_by).toEqual([{ field: "created_at", per: "day" }]);
  });
});
