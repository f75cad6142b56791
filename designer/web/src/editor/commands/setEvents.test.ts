import { expect, test } from "vitest";
import { doneUndoneRedone, lines, refundFlow, types } from "../testing";
import { addEvent } from "./addEvent";
import { connect } from "./connect";
import { setEvents } from "./setEvents";

const drawn = connect.run(
  addEvent.run(refundFlow(), { node: "ask", id: "late", kind: "timer" }, types),
  { from: "ask", port: "late", to: "done" },
  types,
);

test("an event is said otherwise; its line stays", () => {
  const events = [{ id: "late", kind: "timer" as const, after: "P3D", interrupting: false }];

  const after = doneUndoneRedone(setEvents, { node: "ask", events }, drawn);

  expect(after.nodes.find((node) => node.id === "ask")?.events).toEqual(events);
  expect(lines(after)).toContain("ask.late → done");
});

test("an event that is gone takes its line with it", () => {
  const after = doneUndoneRedone(setEvents, { node: "ask", events: [] }, drawn);

  expect(lines(after)).toEqual(lines(refundFlow()));
  expect(after.nodes.find((node) => node.id === "ask")).not.toHaveProperty("events");
});
