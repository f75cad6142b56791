import { expect, test } from "vitest";
import { nodeOf, sameValue } from "../document";
import { refundFlow, types } from "../testing";
import type { Conflict } from "../together/merge";
import { renameNode } from "./renameNode";
import { settle } from "./settle";

test("the chosen side stands where both had changed", () => {
  const mine = renameNode.run(refundFlow(), { node: "ask", name: { en: "Mine" } }, types);
  const conflict: Conflict = {
    id: "field nodes/ask/name/en",
    kind: "field",
    path: ["nodes", "ask", "name", "en"],
    mine: "Mine",
    theirs: "Theirs",
  };

  const theirs = settle.run(mine, { conflict, value: conflict.theirs }, types);

  expect(nodeOf(theirs, "ask")?.name?.en).toBe("Theirs");
  expect(sameValue(settle.run(theirs, { conflict, value: conflict.mine }, types), mine)).toBe(true);
});
