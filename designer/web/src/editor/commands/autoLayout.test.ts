import { expect, test } from "vitest";
import { doneUndoneRedone } from "../testing";
import { autoLayout } from "./autoLayout";

test("what comes later stands further right", () => {
  const after = doneUndoneRedone(autoLayout, {});

  const x = (id: string) => after.nodes.find((node) => node.id === id)?.position.x ?? 0;
  expect([x("start"), x("check"), x("ask"), x("done")]).toEqual(
    [x("start"), x("check"), x("ask"), x("done")].sort((a, b) => a - b),
  );
  expect(x("ask")).toBeGreaterThan(x("check"));
});

test("only the selected nodes move when some are selected", () => {
  const after = doneUndoneRedone(autoLayout, { only: ["ask", "done"] });

  expect(after.nodes.find((node) => node.id === "start")?.position).toEqual({ x: 0, y: 0 });
});
