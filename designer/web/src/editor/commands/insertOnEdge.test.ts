import { expect, test } from "vitest";
import { doneUndoneRedone, lines, refundFlow, types } from "../testing";
import { addNode } from "./addNode";
import { insertOnEdge } from "./insertOnEdge";

test("a node put on a line stands between both ends", () => {
  const after = doneUndoneRedone(insertOnEdge, { edge: "e1", id: "wait", type: "timer" });

  expect(lines(after)).toContain("start.out → wait");
  expect(lines(after)).toContain("wait.out → check");
  expect(lines(after)).not.toContain("start.out → check");
});

test("a node that stands free already can be put on a line too", () => {
  const before = addNode.run(refundFlow(), { id: "wait", type: "timer" }, types);

  const after = doneUndoneRedone(insertOnEdge, { edge: "e1", id: "wait", type: "timer" }, before);

  expect(after.nodes).toHaveLength(before.nodes.length);
  expect(lines(after)).toContain("wait.out → check");
});

test("a start or an end cannot stand in the middle", () => {
  const before = refundFlow();

  expect(insertOnEdge.run(before, { edge: "e1", id: "x", type: "end" }, types)).toBe(before);
});
