import { expect, test } from "vitest";
import { doneUndoneRedone, lines } from "../testing";
import { removeSelection } from "./removeSelection";

test("the line closes over a deleted node", () => {
  const after = doneUndoneRedone(removeSelection, { nodes: ["ask"], edges: [], notes: [] });

  expect(lines(after)).toEqual(["check.big → done", "check.else → done", "start.out → check"]);
});

test("where two ways lead on, nobody guesses", () => {
  const after = doneUndoneRedone(removeSelection, { nodes: ["check"], edges: [], notes: [] });

  expect(lines(after)).toEqual(["ask.approved → done", "ask.rejected → done"]);
});

test("several nodes, a line and a note go together", () => {
  const after = doneUndoneRedone(removeSelection, {
    nodes: ["check", "ask"],
    edges: ["e3"],
    notes: ["note1"],
  });

  expect(after.nodes.map((node) => node.id)).toEqual(["start", "done"]);
  expect(after.notes).toEqual([]);
  expect(lines(after)).toEqual(["start.out → done"]);
});
