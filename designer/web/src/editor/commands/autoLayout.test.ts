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

test("downwards, what comes later stands lower", () => {
  const after = doneUndoneRedone(autoLayout, { direction: "down" });

  const y = (id: string) => after.nodes.find((node) => node.id === id)?.position.y ?? 0;
  expect(y("check")).toBeGreaterThan(y("start"));
  expect(y("done")).toBeGreaterThan(y("ask"));
});

test("the first node stays where it is", () => {
  const flow = crooked();
  const nodes = flow.nodes.map((node) => ({
    ...node,
    position: { x: node.position.x + 500, y: node.position.y - 70 },
  }));

  const after = doneUndoneRedone(autoLayout, {}, { ...flow, nodes });

  expect(after.nodes.find((node) => node.id === "start")?.position).toEqual({ x: 500, y: -70 });
});

test.each([1, -1])("of two branches, the one that stood above stays above", (side) => {
  const flow = crooked();
  const place = (id: string) => (id === "yes" ? side : -side) * 200;
  const branch = (id: string) => ({
    id,
    type: "timer",
    name: { en: id },
    position: { x: 800, y: place(id) },
    settings: {},
  });
  const nodes = [...flow.nodes.filter((node) => node.id !== "ask"), branch("yes"), branch("no")];
  const edges = [
    { id: "e1", from: "start", port: "out", to: "check" },
    { id: "e2", from: "check", port: "big", to: "yes" },
    { id: "e3", from: "check", port: "else", to: "no" },
    { id: "e4", from: "yes", port: "out", to: "done" },
    { id: "e5", from: "no", port: "out", to: "done" },
  ];

  const after = doneUndoneRedone(autoLayout, {}, { ...flow, nodes, edges });

  const y = (id: string) => after.nodes.find((node) => node.id === id)?.position.y ?? 0;
  expect(Math.sign(y("yes") - y("no"))).toBe(side);
});

function crooked() {
  const flow = refundFlow();
  const nodes = flow.nodes.map((node, index) => ({
    ...node,
    position: { x: node.position.x, y: index * 130 },
  }));
  return { ...flow, nodes };
}
