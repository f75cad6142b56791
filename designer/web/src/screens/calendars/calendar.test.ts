import { expect, test } from "vitest";
import { type Content, emptyBefore, hoursText, monthAfter, withDay } from "./calendar";

const CONTENT: Content = {
  name: { en: "Shop" },
  timezone: "Asia/Shanghai",
  weekly: { mon: [["09:00", "18:00"]] },
  holidays: null,
};

test("hours read as people write them", () => {
  const spans: [string, string][] = [
    ["09:00", "12:30"],
    ["13:00", "24:00"],
  ];
  expect(hoursText(spans)).toBe("9–12:30, 13–24");
  expect(hoursText([["00:00", "06:00"]])).toBe("0–6");
});

test("a day set by hand replaces what was set before, and can be taken away", () => {
  const closed = withDay(CONTENT, "2026-12-25", { hours: [], note: "stock" });
  const open = withDay(closed, "2026-12-25", { hours: [["10:00", "12:00"]] });
  const more = withDay(open, "2026-01-02", { hours: [] });

  expect(more.days?.map((day) => day.date)).toEqual(["2026-01-02", "2026-12-25"]);
  expect(open.days).toEqual([{ date: "2026-12-25", hours: [["10:00", "12:00"]] }]);
  expect(withDay(open, "2026-12-25", null).days).toEqual([]);
  expect(CONTENT.days).toBeUndefined();
});

test("months follow one another over the year", () => {
  expect(monthAfter("2026-12", 1)).toBe("2027-01");
  expect(monthAfter("2026-03", -1)).toBe("2026-02");
});

test("weeks begin on Monday", () => {
  expect(emptyBefore("2026-10-01")).toBe(3); // a Thursday
  expect(emptyBefore("2026-11-01")).toBe(6); // a Sunday
});
