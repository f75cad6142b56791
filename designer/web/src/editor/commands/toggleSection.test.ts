import { expect, test } from "vitest";
import { hiding } from "../sections";
import { doneUndoneRedone, refundFlow, types } from "../testing";
import { addSection } from "./addSection";
import { moveNodes } from "./moveNodes";
import { toggleSection } from "./toggleSection";

const framed = () =>
  addSection.run(refundFlow(), { id: "s", items: ["check", "ask"], text: "" }, types);

test("a collapsed section hides what stands in it, an open one nothing", () => {
  const shut = doneUndoneRedone(toggleSection, { section: "s" }, framed());
  expect([...hiding(shut)]).toEqual([
    ["check", "s"],
    ["ask", "s"],
  ]);

  const open = doneUndoneRedone(toggleSection, { section: "s" }, shut);
  expect(open).toEqual(framed());
});

test("what is put over a collapsed section is not hidden", () => {
  const shut = toggleSection.run(framed(), { section: "s" }, types);

  const after = moveNodes.run(shut, { positions: { done: { x: 500, y: 0 } } }, types);

  expect(hiding(after).has("done")).toBe(false);
});

test("a note is no section", () => {
  const flow = refundFlow();

  expect(toggleSection.run(flow, { section: "note1" }, types)).toBe(flow);
});
