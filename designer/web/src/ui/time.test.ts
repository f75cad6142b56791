import { expect, test } from "vitest";
import { lengthText } from "./time";

test("how long something took is said in the reader's language", () => {
  expect(lengthText(45_000, "zh")).toBe("45秒");
  expect(lengthText(12 * 60_000, "zh")).toBe("12分钟");
  expect(lengthText(3.5 * 3_600_000, "zh")).toBe("3.5小时");
  expect(lengthText(3.5 * 3_600_000, "en")).toBe("3.5 hrs");
});
