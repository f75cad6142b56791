import { expect, test } from "vitest";
import { doneUndoneRedone, lines, refundFlow, types } from "../testing";
import { addBranch } from "./addBranch";
import { insertStep } from "./insertStep";
import { removeBranch } from "./removeBranch";

const big = { node: "check", port: "big", edge: "e2", nodes: ["ask"] };

test("a branch goes with its steps; the choice stays while it has another", () => {
  const two = addBranch.run(refundFlow(), { node: "check", to: "done" }, types);

  const after = doneUndoneRedone(removeBranch, big, two);

  expect(lines(after)).toEqual(["check.branch_1 → done", "check.else → done", "start.out → check"]);
});

test("with one way left it is no choice any more", () => {
  expect(lines(doneUndoneRedone(removeBranch, big))).toEqual(["start.out → done"]);
});

test("with one way left a split goes with its join", () => {
  const wish = { place: { edges: ["e1"] }, id: "p", type: "split" };
  const split = insertStep.run(refundFlow(), wish, types);
  const edge = split.edges.find((each) => each.to === "approval_2")?.id ?? null;

  const after = removeBranch.run(
    split,
    { node: "p", port: "out", edge, nodes: ["approval_2"] },
    types,
  );

  expect(lines(after)).toEqual(
    expect.arrayContaining(["start.out → approval", "approval.approved → check"]),
  );
  expect(after.nodes.some((node) => node.type === "join" || node.type === "split")).toBe(false);
});
