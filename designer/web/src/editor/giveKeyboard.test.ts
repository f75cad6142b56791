// @vitest-environment jsdom

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { giveKeyboard } from "./giveKeyboard";

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = '<input id="here"><input id="there"><button id="button"></button>';
});
afterEach(() => vi.useRealTimers());

const at = (id: string) => document.getElementById(id) as HTMLElement;

/** A giving that succeeds at its nth call. */
function nth(call: number) {
  const give = vi.fn(() => {
    const done = give.mock.calls.length >= call;
    if (done) at("button").focus();
    return done;
  });
  return give;
}

test("who waits gets it, as soon as it is drawn", () => {
  at("here").focus();
  const give = nth(3);
  giveKeyboard(give, 40);
  vi.advanceTimersByTime(39);
  expect(give).not.toHaveBeenCalled();
  vi.runAllTimers();
  expect(give).toHaveBeenCalledTimes(3);
  expect(document.activeElement).toBe(at("button"));
});

test("who presses anywhere meanwhile keeps it", () => {
  at("here").focus();
  const give = nth(2);
  giveKeyboard(give, 40);
  vi.advanceTimersByTime(41);
  window.dispatchEvent(new Event("pointerdown"));
  vi.runAllTimers();
  expect(give).toHaveBeenCalledTimes(1);
  expect(document.activeElement).toBe(at("here"));
});

test("who went on to another field keeps it", () => {
  at("here").focus();
  const give = nth(1);
  giveKeyboard(give, 40);
  at("there").focus();
  vi.runAllTimers();
  expect(give).not.toHaveBeenCalled();
});

test("it is called off, and gives up at last", () => {
  const never = nth(Number.POSITIVE_INFINITY);
  giveKeyboard(never, 40)();
  vi.runAllTimers();
  expect(never).not.toHaveBeenCalled();
  giveKeyboard(never, 40, 5);
  vi.runAllTimers();
  expect(never).toHaveBeenCalledTimes(5);
});
