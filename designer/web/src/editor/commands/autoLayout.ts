// Tidies up: left to right along the lines. With `only`, just those nodes, where they are.

import { Graph, layout } from "@dagrejs/dagre";
import type { Command } from "../command";
import {
  exitsOf,
  type FlowDocument,
  type FlowNode,
  GAP_X,
  GAP_Y,
  inReadingOrder,
  NODE_HEIGHT,
  type NodeTypes,
  type Position,
  sizeOf,
  snapped,
} from "../document";
import { moveNodes } from "./moveNodes";

export const autoLayout: Command<{ only?: readonly string[] }> = {
  name: "autoLayout",
  run: (document, { only }, types) => {
    const nodes = inReadingOrder(document, types).filter(
      (node) => only === undefined || only.includes(node.id),
    );
    if (nodes.length === 0) return document;
    const places = arranged(document, nodes, types);
    const corner = only === undefined ? { x: 0, y: 0 } : cornerOf(nodes.map((n) => n.position));
    const found = cornerOf([...places.values()]);
    const positions = Object.fromEntries(
      [...places].map(([id, place]) => [
        id,
        snapped({ x: place.x - found.x + corner.x, y: place.y - found.y + corner.y }),
      ]),
    );
    return moveNodes.run(document, { positions }, types);
  },
};

/** Lines enter at this height. It is what stands level, so that a plain sequence is a straight line. */
const ENTRY = NODE_HEIGHT / 2 - 1;

function arranged(
  document: FlowDocument,
  nodes: readonly FlowNode[],
  types: NodeTypes,
): Map<string, Position> {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: GAP_Y, ranksep: GAP_X, edgesep: 20 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) {
    const { width, height } = sizeOf(node, types);
    graph.setNode(node.id, { width, height: 2 * (height - ENTRY) });
  }
  for (const node of nodes) {
    for (const port of exitsOf(node, types)) {
      for (const edge of document.edges) {
        const inside = edge.from === node.id && edge.port === port.name && graph.hasNode(edge.to);
        if (inside) graph.setEdge(edge.from, edge.to, {}, edge.id);
      }
    }
  }
  layout(graph);
  return new Map(
    nodes.map((node) => {
      const { width } = sizeOf(node, types);
      const placed = graph.node(node.id) as unknown as Position;
      return [node.id, { x: placed.x - width / 2, y: placed.y - ENTRY }];
    }),
  );
}

function cornerOf(positions: readonly Position[]): Position {
  return {
    x: Math.min(...positions.map((position) => position.x)),
    y: Math.min(...positions.map((position) => position.y)),
  };
}
