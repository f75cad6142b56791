import { expect, test } from "vitest";
import { begin, record } from "../history";
import { doneUndoneRedone, refundFlow, types } from "../testing";
import { moveNodes } from "./moveNodes";

test("nodes and notes move together", () => {
  const after = doneUndoneRedone(moveNodes, {
    positions: { ask: { x: 10, y: 20 }, note1: { x: 30, y: 40 } },
  });

  expect(after.nodes.find((node) => node.id === "ask")?.position).toEqual({ x: 10, y: 20 });
  expect(after.notes?.[0]?.position).toEqual({ x: 30, y: 40 });
});

test("a burst of nudges is one entry of the history", () => {
  let history = begin(refundFlow());

  for (const [at, x] of [
    [0, 10],
    [200, 20],
    [400, 30],
  ] as const) {
    const args = { positions: { ask: { x, y: 0 } } };
    const after = moveNodes.run(history.present, args, types);
    history = record(history, moveNodes.name, after, at, moveNodes.burst?.(args) ?? null);
  }

  expect(history.past).toHaveLength(1);
});

test("a drag that ends where it began changes nothing", () => {
  const before = refundFlow();

  expect(moveNodes.run(before, { positions: { ask: { x: 800, y: 0 } } }, types)).toBe(before);
});
