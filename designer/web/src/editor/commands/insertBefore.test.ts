import { expect, test } from "vitest";
import { doneUndoneRedone, lines } from "../testing";
import { insertBefore } from "./insertBefore";

test("every line that led to the node leads to the new one", () => {
  const after = doneUndoneRedone(insertBefore, { node: "done", id: "wait", type: "timer" });

  expect(lines(after)).toContain("check.else → wait");
  expect(lines(after)).toContain("ask.approved → wait");
  expect(lines(after).filter((line) => line.endsWith("→ done"))).toEqual(["wait.out → done"]);
});
