// One press mends what is obvious, and one press takes it back.

import { beforeEach, expect, test } from "vitest";
import type { Problem } from "../api/client";
import type { FlowDocument } from "./document";
import { fixFor } from "./fixes";
import { useEditor } from "./store";
import { refundFlow, types } from "./testing";

const problem = (code: string, more: Partial<Problem> = {}): Problem => ({
  path: "",
  code,
  message: code,
  ...more,
});

const present = () => useEditor.getState().history.present;

function open(document: FlowDocument = refundFlow()) {
  useEditor.getState().open(document, types, false);
  return document;
}

beforeEach(() => {
  open();
});

function mended(found: Problem, document = present()): FlowDocument {
  const before = useEditor.getState().history.past.length;
  const fix = fixFor(found, document);
  expect(fix).not.toBeNull();
  fix?.run();
  const after = present();
  expect(useEditor.getState().history.past.length).toBe(before + 1);
  useEditor.getState().undo();
  expect(present()).toEqual(document);
  return after;
}

test("an open exit is led to the end", () => {
  const whole = refundFlow();
  const document = open({ ...whole, edges: whole.edges.filter((edge) => edge.id !== "e5") });
  const after = mended(problem("port_unconnected", { node: "ask", params: { port: "rejected" } }));

  expect(after.edges.length).toBe(document.edges.length + 1);
  expect(after.edges.at(-1)).toMatchObject({ from: "ask", port: "rejected", to: "done" });
});

test("a node nobody comes to is removed", () => {
  const after = mended(problem("unreachable", { node: "ask" }));
  expect(after.nodes.some((node) => node.id === "ask")).toBe(false);
});

test("a flow without an end gets one behind the first open exit", () => {
  const whole = refundFlow();
  open({
    ...whole,
    nodes: whole.nodes.filter((node) => node.id !== "done"),
    edges: whole.edges.filter((edge) => edge.to !== "done"),
  });
  const after = mended(problem("no_end"));
  const end = after.nodes.find((node) => node.type === "end");
  expect(after.edges.some((edge) => edge.to === end?.id)).toBe(true);
});

test("a step that is repeated freely gets a key, a loop a bound, a second of a name another", () => {
  const keyed = mended(problem("repeats_freely", { node: "ask" }));
  expect(keyed.nodes.find((node) => node.id === "ask")?.settings["effect"]).toBe("keyed");
  const bound = mended(problem("loop_without_wait", { node: "check" }));
  expect(bound.nodes.find((node) => node.id === "check")?.visits_max).toBe(10);
  const named = mended(problem("name_twice", { node: "ask" }));
  expect(named.nodes.find((node) => node.id === "ask")?.name).not.toEqual({ zh: "ask", en: "ask" });
});

test("an event that never happens is taken away", () => {
  const whole = refundFlow();
  open({
    ...whole,
    nodes: whole.nodes.map((node) =>
      node.id === "check" ? { ...node, events: [{ id: "late", kind: "timer" as const }] } : node,
    ),
  });
  const after = mended(problem("event_never", { node: "check", path: "/nodes/1/events/0" }));
  expect(after.nodes.find((node) => node.id === "check")?.events).toBeUndefined();
});

test("what is not obvious has no button", () => {
  expect(fixFor(problem("expression_wrong", { node: "ask" }), present())).toBeNull();
});
