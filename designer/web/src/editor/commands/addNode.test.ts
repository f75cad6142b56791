import { expect, test } from "vitest";
import { doneUndoneRedone, lines, refundFlow, types } from "../testing";
import { addNode } from "./addNode";

test("a node added after another takes over what followed there", () => {
  const after = doneUndoneRedone(addNode, {
    id: "wait",
    type: "timer",
    after: { node: "check", port: "big" },
  });

  expect(lines(after)).toContain("check.big → wait");
  expect(lines(after)).toContain("wait.out → ask");
  expect(after.nodes.find((node) => node.id === "wait")?.settings).toEqual({ mode: "for" });
});

test("an end added after a node ends that line", () => {
  const after = doneUndoneRedone(addNode, {
    id: "stop",
    type: "end",
    after: { node: "ask", port: "rejected" },
  });

  expect(lines(after)).toContain("ask.rejected → stop");
});

test("what follows makes room for the new node", () => {
  const after = addNode.run(
    refundFlow(),
    { id: "wait", type: "timer", after: { node: "ask", port: "approved" } },
    types,
  );

  const x = (id: string) => after.nodes.find((node) => node.id === id)?.position.x ?? 0;
  expect(x("done")).toBeGreaterThan(x("wait"));
  expect(x("check")).toBe(400);
});

test("a second plain start is refused", () => {
  const before = refundFlow();

  expect(addNode.run(before, { id: "start_2", type: "start" }, types)).toBe(before);
});
