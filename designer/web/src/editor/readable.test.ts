import { expect, test } from "vitest";
import { readable } from "./readable";
import { refundFlow, types } from "./testing";

test("a flow with room enough is left alone", () => {
  const flow = refundFlow();

  expect(readable(flow, types)).toBe(flow);
});

test("a flow drawn too close is spread, and nobody changes sides", () => {
  const flow = refundFlow();
  const close = {
    ...flow,
    nodes: flow.nodes.map((node) => ({ ...node, position: { x: node.position.x / 2, y: 0 } })),
  };

  const spread = readable(close, types);

  const xs = spread.nodes.map((node) => node.position.x);
  expect(xs).toEqual([...xs].sort((a, b) => a - b));
  expect((xs[1] ?? 0) - (xs[0] ?? 0)).toBeGreaterThan(300);
});
