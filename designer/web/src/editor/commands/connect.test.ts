import { expect, test } from "vitest";
import { doneUndoneRedone, lines, refundFlow, types } from "../testing";
import { connect } from "./connect";

test("an open port is connected", () => {
  const after = doneUndoneRedone(connect, { from: "ask", port: "returned", to: "check" });

  expect(lines(after)).toContain("ask.returned → check");
});

test("an occupied port is led elsewhere, since it takes one line only", () => {
  const after = doneUndoneRedone(connect, { from: "start", port: "out", to: "ask" });

  expect(lines(after)).toContain("start.out → ask");
  expect(lines(after)).not.toContain("start.out → check");
});

test("a line that may not be leaves the document alone", () => {
  const before = refundFlow();

  expect(connect.run(before, { from: "ask", port: "approved", to: "start" }, types)).toBe(before);
});
