import { expect, test } from "vitest";
import { doneUndoneRedone, lines } from "../testing";
import { copyBlock } from "./copyBlock";

test("the copy stands behind the first, and its refusal leads where the first one's does", () => {
  const block = { node: "ask", nodes: ["ask"], outs: [{ from: "ask", port: "approved" }] };

  const after = doneUndoneRedone(copyBlock, { block, place: { edges: ["e4"] } });

  expect(lines(after)).toEqual(
    expect.arrayContaining([
      "ask.approved → ask_2",
      "ask_2.approved → done",
      "ask_2.rejected → done",
    ]),
  );
});
