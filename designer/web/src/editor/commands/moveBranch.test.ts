import { expect, test } from "vitest";
import { nodeOf } from "../document";
import { doneUndoneRedone, lines, refundFlow, types } from "../testing";
import { addBranch } from "./addBranch";
import { moveBranch } from "./moveBranch";

test("a branch is tested earlier; its line stays", () => {
  const two = addBranch.run(refundFlow(), { node: "check", to: "done" }, types);

  const after = doneUndoneRedone(moveBranch, { node: "check", branch: "branch_1", by: -1 }, two);

  const branches = nodeOf(after, "check")?.settings["branches"] as { id: string }[];
  expect(branches.map((branch) => branch.id)).toEqual(["branch_1", "big"]);
  expect(lines(after)).toEqual(lines(two));
  const first = { node: "check", branch: "branch_1", by: -1 as const };
  expect(moveBranch.run(after, first, types)).toBe(after);
});
