// Planning who is on duty: the pattern of weeks, days that differ, and where nobody stands.

import { describe, expect, test } from "vitest";
import {
  crewOf,
  datesOf,
  dayName,
  freshShiftId,
  gapsInPattern,
  isOvernight,
  mondayOf,
  onDate,
  type RotaPlan,
  todayIn,
  weekIndex,
  withException,
  withoutWeek,
  withPattern,
  withShifts,
  withWeek,
} from "./rota";

const plan: RotaPlan = {
  name: "Service",
  timezone: "Asia/Shanghai",
  shifts: [
    { id: "early", name: "Early", from: "08:00", to: "16:00" },
    { id: "night", name: "Night", from: "22:00", to: "06:00" },
  ],
  starts_on: "2026-11-23",
  weeks: [{ mon: { early: ["ann"] } }, { mon: { early: ["ben"] }, sun: { night: ["sue"] } }],
  exceptions: [{ date: "2026-11-30", shift: "early", people: ["sue"] }],
};

describe("weeks", () => {
  test.each([
    ["2026-11-22", "2026-11-16", "sun"],
    ["2026-11-23", "2026-11-23", "mon"],
    ["2027-01-01", "2026-12-28", "fri"], // across the year
    ["2028-02-29", "2028-02-28", "tue"], // a leap day
  ])("%s belongs to the week of %s", (date, monday, day) => {
    expect(mondayOf(date)).toBe(monday);
    expect(dayName(date)).toBe(day);
  });

  test.each([
    ["2026-11-23", 0],
    ["2026-11-29", 0],
    ["2026-11-30", 1],
    ["2026-12-07", 0],
    ["2026-11-16", 1], // before it begins the pattern goes on backwards
    ["2026-11-09", 0],
  ])("%s is week %i of the pattern", (date, week) => {
    expect(weekIndex(plan, date)).toBe(week);
  });

  test("begin where the rota is, not where the reader or the server is", () => {
    const now = new Date("2026-11-22T17:00:00Z");

    expect(todayIn("Asia/Shanghai", now)).toBe("2026-11-23");
    expect(todayIn("America/New_York", now)).toBe("2026-11-22");
    expect(todayIn("Nowhere/Land", now)).toMatch(/^2026-11-2[23]$/);
  });

  test("have seven dates in a row, whatever clocks do", () => {
    expect(datesOf("2026-03-23")).toEqual([
      "2026-03-23",
      "2026-03-24",
      "2026-03-25",
      "2026-03-26",
      "2026-03-27",
      "2026-03-28",
      "2026-03-29",
    ]);
  });
});

describe("who is planned", () => {
  test("comes from the pattern, unless the day says otherwise", () => {
    expect(onDate(plan, "2026-11-23", "early")).toEqual({ people: ["ann"], exception: false });
    expect(onDate(plan, "2026-11-30", "early")).toEqual({ people: ["sue"], exception: true });
    expect(onDate(plan, "2026-12-14", "early")).toEqual({ people: ["ben"], exception: false });
    expect(onDate(plan, "2026-11-24", "early")).toEqual({ people: [], exception: false });
  });

  test("changes in one cell only", () => {
    const after = withPattern(plan, 1, "mon", "early", ["ben", "ann"]);

    expect(after.weeks[1]?.mon).toEqual({ early: ["ben", "ann"] });
    expect(after.weeks[0]).toEqual(plan.weeks[0]);
    expect(withPattern(plan, 0, "mon", "early", []).weeks[0]).toEqual({ mon: {} });
  });

  test("goes back to the pattern by taking the exception away, or by saying the same", () => {
    expect(withException(plan, "2026-11-30", "early", null).exceptions).toEqual([]);
    expect(withException(plan, "2026-11-30", "early", ["ben"]).exceptions).toEqual([]);
    expect(withException(plan, "2026-11-24", "night", ["ann"]).exceptions).toEqual([
      { date: "2026-11-24", shift: "night", people: ["ann"] },
      { date: "2026-11-30", shift: "early", people: ["sue"] },
    ]);
  });

  test("nobody at all on a day is an exception too", () => {
    expect(onDate(withException(plan, "2026-11-23", "early", []), "2026-11-23", "early")).toEqual({
      people: [],
      exception: true,
    });
  });
});

describe("the plan", () => {
  test("knows where nobody stands", () => {
    const gaps = gapsInPattern(plan);

    expect(gaps).toHaveLength(2 * 7 * 2 - 3);
    expect(gaps).not.toContain("0/mon/early");
    expect(gaps).toContain("0/sun/night");
    expect(gapsInPattern(plan, (id) => id === "ann")).toContain("0/mon/early");
  });

  test("does not miss people where a shift is only for some days", () => {
    const some = withShifts(plan, [
      { id: "early", name: "E", from: "08:00", to: "16:00", on: "work" },
    ]);

    expect(gapsInPattern(some)).toEqual([]);
  });

  test("loses the people of a shift that goes", () => {
    const after = withShifts(plan, plan.shifts.slice(1));

    expect(crewOf(after)).toEqual(["sue"]);
    expect(after.exceptions).toEqual([]);
  });

  test("grows by a copy of its last week and shrinks to one", () => {
    const three = withWeek(plan);

    expect(three.weeks[2]).toEqual(plan.weeks[1]);
    expect(withoutWeek(withoutWeek(withoutWeek(three))).weeks).toHaveLength(1);
    expect(Array.from({ length: 9 }).reduce<RotaPlan>(withWeek, plan).weeks).toHaveLength(8);
  });

  test("names shifts, and knows those that last into the next day", () => {
    expect(freshShiftId([{ id: "s1", name: "", from: "", to: "" }])).toBe("s2");
    expect(plan.shifts.map(isOvernight)).toEqual([false, true]);
  });
});
