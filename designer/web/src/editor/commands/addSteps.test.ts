import { expect, test } from "vitest";
import { nodeOf } from "../document";
import { doneUndoneRedone, lines, refersOnlyToItself, refundFlow, types } from "../testing";
import { addSteps, type NewStep } from "./addSteps";

const wait: NewStep = {
  id: "wait",
  type: "timer",
  name: { en: "Wait" },
  settings: { mode: "for" },
};
const choose: NewStep = {
  id: "choose",
  type: "condition",
  name: { en: "Choose" },
  settings: { branches: [{ id: "b1", name: { en: "B" }, when: {} }] },
};
const ask: NewStep = { id: "ask_2", type: "approval", name: { en: "Ask" }, settings: {} };

test("steps on a line: what followed follows the last of them", () => {
  const after = doneUndoneRedone(addSteps, { steps: [wait, ask], from: { edge: "e1" } });

  expect(lines(after)).toEqual(
    expect.arrayContaining(["start.out → wait", "wait.out → ask_2", "ask_2.approved → check"]),
  );
  expect(nodeOf(after, "wait")?.settings).toEqual({ mode: "for" });
  refersOnlyToItself(after);
});

test("behind a choice the line goes on where no branch fits", () => {
  const after = doneUndoneRedone(addSteps, { steps: [choose, wait], from: { edge: "e1" } });

  expect(lines(after)).toEqual(
    expect.arrayContaining(["start.out → choose", "choose.else → wait", "wait.out → check"]),
  );
  expect(lines(after).filter((line) => line.startsWith("choose.b1"))).toEqual([]);
});

test("the line may end at a node that is there, or at a new end", () => {
  const flow = refundFlow();
  const open = { ...flow, edges: flow.edges.filter((edge) => edge.id !== "e5") };
  const from = { node: "ask", port: "rejected" };

  const there = addSteps.run(open, { steps: [wait, { to: "check" }], from }, types);
  const end: NewStep = { id: "no", type: "end", name: { en: "No" }, settings: {} };
  const ended = addSteps.run(open, { steps: [wait, end], from }, types);

  expect(lines(there)).toEqual(expect.arrayContaining(["ask.rejected → wait", "wait.out → check"]));
  expect(lines(ended)).toEqual(expect.arrayContaining(["ask.rejected → wait", "wait.out → no"]));
});

test("a beginning right behind the start takes its place", () => {
  const start: NewStep = { id: "begin", type: "start", name: { en: "Begin" }, settings: { a: 1 } };

  const after = doneUndoneRedone(addSteps, {
    steps: [start, wait],
    from: { node: "start", port: "out" },
  });

  expect(nodeOf(after, "start")).toBeUndefined();
  expect(lines(after)).toEqual(expect.arrayContaining(["begin.out → wait", "wait.out → check"]));
});

test("what may not be changes nothing: a start in the middle, a line to a start", () => {
  const flow = refundFlow();
  const start: NewStep = { id: "begin", type: "start", name: { en: "Begin" }, settings: {} };
  const from = { node: "ask", port: "rejected" };

  expect(addSteps.run(flow, { steps: [start], from }, types)).toBe(flow);
  expect(addSteps.run(flow, { steps: [wait, { to: "start" }], from }, types)).toBe(flow);
});
