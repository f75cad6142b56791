// Which way a line takes between two nodes, so that it does not run behind others. Pure.
//
// Lines leave to the right and arrive from the left. Most bend once, near their target (`late`) or near their source
// (`early`). Where both ways are blocked, and where a line leads back, it makes a detour below what stands between.

import {
  EVENT_FIRST,
  EVENT_STEP,
  eventsOf,
  type FlowDocument,
  type FlowEdge,
  type FlowNode,
  NODE_HEIGHT,
  type NodeTypes,
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
/** As far below the node it leaves a detour looks for what hangs there. */
const BENEATH = 90;
/** Detours beside each other keep this distance. */
const LANE = 16;
export const ENTRY = 31;
export const STEM = 26;

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** All a line needs to know of a node: where it stands, and what leaves it where. */
export interface Shape extends Box {
  id: string;
  ports: readonly string[];
  events: readonly string[];
}

export function shapeOf(node: FlowNode, types: NodeTypes): Shape {
  const { width, height } = sizeOf(node, types);
  const { x, y } = node.position;
  const ports = portsOf(node, types).map((port) => port.name);
  const events = eventsOf(node).map((event) => event.id);
  return { id: node.id, left: x, right: x + width, top: y, bottom: y + height, ports, events };
}

export function routes(document: FlowDocument, types: NodeTypes): Map<string, Route> {
  const shapes = document.nodes.map((node) => shapeOf(node, types));
  return routesBetween(shapes, document.edges);
}

export function routesBetween(
  shapes: readonly Shape[],
  edges: readonly FlowEdge[],
): Map<string, Route> {
  const field = new Field(shapes);
  const byId = new Map(shapes.map((shape) => [shape.id, shape]));
  const lanes = new Map<number, number>();
  return new Map(
    edges.map((edge) => {
      const from = byId.get(edge.from);
      const to = byId.get(edge.to);
      if (from === undefined || to === undefined) return [edge.id, LATE];
      const end = { x: to.left, y: to.top + ENTRY };
      const index = from.events.indexOf(edge.port);
      if (index >= 0) {
        const start = { x: from.left + EVENT_FIRST + index * EVENT_STEP, y: from.bottom };
        const straight = end.x > start.x + 24 && end.y > start.y + 20;
        if (straight) return [edge.id, DROP];
        return [edge.id, detour(start, end, field, from, to, lanes)];
      }
      const exit = exitOf(edge, from);
      const start = { x: from.right, y: exit.y };
      return [edge.id, routeOf(start, end, field, from, to, exit.port, lanes)];
    }),
  );
}

function exitOf(edge: FlowEdge, from: Shape): { y: number; port: number | null } {
  if (from.ports.length < 2) return { y: from.top + ENTRY, port: null };
  const index = Math.max(0, from.ports.indexOf(edge.port));
  return { y: from.top + NODE_HEIGHT + 4 + PORT_HEIGHT * (index + 0.5), port: index };
}

function routeOf(
  start: Position,
  end: Position,
  field: Field,
  from: Box,
  to: Box,
  port: number | null,
  lanes: Map<number, number>,
): Route {
  if (to.top >= from.bottom + FALL_MIN && to.left < from.right + STEM) {
    const found = fall(start, from, to, port, field);
    if (found !== null) return found;
  }
  if (end.x > start.x) {
    const blocked = (y: number) =>
      field
        .touching(start.x + MARGIN, end.x - MARGIN, y - MARGIN, y + MARGIN)
        .some((box) => box !== from && box !== to);
    const near = end.x - start.x < 260;
    if (near || !blocked(start.y)) return LATE;
    if (!blocked(end.y)) return { way: "early" };
  }
  return detour(start, end, field, from, to, lanes);
}

/** From above, unless something stands in the way of the last piece. */
function fall(
  start: Position,
  from: Box,
  to: Box,
  port: number | null,
  field: Field,
): Route | null {
  const other = (box: Box) => box !== from && box !== to;
  const between = (x: number) =>
    field.touching(x - MARGIN, x + MARGIN, start.y, to.top).find(other);
  const middle = (to.left + to.right) / 2;
  const own = (from.left + from.right) / 2;
  if (port === null && between(own) === undefined && between(middle) === undefined)
    return { way: "fall", out: null };
  const aside = ASIDE * (port ?? 0);
  let out = start.x + STEM + aside;
  for (let tries = 0; tries < field.boxes.length; tries += 1) {
    const box = between(out);
    if (box === undefined) break;
    out = box.right + 2 * MARGIN + aside;
  }
  // The last piece: above the target, where nothing else may stand.
  const low = field
    .touching(Math.min(out, middle), Math.max(out, middle), to.top - 2 * FALL_MIN, to.top)
    .some(other);
  return low ? null : { way: "fall", out };
}

function detour(
  start: Position,
  end: Position,
  field: Field,
  from: Box,
  to: Box,
  lanes: Map<number, number>,
): Route {
  const left = Math.min(start.x, end.x) - 40;
  const right = Math.max(start.x, end.x) + 40;
  const high = Math.min(start.y, end.y);
  const low = Math.max(start.y, end.y);
  // What is in the way, and what hangs just below the node the line leaves; both ends if they stand between.
  const inTheWay = [
    ...field.touching(left, right, high, low),
    ...field.touching(left, right, from.bottom, from.bottom + BENEATH),
    ...[from, to].filter((box) => box.right > left && box.left < right),
  ];
  const bottom = Math.max(...inTheWay.map((box) => box.bottom));
  const lane = lanes.get(bottom) ?? 0;
  lanes.set(bottom, lane + 1);
  return { way: "detour", y: bottom + BELOW + lane * LANE, lane };
}

/** Boxes by the squares they stand in: a line looks at what is near, not at a thousand nodes. */
export class Field {
  private readonly cells = new Map<number, number[]>();
  /** Boxes too large for squares; there are hardly ever any. */
  private readonly vast: number[] = [];

  readonly boxes: readonly Box[];

  constructor(boxes: readonly Box[]) {
    this.boxes = boxes;
    for (const [index, box] of boxes.entries()) {
      const cells = cellsOf(box.left, box.right, box.top, box.bottom);
      if (cells === null) this.vast.push(index);
      for (const cell of cells ?? []) {
        const there = this.cells.get(cell);
        if (there === undefined) this.cells.set(cell, [index]);
        else there.push(index);
      }
    }
  }

  /** Those that reach into this frame, in the order they were given in. */
  touching(left: number, right: number, top: number, bottom: number): Box[] {
    const cells = cellsOf(left, right, top, bottom);
    const found =
      cells === null
        ? this.boxes.keys()
        : [...new Set([...this.vast, ...cells.flatMap((cell) => this.cells.get(cell) ?? [])])].sort(
            (a, b) => a - b,
          );
    return [...found].flatMap((index) => {
      const box = this.boxes[index];
      const inside =
        box !== undefined &&
        box.left < right &&
        box.right > left &&
        box.top < bottom &&
        box.bottom > top;
      return inside ? [box] : [];
    });
  }
}

const CELL = 256;
/** A frame over more squares than this is quicker looked through box by box. */
const CELLS_MAX = 400;

function cellsOf(left: number, right: number, top: number, bottom: number): number[] | null {
  const [x1, x2] = [Math.floor(left / CELL), Math.floor(right / CELL)];
  const [y1, y2] = [Math.floor(top / CELL), Math.floor(bottom / CELL)];
  if (!((x2 - x1 + 1) * (y2 - y1 + 1) <= CELLS_MAX)) return null;
  const found: number[] = [];
  // Two squares far apart may share a number: then one looks at some boxes too many.
  for (let x = x1; x <= x2; x += 1) for (let y = y1; y <= y2; y += 1) found.push(x * 65_536 + y);
  return found;
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
