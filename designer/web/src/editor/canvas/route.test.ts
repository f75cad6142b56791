import * as fc from "fast-check";
import { expect, test } from "vitest";
import { refundFlow, types } from "../testing";
import { Field, roundedPath, routes } from "./route";

test("a line to the next node goes straight", () => {
  expect(routes(refundFlow(), types).get("e1")).toEqual({ way: "late" });
});

test("a line that would run behind a node makes a detour below it", () => {
  const route = routes(refundFlow(), types).get("e3");

  expect(route?.way).toBe("detour");
  expect(route?.way === "detour" && route.y).toBeGreaterThan(64 + 3 * 26);
});

test("a line that can reach its target above a node bends early", () => {
  const flow = refundFlow();
  const nodes = flow.nodes.map((node) =>
    node.id === "done" ? { ...node, position: { x: 1200, y: -200 } } : node,
  );

  expect(routes({ ...flow, nodes }, types).get("e3")).toEqual({ way: "early" });
});

test("a line back makes a detour, and two of them keep apart", () => {
  const flow = refundFlow();
  const edges = [
    { id: "b1", from: "ask", port: "returned", to: "check" },
    { id: "b2", from: "ask", port: "rejected", to: "check" },
  ];

  const found = [...routes({ ...flow, edges }, types).values()];

  expect(found.map((route) => route.way)).toEqual(["detour", "detour"]);
  expect(new Set(found.map((route) => route.way === "detour" && route.y)).size).toBe(2);
});

test("corners are rounded", () => {
  const path = roundedPath([
    { x: 0, y: 0 },
    { x: 100, y: 0 },
    { x: 100, y: 100 },
  ]);

  expect(path).toBe("M0,0 L86,0 Q100,0 100,14 L100,100");
});

test("an event's line drops to what stands below, and makes a detour to what does not", () => {
  const flow = refundFlow();
  const nodes = flow.nodes.map((node) => ({
    ...node,
    ...(node.id === "ask" ? { events: [{ id: "late", kind: "timer" as const }] } : {}),
    ...(node.id === "done" ? { position: { x: 900, y: 300 } } : {}),
  }));
  const edges = [
    { id: "down", from: "ask", port: "late", to: "done" },
    { id: "back", from: "ask", port: "late", to: "check" },
  ];

  const found = routes({ ...flow, nodes, edges }, types);

  expect(found.get("down")).toEqual({ way: "drop" });
  expect(found.get("back")?.way).toBe("detour");
});

test("what stands right below is reached from above, beside what stands between", () => {
  const flow = refundFlow();
  const below = (y: number) =>
    flow.nodes.map((node) => (node.id === "check" ? { ...node, position: { x: 0, y } } : node));
  expect(routes({ ...flow, nodes: below(200) }, types).get("e1")).toEqual({
    way: "fall",
    out: null,
  });

  const between = below(400).map((node) =>
    node.id === "done" ? { ...node, position: { x: 20, y: 200 } } : node,
  );
  const route = routes({ ...flow, nodes: between }, types).get("e1");
  expect(route?.way === "fall" && route.out).toBeGreaterThan(20 + 232);
});

test("looking at what is near finds what looking at every box finds", () => {
  const box = fc
    .tuple(
      fc.integer({ min: -3_000, max: 3_000 }),
      fc.integer({ min: -3_000, max: 3_000 }),
      fc.integer({ min: 0, max: 900 }),
      fc.oneof(fc.integer({ min: 0, max: 900 }), fc.constant(9_000_000)),
    )
    .map(([left, top, width, height]) => ({
      left,
      right: left + width,
      top,
      bottom: top + height,
    }));

  fc.assert(
    fc.property(fc.array(box), box, (boxes, frame) => {
      const all = boxes.filter(
        ({ left, right, top, bottom }) =>
          left < frame.right && right > frame.left && top < frame.bottom && bottom > frame.top,
      );
      const { left, right, top, bottom } = frame;
      expect(new Field(boxes).touching(left, right, top, bottom)).toEqual(all);
    }),
  );
});
