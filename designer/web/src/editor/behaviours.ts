// What follows? The consequences that belong to a change, so that one gesture leaves a whole flow behind. Pure.

import {
  downstream,
  entering,
  eventOf,
  exitsOf,
  type FlowDocument,
  type FlowEdge,
  freshEdgeId,
  GAP_X,
  leaving,
  NODE_WIDTH,
  type NodeTypes,
  nodeOf,
  portsOf,
  sizeOf,
  takesMany,
  withEdge,
  withoutEdges,
} from "./document";
import { type Wish, whyNotConnect } from "./rules";

/** Leads a port somewhere; where a port takes one edge only, the earlier one goes. */
export function joinUp(document: FlowDocument, wish: Wish, types: NodeTypes): FlowDocument {
  if (whyNotConnect(document, wish, types) !== null) return document;
  const freed = takesMany(nodeOf(document, wish.from), wish.port, types)
    ? document
    : withoutEdges(document, (edge) => edge.from === wish.from && edge.port === wish.port);
  return withEdge(freed, wish);
}

/** Takes a node away and closes the gap: what led to it now leads to what followed, if only one thing followed. */
export function takeOut(document: FlowDocument, id: string, types: NodeTypes): FlowDocument {
  const before = entering(document, id).filter((edge) => edge.from !== id);
  const node = nodeOf(document, id);
  const after = new Set(
    leaving(document, id)
      .filter((edge) => eventOf(node, edge.port) === undefined)
      .map((edge) => edge.to)
      .filter((to) => to !== id),
  );
  const rest: FlowDocument = {
    ...document,
    nodes: document.nodes.filter((node) => node.id !== id),
    edges: document.edges.filter((edge) => edge.from !== id && edge.to !== id),
  };
  const [next] = after;
  if (after.size !== 1 || next === undefined) return rest;
  return before.reduce((healed, edge) => heal(healed, edge, next, types), rest);
}

function heal(document: FlowDocument, edge: FlowEdge, to: string, types: NodeTypes): FlowDocument {
  const wish = { from: edge.from, port: edge.port, to };
  if (whyNotConnect(document, wish, types) !== null) return document;
  return { ...document, edges: [...document.edges, { ...wish, id: freshEdgeId(document) }] };
}

/** Edges from ports that are gone go too: a removed branch takes its line with it. */
export function dropLooseEdges(
  document: FlowDocument,
  node: string,
  types: NodeTypes,
): FlowDocument {
  const drawn = nodeOf(document, node);
  if (drawn === undefined) return document;
  const ports = new Set(exitsOf(drawn, types).map((port) => port.name));
  return withoutEdges(document, (edge) => edge.from === node && !ports.has(edge.port));
}

/** The port by which a node put into a line goes on: the first one. */
export function mainPort(document: FlowDocument, id: string, types: NodeTypes): string | undefined {
  const node = nodeOf(document, id);
  return node === undefined ? undefined : portsOf(node, types)[0]?.name;
}

/** Moves what follows a new node to the right until there is room for it; nothing else moves. */
export function makeRoom(document: FlowDocument, id: string, next: string): FlowDocument {
  const node = nodeOf(document, id);
  const following = nodeOf(document, next);
  if (node === undefined || following === undefined) return document;
  const wanted = node.position.x + NODE_WIDTH + GAP_X;
  const shift = wanted - following.position.x;
  if (shift <= 0 || following.position.x < node.position.x - NODE_WIDTH) return document;
  const moving = new Set([next, ...downstream(document, next).map((found) => found.id)]);
  moving.delete(id);
  return {
    ...document,
    nodes: document.nodes.map((each) =>
      moving.has(each.id) && each.position.x >= following.position.x
        ? { ...each, position: { x: each.position.x + shift, y: each.position.y } }
        : each,
    ),
  };
}

/** A free place at or below the wished one; with the types, below nodes as high as their exits make them. */
export function freePlace(
  document: FlowDocument,
  wish: { x: number; y: number },
  types?: NodeTypes,
): { x: number; y: number } {
  const stepDown = 110;
  const column = document.nodes
    .filter((node) => Math.abs(node.position.x - wish.x) < NODE_WIDTH + 20)
    .map((node) => {
      const height = types === undefined ? 0 : sizeOf(node, types).height + 26;
      return { from: node.position.y - 90, to: node.position.y + Math.max(90, height) };
    });
  const tries = 2 * column.length + 1;
  let y = wish.y;
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const taken = column.some(({ from, to }) => y > from && y < to);
    if (!taken) return { x: wish.x, y };
    y += stepDown;
  }
  return { x: wish.x, y };
}
