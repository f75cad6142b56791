// For the tests beside this file: a small flow in words, and the three questions every command is asked.

import { expect } from "vitest";
import type { Command } from "./command";
import type { FlowDocument, FlowNode, NodeType, NodeTypes, Port } from "./document";
import { begin, record, redo, undo } from "./history";

const out: Port = { name: "out", title: { zh: "下一步", en: "Next" }, required: true };

function type(name: string, more: Partial<NodeType> = {}): NodeType {
  return {
    name,
    title: { zh: name, en: name },
    group: "control",
    icon: "question",
    starts: false,
    ends: false,
    joins: false,
    splits: false,
    waits: false,
    in_worker: false,
    ports: [out],
    ports_from: null,
    settings: { type: "object", properties: {} },
    example: {},
    ...more,
  };
}

const port = (name: string, required = true): Port => ({ name, title: { en: name }, required });

export const types: NodeTypes = new Map(
  [
    type("start", { starts: true, group: "start" }),
    type("condition", { ports_from: "branches", ports: [port("else")] }),
    type("approval", {
      waits: true,
      ports: [port("approved"), port("rejected"), port("returned", false)],
    }),
    type("milestone", {
      waits: true,
      settings: { type: "object", properties: { node: { type: "string", "x-widget": "node" } } },
    }),
    type("timer", {
      waits: true,
      settings: {
        type: "object",
        required: ["mode"],
        properties: { mode: { enum: ["for", "until"] } },
      },
    }),
    type("subflow", { waits: true }),
    type("set_values"),
    type("split", { splits: true }),
    type("join", { joins: true }),
    type("end", { ends: true, ports: [] }),
  ].map((each) => [each.name, each]),
);

/** start → check (big | else) → ask (approved | rejected) → done, with room between them. */
export function refundFlow(): FlowDocument {
  const node = (id: string, kind: string, x: number, settings = {}): FlowNode => ({
    id,
    type: kind,
    name: { zh: id, en: id },
    position: { x, y: 0 },
    settings,
  });
  return {
    format: 1,
    key: "refund",
    name: { zh: "退款", en: "Refund" },
    input: { type: "object", properties: { amount: { type: "number" } } },
    nodes: [
      node("start", "start", 0),
      node("check", "condition", 400, { branches: [{ id: "big", name: { en: "Big" }, when: {} }] }),
      node("ask", "approval", 800, { title: "Refund {{ amount }}" }),
      node("done", "end", 1200),
    ],
    edges: [
      { id: "e1", from: "start", port: "out", to: "check" },
      { id: "e2", from: "check", port: "big", to: "ask" },
      { id: "e3", from: "check", port: "else", to: "done" },
      { id: "e4", from: "ask", port: "approved", to: "done" },
      { id: "e5", from: "ask", port: "rejected", to: "done" },
    ],
    notes: [
      {
        id: "note1",
        text: "Ask finance",
        position: { x: 0, y: 300 },
        size: { width: 200, height: 100 },
        color: "yellow",
      },
    ],
  };
}

/** Runs a command, takes it back and does it again; the documents must be the very same values. */
export function doneUndoneRedone<Args>(
  command: Command<Args>,
  args: Args,
  before = refundFlow(),
): FlowDocument {
  const frozen = structuredClone(before);
  const after = command.run(before, args, types);
  expect(before, "a command leaves the document it was given as it was").toEqual(frozen);

  const done = record(begin(before), command.name, after, 0, command.burst?.(args) ?? null);
  const undone = undo(done);
  const redone = redo(undone);

  expect(after).not.toBe(before);
  expect(undone.present).toBe(before);
  expect(redone.present).toBe(after);
  expect(redone.past.at(-1)?.label).toBe(command.name);
  return after;
}

/** "start.out → check" for every line, sorted. */
export function lines(document: FlowDocument): string[] {
  return document.edges.map((edge) => `${edge.from}.${edge.port} → ${edge.to}`).sort();
}

/** Every line has two ends, every id is there once, and every exit is led somewhere once. */
export function refersOnlyToItself(document: FlowDocument): void {
  const ids = document.nodes.map((node) => node.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const edge of document.edges) {
    expect(ids, edge.id).toContain(edge.from);
    expect(ids, edge.id).toContain(edge.to);
  }
  const exits = document.edges.map((edge) => `${edge.from}.${edge.port}`);
  expect(new Set(exits).size).toBe(exits.length);
}

/** Every line has two different ends that exist, and an id of its own. */
export function expectOneEdgeEach(document: FlowDocument): void {
  const ids = new Set(document.nodes.map((node) => node.id));
  expect(ids.size).toBe(document.nodes.length);
  expect(new Set(document.edges.map((edge) => edge.id)).size).toBe(document.edges.length);
  const loose = document.edges.filter((edge) => !ids.has(edge.from) || !ids.has(edge.to));
  expect(loose).toEqual([]);
}
