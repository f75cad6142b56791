import { expect, test } from "vitest";
import { dayOf, momentOf } from "./away";

test("a moment comes back from the field it was shown in", () => {
  const moment = "2026-11-22T08:00:00.000Z";

  expect(momentOf(dayOf(moment))).toBe(moment);
});

test("what is no moment is an empty field", () => {
  expect(dayOf("tomorrow")).toBe("");
});
