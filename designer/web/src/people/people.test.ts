import { expect, test } from "vitest";
import { below, type Department, wayTo, withRecent } from "./people";

const HOUSE: Department[] = [
  { id: "all", name: "All", parent_id: null },
  { id: "cs", name: "Customer service", parent_id: "all" },
  { id: "night", name: "Night", parent_id: "cs" },
  { id: "lost", name: "Lost", parent_id: "closed-long-ago" },
];

test("whom one chose last comes first, and nobody twice", () => {
  const before = [
    { id: "a", name: "Ann" },
    { id: "b", name: "Ben" },
  ];

  expect(withRecent(before, [{ id: "b", name: "Ben" }]).map(({ id }) => id)).toEqual(["b", "a"]);
});

test("only a few are remembered", () => {
  const many = Array.from({ length: 20 }, (_, index) => ({ id: `${index}`, name: `${index}` }));

  expect(withRecent(many, [])).toHaveLength(6);
});

test("a department whose parent is not told stands at the top, so that nobody is out of reach", () => {
  expect(below(HOUSE, null).map(({ id }) => id)).toEqual(["all", "lost"]);
  expect(below(HOUSE, "all").map(({ id }) => id)).toEqual(["cs"]);
});

test("the way down is told from the top, and a circle ends", () => {
  const circle = [
    { id: "x", name: "X", parent_id: "y" },
    { id: "y", name: "Y", parent_id: "x" },
  ];

  expect(wayTo(HOUSE, "night").map(({ id }) => id)).toEqual(["all", "cs", "night"]);
  expect(wayTo(circle, "x")).toHaveLength(2);
});
