import { expect, test } from "vitest";
import { lengthText, relativeTime } from "./time";

test("how long something took is said in the reader's language", () => {
  expect(lengthText(45_000, "zh")).toBe("45秒");
  expect(lengthText(12 * 60_000, "zh")).toBe("12分钟");
  expect(lengthText(3.5 * 3_600_000, "zh")).toBe("3.5小时");
  expect(lengthText(3.5 * 3_600_000, "en")).toBe("3.5 hrs");
});

test("a moment ago is just now, a moment ahead is now", () => {
  const now = Date.parse("2026-01-09T08:00:00Z");

  expect(relativeTime("2026-01-09T07:59:40Z", now, "zh", "刚刚")).toBe("刚刚");
  expect(relativeTime("2026-01-09T08:00:20Z", now, "en", "just now")).toBe("now");
  expect(relativeTime("2026-01-09T07:57:00Z", now, "en", "just now")).toBe("3 minutes ago");
});
