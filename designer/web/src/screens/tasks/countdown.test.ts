import { expect, test } from "vitest";
import { countdown, parts, tickMs } from "./countdown";

const NOW = Date.parse("2026-11-22T08:00:00Z");
const at = (seconds: number) => new Date(NOW + seconds * 1_000).toISOString();

test.each([
  // a length in seconds, and how it reads
  [2 * 86_400 + 4 * 3_600 + 59, "2 d 4 h"],
  [86_400, "1 d"],
  [3_600 + 61, "1 h 1 min"],
  [3_599, "59 min"],
  [300, "5 min"],
  [299, "4 min 59 s"],
  [60, "1 min"],
  [59, "59 s"],
  [0, "0 s"],
  [-3_700, "1 h 1 min"],
])("%d seconds read %s", (seconds, read) => {
  expect(
    parts(seconds * 1_000)
      .map((part) => part.join(" "))
      .join(" "),
  ).toBe(read);
});

test("it is late only when the moment has passed", () => {
  expect(countdown(at(0), NOW).tone).toBe("soon");
  expect(countdown(at(-1), NOW).tone).toBe("late");
});

test("soon is the last four hours, or whenever the engine has warned", () => {
  expect(countdown(at(4 * 3_600 - 1), NOW).tone).toBe("soon");
  expect(countdown(at(4 * 3_600), NOW).tone).toBe("calm");
  expect(countdown(at(30 * 3_600), NOW, null, true).tone).toBe("soon");
});

test("what has four hours in all is not urgent from its first minute", () => {
  const [from, due] = [at(-60), at(4 * 3_600 - 60)];

  expect(countdown(due, NOW, null, false, from).tone).toBe("calm");
  expect(countdown(due, NOW + 3.1 * 3_600_000, null, false, from).tone).toBe("soon");
});

test("while it is paused the time that was left stands still", () => {
  const paused = at(-3_600);

  expect(countdown(at(3_600), NOW, paused)).toEqual({ tone: "paused", parts: [[2, "h"]] });
  expect(countdown(at(3_600), NOW + 9e9, paused)).toEqual({ tone: "paused", parts: [[2, "h"]] });
});

test("a second hand moves only where seconds are shown", () => {
  expect(tickMs(at(90), NOW)).toBe(1_000);
  expect(tickMs(at(9_000), NOW)).toBe(30_000);
});
