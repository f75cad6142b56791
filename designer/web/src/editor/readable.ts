// Flows drawn elsewhere may stand too close for our nodes. They are spread, not rearranged: what was left stays left.

import {
  eventOf,
  type FlowDocument,
  NODE_WIDTH,
  type NodeTypes,
  nodeOf,
  notesOf,
  type Position,
  sizeOf,
  snapped,
} from "./document";

const ROOM_X = 170;
const ROOM_Y = 36;
const NEAR = 60;
/** Beyond this the author meant something else than a narrow drawing. */
const SPREAD_MAX = 2.4;

/** The same document when there is room enough already. */
export function readable(document: FlowDocument, types: NodeTypes): FlowDocument {
  const x = stretchX(document);
  const y = stretchY(document, types);
  if (x === 1 && y === 1) return document;
  const spread = (position: Position) => snapped({ x: position.x * x, y: position.y * y });
  const moved = <Item extends { position: Position }>(item: Item): Item => ({
    ...item,
    position: spread(item.position),
  });
  return {
    ...document,
    nodes: document.nodes.map(moved),
    ...(document.notes === undefined ? {} : { notes: notesOf(document).map(moved) }),
  };
}

/** The shortest step to the right along a line decides. */
function stretchX(document: FlowDocument): number {
  const steps = document.edges.flatMap((edge) => {
    const from = nodeOf(document, edge.from);
    const to = nodeOf(document, edge.to);
    // Events leave below; what they lead to may stand close.
    const beside = eventOf(from, edge.port) === undefined;
    const step = from && to && beside ? to.position.x - from.position.x : 0;
    return step > NEAR ? [step] : [];
  });
  return stretch(Math.min(...steps), NODE_WIDTH + ROOM_X);
}

/** Two nodes above each other must not touch. */
function stretchY(document: FlowDocument, types: NodeTypes): number {
  let most = 1;
  for (const upper of document.nodes) {
    for (const lower of document.nodes) {
      const beside = Math.abs(upper.position.x - lower.position.x) > NEAR;
      const step = lower.position.y - upper.position.y;
      if (beside || step < NEAR) continue;
      most = Math.max(most, stretch(step, sizeOf(upper, types).height + ROOM_Y));
    }
  }
  return most;
}

function stretch(found: number, wanted: number): number {
  if (!Number.isFinite(found) || found >= wanted - 40) return 1;
  return Math.min(SPREAD_MAX, wanted / found);
}
