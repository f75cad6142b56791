// Steps with all that belongs to them, as the vertical look puts them in, takes them out and moves them. Pure.

import { joinUp, mainPort, makeRoom } from "./behaviours";
import { addNode } from "./commands/addNode";
import { insertOnEdge } from "./commands/insertOnEdge";
import {
  downstream,
  edgeOf,
  entering,
  exitsOf,
  type FlowDocument,
  freshNodeId,
  GAP_X,
  leaving,
  NODE_WIDTH,
  type NodeTypes,
  nodeOf,
  type Position,
  portsOf,
  snapped,
  withEdge,
  withNode,
  withoutEdges,
} from "./document";
import { whyNotInsert } from "./rules";

/** Between two steps: every line that comes together here; or behind an exit that leads nowhere yet. */
export type Place = { edges: readonly string[] } | { node: string; port: string };

/** A step with its branches, and the exits by which it goes on. */
export interface Block {
  node: string;
  /** The step, its branches, and what hangs beside them and is reached from nowhere else. */
  nodes: readonly string[];
  outs: readonly { from: string; port: string }[];
}

export const COLUMN_STEP = NODE_WIDTH + GAP_X;
const ROW_STEP = 170;

/** Where the lines of a place lead. */
export function nextOf(document: FlowDocument, place: Place): string | undefined {
  if ("node" in place)
    return leaving(document, place.node).find((edge) => edge.port === place.port)?.to;
  return edgeOf(document, place.edges[0] ?? "")?.to;
}

/** A new node at a place; the same document where it may not stand. */
export function putIn(
  document: FlowDocument,
  place: Place,
  { id, type }: { id: string; type: string },
  types: NodeTypes,
): FlowDocument {
  if ("node" in place) return addNode.run(document, { id, type, after: place }, types);
  const [first, ...others] = place.edges;
  if (first === undefined || whyNotInsert(type, types) !== null) return document;
  const put = insertOnEdge.run(document, { edge: first, id, type }, types);
  return put === document ? document : ledTo(put, others, id);
}

/** These lines lead elsewhere now; they keep their ids. */
export function ledTo(document: FlowDocument, edges: readonly string[], to: string): FlowDocument {
  if (edges.length === 0) return document;
  const moved = document.edges.map((edge) => (edges.includes(edge.id) ? { ...edge, to } : edge));
  return { ...document, edges: withoutDoubles(moved) };
}

function withoutDoubles(edges: FlowDocument["edges"]): FlowDocument["edges"] {
  const seen = new Set<string>();
  return edges.filter(({ from, port, to }) => {
    const line = `${from} ${port} ${to}`;
    const isNew = !seen.has(line);
    seen.add(line);
    return isNew;
  });
}

/** Takes a block out; what led to it leads to what followed. */
export function takeBlockOut(
  document: FlowDocument,
  block: Block,
  keep: boolean,
): { document: FlowDocument; next: string | undefined } {
  const inside = new Set(block.nodes);
  const outs = document.edges.filter((edge) =>
    block.outs.some((out) => out.from === edge.from && out.port === edge.port),
  );
  const next = outs.map((edge) => edge.to).find((to) => !inside.has(to));
  const gone = new Set(outs.map((edge) => edge.id));
  const before = entering(document, block.node)
    .filter((edge) => !inside.has(edge.from))
    .map((edge) => edge.id);
  const cut = withoutEdges(
    document,
    (edge) => gone.has(edge.id) || (next === undefined && before.includes(edge.id)),
  );
  const healed = next === undefined ? cut : ledTo(cut, before, next);
  if (keep) return { document: healed, next };
  return {
    document: {
      ...healed,
      nodes: healed.nodes.filter((node) => !inside.has(node.id)),
      edges: healed.edges.filter((edge) => !inside.has(edge.from) && !inside.has(edge.to)),
    },
    next,
  };
}

/** Connects a block that stands free into a place, and moves it there. */
export function putBlockIn(
  document: FlowDocument,
  block: Block,
  place: Place,
  types: NodeTypes,
): FlowDocument {
  const before =
    "node" in place ? place.node : (edgeOf(document, place.edges[0] ?? "")?.from ?? "");
  const next = nextOf(document, place);
  const connected =
    "node" in place
      ? joinUp(document, { from: place.node, port: place.port, to: block.node }, types)
      : ledTo(document, place.edges, block.node);
  const through =
    next === undefined
      ? connected
      : block.outs.reduce(
          (found, { from, port }) =>
            leaving(found, from).some((edge) => edge.port === port && edge.to === next)
              ? found
              : withEdge(found, { from, port, to: next }),
          connected,
        );
  return placed(through, block, before, next, types);
}

/** The block stands right behind what comes before it; what follows makes room. */
function placed(
  document: FlowDocument,
  block: Block,
  before: string,
  next: string | undefined,
  types: NodeTypes,
): FlowDocument {
  const first = nodeOf(document, block.node);
  const previous = nodeOf(document, before);
  if (first === undefined || previous === undefined) return document;
  const main = portsOf(previous, types).length > 1 ? nodeOf(document, next ?? "") : undefined;
  const y = main?.position.y ?? previous.position.y;
  const dx = previous.position.x + COLUMN_STEP - first.position.x;
  const dy = y - first.position.y;
  const moved = shifted(document, new Set(block.nodes), { x: dx, y: dy });
  const right = Math.max(
    ...moved.nodes.flatMap((node) => (block.nodes.includes(node.id) ? node.position.x : [])),
  );
  return roomBehind(moved, right, next, new Set(block.nodes));
}

/** Moves what follows to the right until nothing of it stands left of `right` and its line. */
export function roomBehind(
  document: FlowDocument,
  right: number,
  next: string | undefined,
  except: ReadonlySet<string>,
): FlowDocument {
  const following = nodeOf(document, next ?? "");
  if (following === undefined) return document;
  const shift = right + COLUMN_STEP - following.position.x;
  if (shift <= 0) return document;
  const moving = new Set([following.id, ...downstream(document, following.id).map(({ id }) => id)]);
  const behind = document.nodes
    .filter((node) => moving.has(node.id) && node.position.x >= following.position.x)
    .map((node) => node.id)
    .filter((id) => !except.has(id));
  return shifted(document, new Set(behind), { x: shift, y: 0 });
}

function shifted(document: FlowDocument, ids: ReadonlySet<string>, by: Position): FlowDocument {
  if (ids.size === 0 || (by.x === 0 && by.y === 0)) return document;
  return {
    ...document,
    nodes: document.nodes.map((node) =>
      ids.has(node.id)
        ? {
            ...node,
            position: snapped({ x: node.position.x + by.x, y: node.position.y + by.y }),
          }
        : node,
    ),
  };
}

/** What a new step needs besides its place: where a refusal leads, and branches that meet again. */
export function completed(document: FlowDocument, id: string, types: NodeTypes): FlowDocument {
  const node = nodeOf(document, id);
  const type = types.get(node?.type ?? "");
  if (node === undefined || type === undefined) return document;
  if (type.splits) return withParallelWays(document, id, types);
  if (type.ports_from === "branches") return withMeetingBranches(document, id, types);
  const refused = exitsOf(node, types).some((port) => port.name === "rejected" && port.required);
  return refused ? withRefusal(document, id, types) : document;
}

/** A refusal ends the flow, as the other refusals do. */
function withRefusal(document: FlowDocument, id: string, types: NodeTypes): FlowDocument {
  if (leaving(document, id).some((edge) => edge.port === "rejected")) return document;
  const end = document.nodes.find(
    (node) =>
      types.get(node.type)?.ends &&
      (node.settings["result"] === "rejected" ||
        (entering(document, node.id).length > 0 &&
          entering(document, node.id).every((edge) => edge.port === "rejected"))),
  );
  if (end !== undefined) return joinUp(document, { from: id, port: "rejected", to: end.id }, types);
  const kind = [...types.values()].find((type) => type.ends && type.name === "end");
  const node = nodeOf(document, id);
  if (kind === undefined || node === undefined) return document;
  const made = freshNodeId(document, "rejected");
  const added = addNode.run(
    document,
    {
      id: made,
      type: kind.name,
      settings: { result: "rejected", terminate: true },
      after: { node: id, port: "rejected" },
    },
    types,
  );
  return withNode(added, made, { name: { zh: "已拒绝", en: "Rejected" } });
}

/** Every branch of a new choice leads to what followed; a choice of all that hold gets its join. */
function withMeetingBranches(document: FlowDocument, id: string, types: NodeTypes): FlowDocument {
  const node = nodeOf(document, id);
  const next = leaving(document, id)[0]?.to;
  if (node === undefined || next === undefined) return document;
  const all = portsOf(node, types).reduce(
    (found, port) =>
      leaving(found, id).some((edge) => edge.port === port.name)
        ? found
        : joinUp(found, { from: id, port: port.name, to: next }, types),
    document,
  );
  if (node.settings["mode"] !== "all") return all;
  const met = leaving(all, id).map((edge) => edge.id);
  const join = freshNodeId(all, "join");
  const joined = putIn(all, { edges: met }, { id: join, type: "join" }, types);
  if (joined === all) return all;
  const settings = { ...nodeOf(joined, join)?.settings, mode: "inclusive" };
  return withNode(joined, join, { settings });
}

/** Two approvals at the same time, and the join that waits for both. */
function withParallelWays(document: FlowDocument, id: string, types: NodeTypes): FlowDocument {
  const edge = leaving(document, id)[0];
  const port = mainPort(document, id, types);
  if (port === undefined || !types.has("join") || !types.has("approval")) return document;
  const next = edge?.to;
  const first = freshNodeId(document, "approval");
  const one =
    edge === undefined
      ? addNode.run(document, { id: first, type: "approval", after: { node: id, port } }, types)
      : insertOnEdge.run(document, { edge: edge.id, id: first, type: "approval" }, types);
  const join = freshNodeId(one, "join");
  const out = leaving(one, first)[0];
  const joined =
    out === undefined
      ? addNode.run(
          one,
          { id: join, type: "join", after: { node: first, port: "approved" } },
          types,
        )
      : insertOnEdge.run(one, { edge: out.id, id: join, type: "join" }, types);
  const two = addWay(joined, { node: id, id: freshNodeId(joined, "approval"), to: join }, types);
  const whole = completed(two, first, types);
  return next === undefined ? whole : makeRoom(whole, join, next);
}

/** One more way that goes on at the same time, with a step on it. */
export function addWay(
  document: FlowDocument,
  { node, id, type = "approval", to }: { node: string; id: string; type?: string; to?: string },
  types: NodeTypes,
): FlowDocument {
  const split = nodeOf(document, node);
  const port = mainPort(document, node, types);
  if (split === undefined || port === undefined || whyNotInsert(type, types) !== null)
    return document;
  const ways = leaving(document, node).map((edge) => nodeOf(document, edge.to)?.position.y ?? 0);
  const position = {
    x: split.position.x + COLUMN_STEP,
    y: ways.length === 0 ? split.position.y : Math.max(...ways) + ROW_STEP,
  };
  const added = addNode.run(document, { id, type, position }, types);
  if (added === document) return document;
  const begun = joinUp(added, { from: node, port, to: id }, types);
  const out = mainPort(begun, id, types);
  const met =
    to === undefined || out === undefined
      ? begun
      : joinUp(begun, { from: id, port: out, to }, types);
  return completed(met, id, types);
}

/** A choice or split with one way left is none: what led to it leads on. */
export function dissolved(document: FlowDocument, id: string, types: NodeTypes): FlowDocument {
  const [only, ...others] = leaving(document, id);
  if (only === undefined || others.length > 0) return document;
  const before = entering(document, id).filter((edge) => edge.from !== id);
  const without: FlowDocument = {
    ...document,
    nodes: document.nodes.filter((node) => node.id !== id),
    edges: document.edges.filter((edge) => edge.from !== id),
  };
  return onlyOneComes(
    ledTo(
      without,
      before.map((edge) => edge.id),
      only.to,
    ),
    types,
  );
}

/** A join that only one line leads to waits for nothing. */
function onlyOneComes(document: FlowDocument, types: NodeTypes): FlowDocument {
  const idle = document.nodes.find(
    (node) =>
      types.get(node.type)?.joins &&
      entering(document, node.id).length === 1 &&
      leaving(document, node.id).length === 1,
  );
  if (idle === undefined) return document;
  const next = leaving(document, idle.id)[0]?.to ?? "";
  const before = entering(document, idle.id).map((edge) => edge.id);
  return ledTo(
    {
      ...document,
      nodes: document.nodes.filter((node) => node.id !== idle.id),
      edges: document.edges.filter((edge) => edge.from !== idle.id),
    },
    before,
    next,
  );
}
