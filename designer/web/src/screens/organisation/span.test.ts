// Where a substitution lies on the line of days.

import { expect, test } from "vitest";
import { barOf, daysFrom, isoOf, localOf, startOfDay, usualSpan } from "./span";

test.each([
  ["inside", 2, 4, { left: 0.2, width: 0.2, openLeft: false, openRight: false }],
  ["from before", -3, 5, { left: 0, width: 0.5, openLeft: true, openRight: false }],
  ["to after", 8, 30, { left: 0.8, width: 0.2, openLeft: false, openRight: true }],
  ["before all", -5, 0, null],
  ["after all", 10, 12, null],
  ["very short", 5, 5.01, { left: 0.5, width: 0.012, openLeft: false, openRight: false }],
])("a span %s", (_, from, until, bar) => {
  const found = barOf(from, until, 0, 10);

  if (bar === null) expect(found).toBeNull();
  else expect(found).toEqual(bar);
});

test("days follow one another by the calendar", () => {
  const days = daysFrom(new Date(2026, 10, 28).getTime(), 4);

  expect(days.map((day) => new Date(day).getDate())).toEqual([28, 29, 30, 1]);
  expect(startOfDay(new Date(2026, 10, 28, 17, 3).getTime())).toBe(days[0]);
});

test("what is typed as local time comes back as the same moment", () => {
  const now = new Date(2026, 10, 22, 17, 30).getTime();
  const { from, until } = usualSpan(now);

  expect(localOf(isoOf("2026-11-23T09:30"))).toBe("2026-11-23T09:30");
  expect(from.slice(8)).toBe("23T00:00");
  expect(until.slice(8)).toBe("28T00:00");
});
