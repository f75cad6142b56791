import { expect, test } from "vitest";
import { doneUndoneRedone, lines, refundFlow, types } from "../testing";
import { addEvent } from "./addEvent";
import { addNode } from "./addNode";
import { connect } from "./connect";
import { fragmentFrom, fragmentOf, paste } from "./paste";

test("a copy has new ids, its inner lines, and no others", () => {
  const fragment = fragmentOf(refundFlow(), ["check", "ask"], ["note1"]);

  const after = doneUndoneRedone(paste, { fragment, offset: { x: 40, y: 40 } });

  expect(after.nodes.map((node) => node.id)).toContain("ask_2");
  expect(lines(after)).toContain("check_2.big → ask_2");
  expect(lines(after)).toHaveLength(6);
  expect(after.notes).toHaveLength(2);
});

test("references among the copied nodes follow the copies", () => {
  const flow = refundFlow();
  const [, , ask] = flow.nodes;
  if (ask) ask.settings = { title: "{{ check.status }} and {{ start.x }}" };
  const fragment = fragmentOf(flow, ["check", "ask"], []);

  const after = doneUndoneRedone(paste, { fragment, offset: { x: 0, y: 40 } }, flow);

  const copy = after.nodes.find((node) => node.id === "ask_2");
  expect(copy?.settings["title"]).toBe("{{ check_2.status }} and {{ start.x }}");
});

test("a text that is not ours is not pasted", () => {
  expect(fragmentFrom("hello")).toBeNull();
  expect(fragmentFrom('{"kind":"headrace/1"}')).toBeNull();
  expect(fragmentFrom(JSON.stringify(fragmentOf(refundFlow(), ["ask"], [])))).not.toBeNull();
});

test("events come along with their lines, under ids of their own", () => {
  const drawn = connect.run(
    addEvent.run(refundFlow(), { node: "ask", id: "late", kind: "timer" }, types),
    { from: "ask", port: "late", to: "check" },
    types,
  );
  const fragment = fragmentOf(drawn, ["check", "ask"], []);

  const after = doneUndoneRedone(paste, { fragment, offset: { x: 40, y: 40 } }, drawn);

  const copy = after.nodes.find((node) => node.id === "ask_2");
  expect(copy?.events).toEqual([{ id: "late_2", kind: "timer", after: "PT24H" }]);
  expect(lines(after)).toContain("ask_2.late_2 → check_2");
});

test("settings that name a node mean its copy, if that was copied too", () => {
  const before = addNode.run(
    refundFlow(),
    { id: "stone", type: "milestone", settings: { node: "ask" } },
    types,
  );
  const both = fragmentOf(before, ["ask", "stone"], []);
  const one = fragmentOf(before, ["stone"], []);

  const pasted = (fragment: typeof both) =>
    paste.run(before, { fragment, offset: { x: 0, y: 90 } }, types).nodes.at(-1)?.settings;

  expect(pasted(both)).toEqual({ node: "ask_2" });
  expect(pasted(one)).toEqual({ node: "ask" });
});
