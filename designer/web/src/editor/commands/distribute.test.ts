import { expect, test } from "vitest";
import { doneUndoneRedone, refundFlow, types } from "../testing";
import { distribute } from "./distribute";

test("the gaps become equal and the outermost stay", () => {
  const flow = refundFlow();
  const places = [0, 300, 1000, 1200];
  const nodes = flow.nodes.map((node, index) => ({
    ...node,
    position: { x: places[index] ?? 0, y: 0 },
  }));

  const after = doneUndoneRedone(
    distribute,
    { items: ["start", "check", "ask", "done"], along: "x" },
    { ...flow, nodes },
  );

  expect(after.nodes.map((node) => node.position.x)).toEqual([0, 400, 800, 1200]);
});

test("two have no gap to share", () => {
  const flow = refundFlow();

  expect(distribute.run(flow, { items: ["start", "ask"], along: "y" }, types)).toBe(flow);
});
