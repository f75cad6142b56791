import { expect, test } from "vitest";
import { type HeatMap, type HeatNode, marksOf, measured, warmth } from "./heat";

const row = (node: string, more: Partial<HeatNode> = {}): HeatNode => ({
  node,
  visits: 10,
  failed: 0,
  median_ms: 0,
  p95_ms: 0,
  max_ms: 0,
  total_ms: 0,
  waiting: 0,
  waiting_since: null,
  incidents: 0,
  ...more,
});

test("the longest wait is the warmest, and what takes no time is cold", () => {
  const hours = row("ask", { median_ms: 7_200_000 });
  const seconds = row("pay", { median_ms: 2_000 });
  const found = warmth([hours, seconds, row("check")], "median");

  expect(found.get("ask")).toBe(1);
  expect(found.get("pay")).toBeGreaterThan(0.1);
  expect(found.get("pay")).toBeLessThan(0.2);
  expect(found.has("check")).toBe(false);
});

test("failures are those of the past and the incidents of now", () => {
  expect(measured(row("pay", { failed: 2, incidents: 1 }), "failed")).toBe(3);
  expect(warmth([row("pay", { failed: 2 }), row("ask", { failed: 4 })], "failed").get("pay")).toBe(
    0.5,
  );
  expect(warmth([row("pay")], "waiting").size).toBe(0);
});

test("a node nobody came to has no mark", () => {
  const nodes = [row("ask"), row("no", { visits: 0 }), row("new", { visits: 0, waiting: 2 })];
  const map = { nodes, edges: { e1: 10 } } as unknown as HeatMap;

  const marks = marksOf(map, "waiting", (each) => `${each.waiting}`);

  expect([...marks.nodes.keys()]).toEqual(["ask", "new"]);
  expect(marks.edges.get("e1")).toBe(10);
});
