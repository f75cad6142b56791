import { expect, test } from "vitest";
import { begin, OPEN_PX, pull, settles } from "./swipe";

test("pulled to the left far enough, a row stays open", () => {
  expect(settles(pull(begin(300, 100, false), 300 - OPEN_PX / 2, 104))).toBe(true);
  expect(settles(pull(begin(300, 100, false), 280, 101))).toBe(false);
});

test("scrolling is not pulling, even when it drifts aside later", () => {
  const scrolling = pull(pull(begin(300, 100, false), 296, 130), 100, 160);

  expect(scrolling.axis).toBe("y");
  expect(scrolling.offset).toBe(0);
  expect(settles(scrolling)).toBe(false);
});

test("an open row is pushed back to the right, and touching it alone leaves it open", () => {
  expect(settles(pull(begin(100, 100, true), 100 + OPEN_PX / 2, 100))).toBe(false);
  expect(settles(begin(100, 100, true))).toBe(true);
});

test("it goes nowhere to the right, and only a little beyond its end", () => {
  expect(pull(begin(100, 100, false), 200, 100).offset).toBe(0);
  expect(pull(begin(300, 100, false), 300 - OPEN_PX - 40, 100).offset).toBe(-OPEN_PX - 10);
});
