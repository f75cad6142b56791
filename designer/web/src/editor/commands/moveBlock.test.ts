import { expect, test } from "vitest";
import { doneUndoneRedone, lines, refundFlow, types } from "../testing";
import { moveBlock } from "./moveBlock";

const ask = { node: "ask", nodes: ["ask"], outs: [{ from: "ask", port: "approved" }] };

test("a step goes to another place and closes the line behind it", () => {
  const after = doneUndoneRedone(moveBlock, { block: ask, place: { edges: ["e1"] } });

  expect(lines(after)).toEqual([
    "ask.approved → check",
    "ask.rejected → done",
    "check.big → done",
    "check.else → done",
    "start.out → ask",
  ]);
  const x = (id: string) => after.nodes.find((node) => node.id === id)?.position.x ?? 0;
  expect(x("check")).toBeGreaterThan(x("ask"));
});

test("beside itself, or into itself, it stays where it is", () => {
  const before = refundFlow();

  expect(moveBlock.run(before, { block: ask, place: { edges: ["e2"] } }, types)).toBe(before);
  expect(
    moveBlock.run(before, { block: ask, place: { node: "ask", port: "returned" } }, types),
  ).toBe(before);
});
