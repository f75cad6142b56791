// Random changes of a drawing, and what must hold after each. For tests only.

import fc from "fast-check";
import { expect } from "vitest";
import type { Command } from "./command";
import { addEvent } from "./commands/addEvent";
import { addNode } from "./commands/addNode";
import { autoLayout } from "./commands/autoLayout";
import { connect } from "./commands/connect";
import { disconnect } from "./commands/disconnect";
import { insertBefore } from "./commands/insertBefore";
import { insertOnEdge } from "./commands/insertOnEdge";
import { moveNodes } from "./commands/moveNodes";
import { fragmentOf, paste } from "./commands/paste";
import { reconnect } from "./commands/reconnect";
import { removeSelection } from "./commands/removeSelection";
import { setEvents } from "./commands/setEvents";
import { setSettings } from "./commands/setSettings";
import {
  EVENT_KINDS,
  eventsOf,
  exitsOf,
  type FlowDocument,
  freshEventId,
  freshNodeId,
  handlersOf,
  isUndoing,
  takesMany,
} from "./document";
import { types } from "./testing";

/** One command, with its name and what it makes. */
export type Move = (document: FlowDocument) => [string, FlowDocument];

const kinds = ["condition", "approval", "timer", "split", "join", "end"];

export const move: fc.Arbitrary<Move> = fc
  .record({ what: fc.nat(11), a: fc.nat(), b: fc.nat(), kind: fc.constantFrom(...kinds) })
  .map(({ what, a, b, kind }) => (document) => {
    const node = document.nodes[a % Math.max(1, document.nodes.length)];
    const other = document.nodes[b % Math.max(1, document.nodes.length)];
    const edge = document.edges[a % Math.max(1, document.edges.length)];
    const id = freshNodeId(document, kind);
    const ports = node === undefined ? [] : exitsOf(node, types);
    const port = ports[b % Math.max(1, ports.length)]?.name ?? "out";
    const done = <Args>(command: Command<Args>, args: Args): [string, FlowDocument] => [
      command.name,
      command.run(document, args, types),
    ];
    if (node === undefined || other === undefined || what === 0)
      return done(addNode, { id, type: kind });
    if (what === 1) return done(addNode, { id, type: kind, after: { node: node.id, port } });
    if (what === 2) return done(insertOnEdge, { edge: edge?.id ?? "", id, type: kind });
    if (what === 3) return done(insertBefore, { node: node.id, id, type: kind });
    if (what === 4) return done(connect, { from: node.id, port, to: other.id });
    if (what === 5) return done(disconnect, { edge: edge?.id ?? "" });
    if (what === 6) return done(removeSelection, { nodes: [node.id], edges: [], notes: [] });
    if (what === 7) {
      const fragment = fragmentOf(document, [node.id, other.id], []);
      return done(paste, { fragment, offset: { x: 40, y: 40 } });
    }
    if (what === 9) {
      const happens = EVENT_KINDS[b % EVENT_KINDS.length] ?? "timer";
      return done(addEvent, {
        node: node.id,
        id: freshEventId(document, happens),
        kind: happens,
      });
    }
    if (what === 10) return done(setEvents, { node: node.id, events: eventsOf(node).slice(1) });
    if (what === 11)
      return done(reconnect, { edge: edge?.id ?? "", from: node.id, port, to: other.id });
    return b % 3 === 0
      ? done(autoLayout, {})
      : b % 3 === 1
        ? done(moveNodes, { positions: { [node.id]: { x: a % 900, y: b % 900 } } })
        : done(setSettings, { node: node.id, settings: {} });
  });

export function expectWhole(document: FlowDocument): void {
  const nodes = new Map(document.nodes.map((node) => [node.id, node]));
  expect(nodes.size).toBe(document.nodes.length);
  expect(new Set(document.edges.map((edge) => edge.id)).size).toBe(document.edges.length);
  const taken = new Set<string>();
  for (const edge of document.edges) {
    const from = nodes.get(edge.from);
    const to = nodes.get(edge.to);
    expect(from && to, `${edge.id} has two ends`).toBeTruthy();
    if (from === undefined || to === undefined) continue;
    expect(exitsOf(from, types).map((port) => port.name)).toContain(edge.port);
    expect(types.get(to.type)?.starts).toBe(false);
    const many = takesMany(from, edge.port, types);
    const place = `${edge.from}.${edge.port}${many ? edge.to : ""}`;
    expect(taken.has(place), `${place} is taken once`).toBe(false);
    taken.add(place);
  }
  const ids = document.nodes.flatMap((node) => eventsOf(node).map((event) => event.id));
  expect(new Set(ids).size, "no event id twice").toBe(ids.length);
  for (const handler of handlersOf(document)) {
    const touching = document.edges.filter((edge) => edge.to === handler || edge.from === handler);
    expect(touching.length, `${handler} stands beside the way`).toBe(1);
    expect(touching.every((edge) => isUndoing(document, edge))).toBe(true);
  }
}
