import { expect, test } from "vitest";
import { doneUndoneRedone, refundFlow } from "../testing";
import { autoLayout } from "./autoLayout";

test("what comes later stands further right", () => {
  const after = doneUndoneRedone(autoLayout, {});

  const x = (id: string) => after.nodes.find((node) => node.id === id)?.position.x ?? 0;
  expect([x("start"), x("check"), x("ask"), x("done")]).toEqual(
    [x("start"), x("check"), x("ask"), x("done")].sort((a, b) => a - b),
  );
  expect(x("ask")).toBeGreaterThan(x("check"));
});

test("a plain sequence becomes a straight line", () => {
  const after = doneUndoneRedone(autoLayout, {}, crooked());

  const y = (id: string) => after.nodes.find((node) => node.id === id)?.position.y;
  expect(y("start")).toBe(y("check"));
});

test("only the selected nodes move when some are selected", () => {
  const after = doneUndoneRedone(autoLayout, { only: ["ask", "done"] }, crooked());

  const place = (id: string) => after.nodes.find((node) => node.id === id)?.position;
  expect(place("start")).toEqual({ x: 0, y: 0 });
  expect(place("ask")?.y).toBe(place("done")?.y);
});

function crooked() {
  const flow = refundFlow();
  const nodes = flow.nodes.map((node, index) => ({
    ...node,
    position: { x: node.position.x, y: index * 130 },
  }));
  return { ...flow, nodes };
}
