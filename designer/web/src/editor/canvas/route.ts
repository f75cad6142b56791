// Which way a line takes between two nodes, so that it does not run behind others. Pure.
//
// Lines leave to the right and arrive from the left. Most bend once, near their target (`late`) or near their source
// (`early`). Where both ways are blocked, and where a line leads back, it makes a detour below what stands between.

import {
  EVENT_FIRST,
  EVENT_STEP,
  type FlowDocument,
  type FlowEdge,
  NODE_HEIGHT,
  type NodeTypes,
  nodeOf,
  PORT_HEIGHT,
  type Position,
  portsOf,
  sizeOf,
} from "../document";

// What stands below its source, not to the right of it, is reached from above (`fall`), as in a drawing that runs downwards.
// Events leave downwards: straight down to the height of their target and then right (`drop`), else by a detour too.

export type Route =
  | { way: "late" }
  | { way: "early" }
  | { way: "drop" }
  /** Down beside the node at this x; null: straight out of its lower edge. */
  | { way: "fall"; out: number | null }
  | { way: "detour"; y: number; lane: number };

const LATE: Route = { way: "late" };
const DROP: Route = { way: "drop" };
/** Nearer than this below, there is no room for a line from above. */
const FALL_MIN = 24;
const ASIDE = 9;
const MARGIN = 10;
const BELOW = 34;
/** Detours beside each other keep this distance. */
const LANE = 16;
export const ENTRY = 31;
export const STEM = 26;

interface Box {
  id: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export function routes(document: FlowDocument, types: NodeTypes): Map<string, Route> {
  const boxes = document.nodes.map((node): Box => {
    const { width, height } = sizeOf(node, types);
    const { x, y } = node.position;
    return { id: node.id, left: x, right: x + width, top: y, bottom: y + height };
  });
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const lanes = new Map<number, number>();
  return new Map(
    document.edges.map((edge) => {
      const from = byId.get(edge.from);
      const to = byId.get(edge.to);
      if (from === undefined || to === undefined) return [edge.id, LATE];
      const end = { x: to.left, y: to.top + ENTRY };
      const index = eventIndex(edge, document);
      if (index >= 0) {
        const start = { x: from.left + EVENT_FIRST + index * EVENT_STEP, y: from.bottom };
        const straight = end.x > start.x + 24 && end.y > start.y + 20;
        if (straight) return [edge.id, DROP];
        return [edge.id, detour(start, end, boxes, from, to, lanes)];
      }
      const exit = exitOf(edge, document, types, from);
      const start = { x: from.right, y: exit.y };
      return [edge.id, routeOf(start, end, boxes, from, to, exit.port, lanes)];
    }),
  );
}

function eventIndex(edge: FlowEdge, document: FlowDocument): number {
  const events = nodeOf(document, edge.from)?.events;
  return events?.findIndex((event) => event.id === edge.port) ?? -1;
}

function exitOf(
  edge: FlowEdge,
  document: FlowDocument,
  types: NodeTypes,
  from: Box,
): { y: number; port: number | null } {
  const node = document.nodes.find((each) => each.id === edge.from);
  const ports = node === undefined ? [] : portsOf(node, types);
  if (ports.length < 2) return { y: from.top + ENTRY, port: null };
  const index = Math.max(
    0,
    ports.findIndex((port) => port.name === edge.port),
  );
  return { y: from.top + NODE_HEIGHT + 4 + PORT_HEIGHT * (index + 0.5), port: index };
}

function routeOf(
  start: Position,
  end: Position,
  boxes: readonly Box[],
  from: Box,
  to: Box,
  port: number | null,
  lanes: Map<number, number>,
): Route {
  const others = boxes.filter((box) => box !== from && box !== to);
  if (to.top >= from.bottom + FALL_MIN && to.left < from.right + STEM) {
    const found = fall(start, from, to, port, others);
    if (found !== null) return found;
  }
  if (end.x > start.x) {
    const near = end.x - start.x < 260;
    if (near || !blocked(start.x, end.x, start.y, others)) return LATE;
    if (!blocked(start.x, end.x, end.y, others)) return { way: "early" };
  }
  return detour(start, end, boxes, from, to, lanes);
}

/** From above, unless something stands in the way of the last piece. */
function fall(
  start: Position,
  from: Box,
  to: Box,
  port: number | null,
  others: readonly Box[],
): Route | null {
  const between = (x: number) =>
    others.find(
      (box) =>
        box.left - MARGIN < x && box.right + MARGIN > x && box.top < to.top && box.bottom > start.y,
    );
  const middle = (to.left + to.right) / 2;
  const own = (from.left + from.right) / 2;
  if (port === null && between(own) === undefined && between(middle) === undefined)
    return { way: "fall", out: null };
  const aside = ASIDE * (port ?? 0);
  let out = start.x + STEM + aside;
  for (const _ of others) {
    const box = between(out);
    if (box === undefined) break;
    out = box.right + 2 * MARGIN + aside;
  }
  // The last piece: above the target, where nothing else may stand.
  const low = others.some(
    (box) =>
      box.bottom > to.top - 2 * FALL_MIN &&
      box.top < to.top &&
      box.right > Math.min(out, middle) &&
      box.left < Math.max(out, middle),
  );
  return low ? null : { way: "fall", out };
}

function detour(
  start: Position,
  end: Position,
  boxes: readonly Box[],
  from: Box,
  to: Box,
  lanes: Map<number, number>,
): Route {
  const left = Math.min(start.x, end.x) - 40;
  const right = Math.max(start.x, end.x) + 40;
  const between = boxes.filter((box) => box.right > left && box.left < right);
  const reach = between.filter(
    (box) =>
      box === from || box === to || crosses(box, start.y, end.y) || box.top < from.bottom + 90,
  );
  const bottom = Math.max(...reach.map((box) => box.bottom));
  const lane = lanes.get(bottom) ?? 0;
  lanes.set(bottom, lane + 1);
  return { way: "detour", y: bottom + BELOW + lane * LANE, lane };
}

function crosses(box: Box, y1: number, y2: number): boolean {
  return box.bottom > Math.min(y1, y2) && box.top < Math.max(y1, y2);
}

function blocked(left: number, right: number, y: number, boxes: readonly Box[]): boolean {
  return boxes.some(
    (box) =>
      box.right > left + MARGIN &&
      box.left < right - MARGIN &&
      box.top - MARGIN < y &&
      box.bottom + MARGIN > y,
  );
}

/** A line through these corners, rounded. */
export function roundedPath(points: readonly Position[], radius = 14): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M${first.x},${first.y}`;
  for (const [index, corner] of rest.entries()) {
    const before = points[index];
    const after = rest[index + 1];
    if (before === undefined || after === undefined) {
      path += ` L${corner.x},${corner.y}`;
      continue;
    }
    const cut = Math.min(radius, length(before, corner) / 2, length(corner, after) / 2);
    const a = towards(corner, before, cut);
    const b = towards(corner, after, cut);
    path += ` L${a.x},${a.y} Q${corner.x},${corner.y} ${b.x},${b.y}`;
  }
  return path;
}

function length(a: Position, b: Position): number {
  return Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
}

function towards(from: Position, to: Position, by: number): Position {
  const whole = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return { x: from.x + ((to.x - from.x) * by) / whole, y: from.y + ((to.y - from.y) * by) / whole };
}
