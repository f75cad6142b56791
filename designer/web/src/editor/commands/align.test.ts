import { expect, test } from "vitest";
import { doneUndoneRedone, refundFlow } from "../testing";
import { type Alignment, align } from "./align";

const scattered = () => {
  const flow = refundFlow();
  const nodes = flow.nodes.map((node, index) => ({
    ...node,
    position: { x: index * 400, y: index * 90 },
  }));
  return { ...flow, nodes };
};

// The nodes are equally wide; `check` has two ports and is higher than `start` and `done`.
test.each<[Alignment, "x" | "y", number[]]>([
  ["left", "x", [0, 0]],
  ["right", "x", [1200, 1200]],
  ["center", "x", [600, 600]],
  ["top", "y", [0, 0]],
  ["middle", "y", [135, 135]],
  ["bottom", "y", [270, 270]],
])("%s", (how, axis, expected) => {
  const after = doneUndoneRedone(align, { items: ["start", "done"], how }, scattered());

  const places = ["start", "done"].map(
    (id) => after.nodes.find((node) => node.id === id)?.position[axis],
  );
  expect(places).toEqual(expected);
});

test("one alone is aligned already", () => {
  const flow = scattered();

  expect(align.run(flow, { items: ["start"], how: "left" }, new Map())).toBe(flow);
});
