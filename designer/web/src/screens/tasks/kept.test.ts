// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { KEEP_MS, keyOf, read, sweep, write } from "./kept";

const NOW = 1_800_000_000_000;
const KEY = keyOf("ann", "task.1");

afterEach(() => localStorage.clear());

test("what was typed is there again after a reload", () => {
  write(KEY, { comment: "half a sen" }, NOW);

  expect(read(KEY, NOW + 60_000)).toEqual({ comment: "half a sen" });
});

test("it is not another person's on the same device", () => {
  write(KEY, "mine", NOW);

  expect(read(keyOf("ben", "task.1"), NOW)).toBeUndefined();
});

test("after two weeks it is gone, and swept away", () => {
  write(KEY, "old", NOW);
  write(keyOf("ann", "task.2"), "fresh", NOW + KEEP_MS);
  localStorage.setItem("headrace.theme", "dark");

  sweep(NOW + KEEP_MS + 1);

  expect(read(KEY, NOW + KEEP_MS + 1)).toBeUndefined();
  expect(Object.keys(localStorage).sort()).toEqual(["headrace.theme", "headrace.typed.ann.task.2"]);
});

test("nonsense that stands there is nothing", () => {
  localStorage.setItem(KEY, "{not json");

  expect(read(KEY, NOW)).toBeUndefined();
});

test("a device that keeps nothing does not stop who types", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });

  expect(() => write(KEY, "text", NOW)).not.toThrow();
});
