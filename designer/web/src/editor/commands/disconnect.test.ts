import { expect, test } from "vitest";
import { doneUndoneRedone, lines } from "../testing";
import { disconnect } from "./disconnect";

test("one line goes, the others stay", () => {
  const after = doneUndoneRedone(disconnect, { edge: "e2" });

  expect(lines(after)).toHaveLength(4);
  expect(lines(after)).not.toContain("check.big → ask");
});
