import { expect, test } from "vitest";
import { rangeStart } from "./ranges";

const NOW = new Date("2026-03-10T08:30:20.500Z");

test("no range is no limit", () => {
  expect(rangeStart("", NOW)).toBeNull();
});

test("days are counted back from this minute", () => {
  expect(rangeStart("7d", NOW)).toBe("2026-03-03T08:30:00.000Z");
});

test("today begins at midnight here", () => {
  const start = new Date(rangeStart("today", NOW) ?? "");

  expect([start.getHours(), start.getMinutes()]).toEqual([0, 0]);
  expect(start.getTime()).toBeLessThanOrEqual(NOW.getTime());
});
