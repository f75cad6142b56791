// The tree of departments: what is shown, found, and where a department may go.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  childrenOf,
  isBelow,
  moved,
  placeAfter,
  placeFor,
  placeOf,
  rowsOf,
  type TreeNode,
} from "./tree";

const node = (id: string, parent_id: string | null, position: number, head?: string): TreeNode => ({
  id,
  name: id,
  parent_id,
  position,
  heads: head === undefined ? [] : [{ name: head }],
});

const house = [
  node("shop", null, 0),
  node("sales", "shop", 0, "Zhang"),
  node("online", "sales", 0),
  node("stores", "sales", 1),
  node("finance", "shop", 1, "Li"),
  node("lab", null, 1),
];
const names = (nodes: readonly TreeNode[], parent: string | null) =>
  childrenOf(nodes, parent).map(({ id }) => id);

describe("what is shown", () => {
  test("is the tree in its order, without what is folded", () => {
    const all = rowsOf(house, new Set());
    const folded = rowsOf(house, new Set(["sales"]));

    expect(all.map(({ node: each, level }) => `${level} ${each.id}`)).toEqual([
      "0 shop",
      "1 sales",
      "2 online",
      "2 stores",
      "1 finance",
      "0 lab",
    ]);
    expect(folded.map((row) => row.node.id)).toEqual(["shop", "sales", "finance", "lab"]);
  });

  test("is by a search what matches and the way there, folded or not", () => {
    const rows = rowsOf(house, new Set(["shop"]), "STO");

    expect(rows.map(({ node: each, found }) => [each.id, found])).toEqual([
      ["shop", false],
      ["sales", false],
      ["stores", true],
    ]);
    expect(rowsOf(house, new Set(), "li").map((row) => row.node.id)).toEqual([
      "shop",
      "sales",
      "online",
      "finance",
    ]);
  });

  test("has what lost its parent at the top, and nothing twice", () => {
    const lost = [...house, node("lost", "gone", 2)];

    expect(rowsOf(lost, new Set()).map((row) => row.node.id)).toContain("lost");
    expect(rowsOf([node("a", "b", 0), node("b", "a", 0)], new Set())).toEqual([]);
  });
});

describe("where it may go", () => {
  test.each<[string, string, "before" | "inside" | "after", unknown]>([
    ["finance", "sales", "before", { parent_id: "shop", position: 0 }],
    ["finance", "sales", "inside", { parent_id: "sales", position: 2 }],
    ["lab", "online", "after", { parent_id: "sales", position: 1 }],
    ["sales", "online", "inside", null], // into itself
    ["sales", "sales", "inside", null],
    ["finance", "sales", "after", null], // it stands there already
  ])("%s dropped at %s %s", (id, target, drop, place) => {
    expect(placeFor(house, id, target, drop)).toEqual(place);
  });

  test.each<[string, "up" | "down" | "in" | "out", unknown]>([
    ["finance", "up", { parent_id: "shop", position: 0 }],
    ["finance", "down", null],
    ["finance", "in", { parent_id: "sales", position: 2 }],
    ["finance", "out", { parent_id: null, position: 1 }],
    ["shop", "out", null],
    ["shop", "in", null],
  ])("%s by keyboard %s", (id, step, place) => {
    expect(placeAfter(house, id, step)).toEqual(place);
  });

  test("the tree after the move has it there, and its old place takes it back", () => {
    const before = placeOf(house, "finance");
    const after = moved(house, "finance", { parent_id: "shop", position: 0 });

    expect(names(after, "shop")).toEqual(["finance", "sales"]);
    expect(
      names(moved(after, "finance", before ?? { parent_id: null, position: 0 }), "shop"),
    ).toEqual(["sales", "finance"]);
  });

  test("no drop and no key ever makes a circle or loses anybody", () => {
    const ids = house.map(({ id }) => id);
    const drops = fc.constantFrom<"before" | "inside" | "after">("before", "inside", "after");
    const moves = fc.array(fc.tuple(fc.constantFrom(...ids), fc.constantFrom(...ids), drops));
    fc.assert(
      fc.property(moves, (steps) => {
        let tree: TreeNode[] = house;
        for (const [id, target, drop] of steps) {
          const place = placeFor(tree, id, target, drop);
          if (place !== null) tree = moved(tree, id, place);
        }
        expect(
          rowsOf(tree, new Set())
            .map((row) => row.node.id)
            .sort(),
        ).toEqual([...ids].sort());
        for (const each of tree) {
          const { parent_id: parent } = each;
          if (parent !== null) expect(isBelow(tree, parent, each.id)).toBe(false);
        }
      }),
    );
  });
});
