import { expect, test } from "vitest";
import { filterOf, NOTHING } from "./decision";

test("days are whole: the last one is asked for to its end", () => {
  const { from, until } = filterOf({ ...NOTHING, from: "2026-11-22", until: "2026-11-22" });

  expect(Date.parse(until ?? "") - Date.parse(from ?? "")).toBe(86_400_000);
});

test("what is not asked is left out", () => {
  expect(Object.values(filterOf({ ...NOTHING, search: "  " })).filter(Boolean)).toEqual([]);
});
