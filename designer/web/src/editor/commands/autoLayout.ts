// Tidies up along the lines, to the right or downwards. With `only`, just those nodes, where they are.
//
// It keeps the map one has in mind: what stood above stays above, and the first node stays where it is, unless lines would
// cross that need not.

import { Graph, layout } from "@dagrejs/dagre";
import type { Command } from "../command";
import {
  exitsOf,
  type FlowDocument,
  type FlowEdge,
  type FlowNode,
  GAP_X,
  GAP_Y,
  inReadingOrder,
  NODE_HEIGHT,
  NODE_WIDTH,
  type NodeTypes,
  type Position,
  sizeOf,
  snapped,
} from "../document";
import { moveNodes } from "./moveNodes";

export type Direction = "right" | "down";

interface AutoLayout {
  only?: readonly string[];
  direction?: Direction;
}

export const autoLayout: Command<AutoLayout> = {
  name: "autoLayout",
  run: (document, { only, direction = "right" }, types) => {
    const wanted = only === undefined ? undefined : new Set(only);
    const nodes = inReadingOrder(document, types).filter(
      (node) => wanted === undefined || wanted.has(node.id),
    );
    const [first] = nodes;
    if (first === undefined) return document;
    const places = arranged(document, nodes, direction, types);
    const moved = anchored(nodes, first, places, only !== undefined);
    const positions = Object.fromEntries(
      [...places].map(([id, place]) => [
        id,
        snapped({ x: place.x + moved.x, y: place.y + moved.y }),
      ]),
    );
    return moveNodes.run(document, { positions }, types);
  },
};

/** By how much all are shifted: the first stays, or for a part its upper left corner. */
function anchored(
  nodes: readonly FlowNode[],
  first: FlowNode,
  places: ReadonlyMap<string, Position>,
  part: boolean,
): Position {
  const placed = places.get(first.id) ?? { x: 0, y: 0 };
  if (!part) return { x: first.position.x - placed.x, y: first.position.y - placed.y };
  const corner = cornerOf(nodes.map((node) => node.position));
  const found = cornerOf([...places.values()]);
  return { x: corner.x - found.x, y: corner.y - found.y };
}

/** Lines enter at this height. It is what stands level, so that a plain sequence is a straight line. */
const ENTRY = NODE_HEIGHT / 2 - 1;
const GAP_DOWN = 70;
const GAP_BESIDE = 40;
/** Beyond this counting how lines cross costs more than it gives. */
const COMPARED_MAX = 400;

function arranged(
  document: FlowDocument,
  nodes: readonly FlowNode[],
  direction: Direction,
  types: NodeTypes,
): Map<string, Position> {
  const inside = new Set(nodes.map((node) => node.id));
  const edges = document.edges.filter((edge) => inside.has(edge.from) && inside.has(edge.to));
  const best = laidOut(nodes, edges, direction, types, false);
  if (nodes.length > COMPARED_MAX) return best;
  const across = direction === "right" ? "y" : "x";
  const byPlace = [...nodes].sort((a, b) => a.position[across] - b.position[across]);
  const kept = laidOut(byPlace, edges, direction, types, true);
  return crossings(kept, edges) <= crossings(best, edges) ? kept : best;
}

function laidOut(
  nodes: readonly FlowNode[],
  edges: readonly FlowEdge[],
  direction: Direction,
  types: NodeTypes,
  inThisOrder: boolean,
): Map<string, Position> {
  const right = direction === "right";
  const graph = new Graph({ multigraph: true });
  graph.setGraph(
    right
      ? { rankdir: "LR", nodesep: GAP_Y, ranksep: GAP_X, edgesep: 20 }
      : { rankdir: "TB", nodesep: GAP_BESIDE, ranksep: GAP_DOWN, edgesep: 20 },
  );
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) {
    const { width, height } = sizeOf(node, types);
    graph.setNode(node.id, { width, height: right ? 2 * (height - ENTRY) : height });
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const from = new Map<string, FlowEdge[]>(nodes.map((node) => [node.id, []]));
  for (const edge of edges) from.get(edge.from)?.push(edge);
  for (const node of nodes) {
    const ports = exitsOf(node, types).map((port) => port.name);
    const leaving = (from.get(node.id) ?? [])
      .filter((edge) => ports.includes(edge.port))
      .sort((a, b) =>
        inThisOrder
          ? across(byId, a, right) - across(byId, b, right)
          : ports.indexOf(a.port) - ports.indexOf(b.port),
      );
    for (const edge of leaving) graph.setEdge(edge.from, edge.to, {}, edge.id);
  }
  layout(graph, inThisOrder ? { disableOptimalOrderHeuristic: true } : {});
  return new Map(
    nodes.map((node) => {
      const { width, height } = sizeOf(node, types);
      const placed = graph.node(node.id) as unknown as Position;
      const y = right ? placed.y - ENTRY : placed.y - height / 2;
      return [node.id, { x: placed.x - width / 2, y }];
    }),
  );
}

function across(nodes: ReadonlyMap<string, FlowNode>, edge: FlowEdge, right: boolean): number {
  const { x, y } = nodes.get(edge.to)?.position ?? { x: 0, y: 0 };
  return right ? y : x;
}

/** How often straight lines between the nodes would cross. */
function crossings(places: ReadonlyMap<string, Position>, edges: readonly FlowEdge[]): number {
  const lines = edges.flatMap((edge) => {
    const from = places.get(edge.from);
    const to = places.get(edge.to);
    return from && to && from !== to ? [{ from: { x: from.x + NODE_WIDTH, y: from.y }, to }] : [];
  });
  let count = 0;
  for (const [index, one] of lines.entries()) {
    for (const other of lines.slice(index + 1)) {
      const apart =
        turn(one.from, one.to, other.from) * turn(one.from, one.to, other.to) < 0 &&
        turn(other.from, other.to, one.from) * turn(other.from, other.to, one.to) < 0;
      if (apart) count += 1;
    }
  }
  return count;
}

/** On which side of the line from a to b does c stand? */
function turn(a: Position, b: Position, c: Position): number {
  return Math.sign((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x));
}

function cornerOf(positions: readonly Position[]): Position {
  return {
    x: Math.min(...positions.map((position) => position.x)),
    y: Math.min(...positions.map((position) => position.y)),
  };
}
