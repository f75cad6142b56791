import { expect, test } from "vitest";
import { doneUndoneRedone, lines, refundFlow, types } from "../testing";
import { addBranch } from "./addBranch";
import { insertStep } from "./insertStep";

test("a choice gets a branch that leads where the others meet", () => {
  const after = doneUndoneRedone(addBranch, { node: "check", to: "done" });

  expect(lines(after)).toContain("check.branch_1 → done");
});

test("a split gets a way with a step on it", () => {
  const split = insertStep.run(
    refundFlow(),
    { place: { edges: ["e1"] }, id: "p", type: "split" },
    types,
  );
  const wish = { node: "p", to: "join", step: { id: "wait", type: "timer" } };

  const after = doneUndoneRedone(addBranch, wish, split);

  expect(lines(after)).toEqual(expect.arrayContaining(["p.out → wait", "wait.out → join"]));
});
