// The other way: what a sub-flow does is drawn in place of the node that starts it.

import type { Command } from "../command";
import {
  entering,
  type FlowDocument,
  type FlowEdge,
  freshEdgeId,
  freshNodeId,
  GAP_X,
  leaving,
  NODE_WIDTH,
  nodeOf,
} from "../document";
import { whyNotWithin } from "../subflow";
import { paste } from "./paste";

export interface InlineSubflow {
  node: string;
  inner: FlowDocument;
}

export const inlineSubflow: Command<InlineSubflow> = {
  name: "inlineSubflow",
  run: (document, { node: id, inner }, types) => {
    const node = nodeOf(document, id);
    if (node === undefined || whyNotWithin(node, inner) !== null) return document;
    const bounds = (each: { type: string }) =>
      types.get(each.type)?.starts || types.get(each.type)?.ends;
    const steps = inner.nodes.filter((each) => !bounds(each));
    const start = inner.nodes.find((each) => types.get(each.type)?.starts);
    const first = leaving(inner, start?.id ?? "")[0]?.to;
    const entry = steps.find((each) => each.id === first);
    if (entry === undefined) return document;

    const inside = new Set(steps.map((each) => each.id));
    const edges = inner.edges.filter((edge) => inside.has(edge.from) && inside.has(edge.to));
    const given = valuesOf(node.settings["input"]);
    const room = given.length === 0 ? 0 : NODE_WIDTH + GAP_X;
    const offset = {
      x: node.position.x + room - entry.position.x,
      y: node.position.y - entry.position.y,
    };
    const fragment = { kind: "headrace/1" as const, nodes: steps, edges, notes: [] };
    const rest: FlowDocument = {
      ...document,
      nodes: document.nodes.filter((each) => each.id !== id),
      edges: document.edges.filter((edge) => edge.from !== id && edge.to !== id),
    };
    let whole = paste.run(rest, { fragment, offset }, types);
    const copies = whole.nodes.slice(rest.nodes.length);
    const copyOf = new Map(steps.map((each, index) => [each.id, copies[index]?.id ?? ""]));
    let begins = copyOf.get(entry.id) ?? "";
    const join = (edge: Omit<FlowEdge, "id">) => {
      whole = { ...whole, edges: [...whole.edges, { id: freshEdgeId(whole), ...edge }] };
    };
    // What it was given under another name gets that name here, too.
    if (given.length > 0) {
      const values = freshNodeId(whole, "set_values");
      const name = node.name === undefined ? {} : { name: node.name };
      const { position } = node;
      const settings = { values: given };
      whole = {
        ...whole,
        nodes: [...whole.nodes, { id: values, type: "set_values", ...name, position, settings }],
      };
      join({ from: values, port: "out", to: begins });
      begins = values;
    }
    for (const { from, port } of entering(document, id)) {
      if (from !== id) join({ from, port, to: begins });
    }
    const next = leaving(document, id).find((edge) => edge.port === "out")?.to;
    for (const edge of inner.edges) {
      const from = copyOf.get(edge.from);
      if (from === undefined || inside.has(edge.to) || next === undefined || next === id) continue;
      join({ from, port: edge.port, to: next });
    }
    return whole;
  },
};

/** Only what changes its name or is worked out: `amount` from `amount` is there already. */
function valuesOf(input: unknown): { name: string; value: string }[] {
  if (!Array.isArray(input)) return [];
  return input.filter((each) => each?.name && each.value !== each.name);
}
