import { expect, test } from "vitest";
import { doneUndoneRedone } from "../testing";
import { renameNode } from "./renameNode";

test("a node is called otherwise", () => {
  const after = doneUndoneRedone(renameNode, { node: "ask", name: { zh: "审批", en: "Approval" } });

  expect(after.nodes.find((node) => node.id === "ask")?.name).toEqual({
    zh: "审批",
    en: "Approval",
  });
});
