import { expect, test } from "vitest";
import { doneUndoneRedone, types } from "../testing";
import { setResult } from "./setResult";

test("the output gets a name, and loses it again", () => {
  const named = doneUndoneRedone(setResult, { node: "ask", result: "decision" });
  const plain = setResult.run(named, { node: "ask", result: "" }, types);

  expect(named.nodes.find((node) => node.id === "ask")?.result).toBe("decision");
  expect(plain.nodes.find((node) => node.id === "ask")).not.toHaveProperty("result");
});
