import { expect, test } from "vitest";
import { nodeOf } from "../document";
import { doneUndoneRedone, lines, refundFlow, types } from "../testing";
import { insertStep } from "./insertStep";

test("a refusal leads where the other refusals lead, or to an end of its own", () => {
  const flow = refundFlow();
  const alone = { ...flow, edges: flow.edges.filter((edge) => edge.id !== "e5") };
  const wish = { place: { edges: ["e4"] }, id: "second", type: "approval" };

  const after = doneUndoneRedone(insertStep, wish, alone);

  expect(lines(after)).toContain("ask.approved → second");
  expect(lines(after)).toContain("second.approved → done");
  expect(lines(after)).toContain("second.rejected → rejected");
  expect(nodeOf(after, "rejected")?.settings["result"]).toBe("rejected");
  const third = insertStep.run(after, { ...wish, id: "third" }, types);
  expect(lines(third)).toContain("third.rejected → rejected");
});

test("branches of a choice meet again where the line went on", () => {
  const wish = { place: { edges: ["e1"] }, id: "choice", type: "condition", inclusive: true };

  const after = doneUndoneRedone(insertStep, wish);

  expect(nodeOf(after, "choice")?.settings["mode"]).toBe("all");
  expect(lines(after)).toContain("choice.branch_1 → join");
  expect(lines(after)).toContain("choice.else → join");
  expect(lines(after)).toContain("join.out → check");
});

test("a split comes with two steps and a join; all lines of a place go through the new step", () => {
  const split = insertStep.run(
    refundFlow(),
    { place: { edges: ["e3", "e4"] }, id: "p", type: "split" },
    types,
  );

  expect(lines(split)).toEqual(
    expect.arrayContaining([
      "check.else → p",
      "ask.approved → p",
      "p.out → approval",
      "p.out → approval_2",
      "approval.approved → join",
      "approval_2.approved → join",
      "join.out → done",
    ]),
  );
});
