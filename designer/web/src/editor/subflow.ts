// A part of a flow as a flow of its own, and back. Pure.

import type { JsonSchema } from "../schema";
import {
  entering,
  type FlowDocument,
  type FlowEdge,
  type FlowNode,
  firstSettings,
  formsOf,
  freshEdgeId,
  freshNodeId,
  GAP_X,
  inputOf,
  isUndoing,
  NODE_WIDTH,
  type NodeTypes,
  nodeOf,
  type Text,
  upstream,
} from "./document";

export type Apart =
  | "nothing"
  | "a_start_or_end"
  | "ways_in"
  | "ways_out"
  | "undoing"
  | "used_later";

/** Why these nodes cannot be a flow of their own; null if they can. */
export function whyNotApart(
  document: FlowDocument,
  ids: readonly string[],
  types: NodeTypes,
): Apart | null {
  const inside = new Set(ids);
  const nodes = document.nodes.filter((node) => inside.has(node.id));
  if (nodes.length === 0) return "nothing";
  if (nodes.some((node) => types.get(node.type)?.starts || types.get(node.type)?.ends))
    return "a_start_or_end";
  const { ways, outs } = crossing(document, inside);
  if ([...ways, ...outs].some((edge) => isUndoing(document, edge))) return "undoing";
  if (new Set(ways.map((edge) => edge.to)).size !== 1) return "ways_in";
  if (new Set(outs.map((edge) => edge.to)).size > 1) return "ways_out";
  const results = new Set(nodes.map((node) => node.result ?? node.id));
  const others = document.nodes.filter((node) => !inside.has(node.id));
  const later = others.some((node) =>
    rootsIn([node.settings, node.events]).some((root) => results.has(root)),
  );
  return later ? "used_later" : null;
}

function crossing(document: FlowDocument, inside: ReadonlySet<string>) {
  return {
    ways: document.edges.filter((edge) => !inside.has(edge.from) && inside.has(edge.to)),
    outs: document.edges.filter((edge) => inside.has(edge.from) && !inside.has(edge.to)),
  };
}

/** What is named in expressions, templates and conditions: `amount`, and `refund` of `refund.status`. */
function rootsIn(value: unknown): string[] {
  const roots = new Set<string>();
  const look = (item: unknown, key: string) => {
    if (typeof item === "string") {
      const texts = /\{\{/.test(item)
        ? [...item.matchAll(/\{\{(.*?)\}\}/gs)].map((m) => m[1] ?? "")
        : [item];
      // A plain text is no expression, but a word of it that happens to be a name does no harm as one more input.
      for (const text of key === "name" || key === "id" ? [] : texts) {
        for (const [root] of text.matchAll(/(?<![\w."'])[a-z_]\w*/g)) roots.add(root);
      }
    } else if (typeof item === "object" && item !== null) {
      for (const [name, inner] of Object.entries(item)) look(inner, name);
    }
  };
  look(value, "");
  return [...roots];
}

export interface Parted {
  outer: FlowDocument;
  inner: FlowDocument;
}

/** The rest with one node in place of those, and those with a start and an end. */
export function parted(
  document: FlowDocument,
  ids: readonly string[],
  flow: { key: string; name: Text; node: string },
  types: NodeTypes,
): Parted | null {
  if (whyNotApart(document, ids, types) !== null) return null;
  const inside = new Set(ids);
  const nodes = document.nodes.filter((node) => inside.has(node.id));
  const { ways, outs } = crossing(document, inside);
  const entry = ways[0]?.to ?? "";
  const given = inputsOf(document, nodes, entry, types);
  return {
    inner: innerFlow(document, nodes, flow, entry, outs, given),
    outer: {
      ...document,
      nodes: [
        ...document.nodes.filter((node) => !inside.has(node.id)),
        {
          id: flow.node,
          type: "subflow",
          name: flow.name,
          position: nodeOf(document, entry)?.position ?? { x: 0, y: 0 },
          settings: {
            ...settingsOf("subflow", types),
            flow: flow.key,
            ...(given.length === 0
              ? {}
              : { input: given.map(([name]) => ({ name, value: name })) }),
          },
        },
      ],
      edges: [
        ...document.edges
          .filter(
            (edge) => !inside.has(edge.from) && !(inside.has(edge.from) && inside.has(edge.to)),
          )
          .map((edge) => (inside.has(edge.to) ? { ...edge, to: flow.node } : edge)),
        ...outs.slice(0, 1).map((edge) => ({ ...edge, from: flow.node, port: "out" })),
      ],
    },
  };
}

function settingsOf(name: string, types: NodeTypes) {
  const type = types.get(name);
  return type === undefined ? {} : firstSettings(type);
}

/** What those nodes use from outside, with its schema. */
function inputsOf(
  document: FlowDocument,
  nodes: readonly FlowNode[],
  entry: string,
  types: NodeTypes,
): [name: string, schema: JsonSchema][] {
  const own = new Set(nodes.map((node) => node.result ?? node.id));
  const known = new Map<string, JsonSchema>(Object.entries(inputOf(document).properties ?? {}));
  for (const [key, form] of Object.entries(formsOf(document))) known.set(key, form.schema);
  for (const node of upstream(document, entry)) {
    const title = node.name === undefined ? {} : { "x-title": node.name };
    if (!types.get(node.type)?.starts)
      known.set(node.result ?? node.id, { type: "object", ...title });
  }
  return rootsIn(nodes.map((node) => [node.settings, node.events])).flatMap((root) => {
    const schema = known.get(root);
    return schema === undefined || own.has(root) ? [] : [[root, schema] as [string, JsonSchema]];
  });
}

function innerFlow(
  document: FlowDocument,
  nodes: readonly FlowNode[],
  flow: { key: string; name: Text },
  entry: string,
  outs: readonly FlowEdge[],
  given: readonly [string, JsonSchema][],
): FlowDocument {
  const inside = new Set(nodes.map((node) => node.id));
  const first = Math.min(...nodes.map((node) => node.position.x));
  const last = Math.max(...nodes.map((node) => node.position.x));
  const y = nodeOf(document, entry)?.position.y ?? 0;
  const bare: FlowDocument = {
    format: 1,
    key: flow.key,
    name: flow.name,
    input: { type: "object", properties: Object.fromEntries(given) },
    ...(document.forms === undefined ? {} : { forms: document.forms }),
    nodes: [...nodes],
    edges: document.edges.filter((edge) => inside.has(edge.from) && inside.has(edge.to)),
  };
  const start = freshNodeId(bare, "start");
  const end = freshNodeId(bare, "end");
  const step = NODE_WIDTH + GAP_X;
  let whole: FlowDocument = {
    ...bare,
    nodes: [
      {
        id: start,
        type: "start",
        name: { zh: "开始", en: "Start" },
        position: { x: first - step, y },
        settings: {},
      },
      ...nodes,
      {
        id: end,
        type: "end",
        name: { zh: "结束", en: "End" },
        position: { x: last + step, y },
        settings: { result: "completed" },
      },
    ],
  };
  const join = (edge: Omit<FlowEdge, "id">) => {
    whole = { ...whole, edges: [...whole.edges, { id: freshEdgeId(whole), ...edge }] };
  };
  join({ from: start, port: "out", to: entry });
  for (const { from, port } of outs) join({ from, port, to: end });
  return whole;
}

export type Within = "not_once" | "starts" | "no_flow";

/** Why a sub-flow cannot be drawn in place of the node that starts it; null if it can. */
export function whyNotWithin(node: FlowNode | undefined, inner: FlowDocument): Within | null {
  if (node?.type !== "subflow") return "no_flow";
  if (node.settings["for_each"] || node.settings["wait"] === false) return "not_once";
  const starts = inner.nodes.filter(
    (each) => entering(inner, each.id).length === 0 && each.type === "start",
  );
  return starts.length === 1 ? null : "starts";
}
