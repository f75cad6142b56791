import { expect, test } from "vitest";
import { doneUndoneRedone, lines } from "../testing";
import { removeBlock } from "./removeBlock";

test("a choice goes with its branches, and the line closes over it", () => {
  const after = doneUndoneRedone(removeBlock, {
    node: "check",
    nodes: ["check", "ask"],
    outs: [
      { from: "ask", port: "approved" },
      { from: "check", port: "else" },
    ],
  });

  expect(lines(after)).toEqual(["start.out → done"]);
});
