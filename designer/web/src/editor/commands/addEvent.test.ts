import { expect, test } from "vitest";
import { doneUndoneRedone, lines, refundFlow, types } from "../testing";
import { addEvent } from "./addEvent";
import { addNode } from "./addNode";
import { connect } from "./connect";
import { insertOnEdge } from "./insertOnEdge";
import { removeSelection } from "./removeSelection";

const added = (kind: "timer" | "compensation" | "error" = "timer") =>
  addEvent.run(refundFlow(), { node: "ask", id: "late", kind }, types);
const withHelper = (kind: "timer" | "compensation" = "compensation") =>
  addNode.run(added(kind), { id: "helper", type: "timer" }, types);

test("an event is one more exit of its node", () => {
  const after = doneUndoneRedone(addEvent, { node: "ask", id: "late", kind: "timer" });

  expect(after.nodes.find((node) => node.id === "ask")?.events).toEqual([
    { id: "late", kind: "timer", after: "PT24H" },
  ]);
});

test("an event leads somewhere by a line of its own, and only one", () => {
  const once = connect.run(added(), { from: "ask", port: "late", to: "done" }, types);
  const twice = connect.run(once, { from: "ask", port: "late", to: "check" }, types);

  expect(lines(once)).toContain("ask.late → done");
  expect(lines(twice)).toContain("ask.late → check");
  expect(lines(twice)).not.toContain("ask.late → done");
});

test("a node that does not wait has no events from outside, but may fail", () => {
  const before = refundFlow();

  expect(addEvent.run(before, { node: "check", id: "x", kind: "timer" }, types)).toBe(before);
  expect(addEvent.run(before, { node: "check", id: "x", kind: "error" }, types)).not.toBe(before);
  expect(addEvent.run(before, { node: "start", id: "x", kind: "error" }, types)).toBe(before);
});

test("a node added after an event stands below", () => {
  const after = addNode.run(
    added(),
    { id: "wait", type: "timer", after: { node: "ask", port: "late" } },
    types,
  );

  const place = (id: string) => after.nodes.find((node) => node.id === id)?.position;
  expect(lines(after)).toContain("ask.late → wait");
  expect(place("wait")?.y).toBeGreaterThan((place("ask")?.y ?? 0) + 60);
});

test("who undoes a node stands beside the way", () => {
  const before = withHelper();
  const undone = connect.run(before, { from: "ask", port: "late", to: "helper" }, types);

  expect(lines(undone)).toContain("ask.late → helper");
  const leave = { from: "helper", port: "out", to: "done" };
  expect(connect.run(undone, leave, types)).toBe(undone);
  const arrive = { from: "ask", port: "returned", to: "helper" };
  expect(connect.run(undone, arrive, types)).toBe(undone);
  const edge = undone.edges.find((each) => each.to === "helper")?.id ?? "";
  expect(insertOnEdge.run(undone, { edge, id: "x", type: "timer" }, types)).toBe(undone);
});

test("an end, or what has a way of its own, undoes nothing", () => {
  const before = withHelper();

  expect(connect.run(before, { from: "ask", port: "late", to: "done" }, types)).toBe(before);
  const busy = connect.run(before, { from: "helper", port: "out", to: "done" }, types);
  expect(connect.run(busy, { from: "ask", port: "late", to: "helper" }, types)).toBe(busy);
});

test("the line closes over a deleted node, whatever its events led to", () => {
  const before = addNode.run(
    addNode.run(
      refundFlow(),
      { id: "wait", type: "timer", after: { node: "ask", port: "approved" } },
      types,
    ),
    { id: "other", type: "timer" },
    types,
  );
  const event = addEvent.run(before, { node: "wait", id: "late", kind: "timer" }, types);
  const led = connect.run(event, { from: "wait", port: "late", to: "other" }, types);

  const after = removeSelection.run(led, { nodes: ["wait"], edges: [], notes: [] }, types);

  expect(lines(after)).toContain("ask.approved → done");
  expect(lines(after).some((line) => line.endsWith("→ other"))).toBe(false);
});
