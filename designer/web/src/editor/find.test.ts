import { expect, test } from "vitest";
import { fitting, initialsOf, likeness } from "./find";

test.each([
  ["审批", "sp"],
  ["添加节点", "tjjd"],
  ["导出为 SVG", "dcwsvg"],
  ["撤销", "cx"],
  ["子流程", "zlc"],
  ["通知", "tz"],
])("the first letters of %s are %s", (text, initials) => {
  expect(initialsOf(text)).toBe(initials);
});

test("every typed word must be found, in any order", () => {
  expect(likeness("node add", "Add a node")).toBeGreaterThan(0);
  expect(likeness("node remove", "Add a node")).toBe(0);
});

test("what begins so comes before what only holds it, and a title before its help", () => {
  const items: [string, string][] = [
    ["Take an end out", ""],
    ["Delay", "the end"],
    ["End", ""],
    ["Endless", ""],
  ];

  const found = fitting(items, "end", (item) => item);

  expect(found.map(([title]) => title)).toEqual(["End", "Endless", "Take an end out", "Delay"]);
});

test("letters may be left out, but not scattered", () => {
  expect(likeness("dlt", "Delete")).toBeGreaterThan(0);
  expect(likeness("sp", "审批")).toBeGreaterThan(0);
  expect(likeness("xyz", "Delete")).toBe(0);
  expect(likeness("dy", "Distribute horizontally")).toBe(0);
});
