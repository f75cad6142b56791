import { expect, test } from "vitest";
import { back, forth, stepped, stepsFrom } from "./steps";
import { asKind, KINDS, kindOf, numberFrom, renamed, wrongName } from "./values";

test("a value is of one kind, and of any other when it is asked for", () => {
  expect([null, undefined, [], {}, 1, false, ""].map(kindOf)).toEqual([
    "nothing", "nothing", "list", "record", "number", "boolean", "text",
  ]); // biome-ignore format: a line a row
  for (const value of [null, [1], { a: 1 }, 1.5, true, "12"])
    for (const kind of KINDS) expect(kindOf(asKind(value, kind))).toBe(kind);
  expect(asKind("12.5", "number")).toBe(12.5);
  expect(asKind(12.5, "text")).toBe("12.5");
  expect(asKind("a", "list")).toEqual(["a"]);
});

test.each([
  ["1,299.50", 1299.5],
  ["-3", -3],
  ["1.", 1],
  ["", undefined],
  ["12a", undefined],
  ["1e5", undefined],
  // An order's number is longer than a number can be: it must not become another one.
  ["4409183274650198273", undefined],
])("%s is the number %s", (typed, number) => {
  expect(numberFrom(typed)).toBe(number);
});

test("a field keeps its place under another name, and no two have one name", () => {
  const record = { a: 1, b: 2, c: 3 };

  expect(Object.entries(renamed(record, "b", "x"))).toEqual([["a", 1], ["x", 2], ["c", 3]]); // biome-ignore format: short
  expect(wrongName(" ", record)).toBe("empty");
  expect(wrongName("a ", record)).toBe("taken");
  expect(wrongName("toString", record)).toBeNull();
});

test("each step is taken back, quick ones in one field together", () => {
  let steps = stepsFrom("");
  steps = stepped(steps, "a", "name", 1_000);
  steps = stepped(steps, "ab", "name", 1_400);
  steps = stepped(steps, "abc", "name", 9_000);
  steps = stepped(steps, "abc!", "", 9_001);
  steps = stepped(steps, "abc!!", "", 9_002);

  const states: string[] = [];
  for (let now = steps; now.past.length > 0; now = back(now)) states.push(back(now).present);
  expect(states).toEqual(["abc!", "abc", "ab", ""]);
  expect(forth(back(steps))).toMatchObject({ present: "abc!!", past: steps.past });
  expect(forth(steps)).toBe(steps);
  expect(stepped(back(steps), "other", "", 9_003).future).toEqual([]);
});
