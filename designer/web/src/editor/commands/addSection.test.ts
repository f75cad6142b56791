import { expect, test } from "vitest";
import { insideOf } from "../sections";
import { doneUndoneRedone, refundFlow } from "../testing";
import { addSection } from "./addSection";

test("the frame stands around the selected nodes, and only those", () => {
  const after = doneUndoneRedone(addSection, { id: "s", items: ["check", "ask"], text: "Decide" });

  const [section] = after.notes ?? [];
  expect(section?.kind).toBe("section");
  expect(section && insideOf(after, section).map((item) => item.id)).toEqual(["check", "ask"]);
});

test("around nothing there is no frame", () => {
  const flow = refundFlow();

  expect(addSection.run(flow, { id: "s", items: [], text: "" }, new Map())).toBe(flow);
});
