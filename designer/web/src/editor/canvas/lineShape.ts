// The shape of a line: where it runs, and where its words and its "+" stand. Pure.

import { type EdgeProps, getSmoothStepPath } from "@xyflow/react";
import { NODE_HEIGHT, NODE_WIDTH, type Position } from "../document";
import type { CanvasEdge, LineData } from "./elements";
import { ENTRY, type Route, roundedPath, STEM } from "./route";

const LABEL_MIN = 50;
const LABEL_MAX = 260;
const WIDE = 11.5;
const NARROW = 6.3;

export interface Drawn {
  path: string;
  plus: Position;
  label: Position;
  room: number;
}

/** Between which points, and what is known of the line. */
export interface Ends
  extends Pick<
    EdgeProps<CanvasEdge>,
    "sourceX" | "sourceY" | "targetX" | "targetY" | "sourcePosition" | "targetPosition"
  > {
  data?: LineData | undefined;
}

/** Where the line runs, and where on it the "+" and the words stand. */
export function drawnLine(props: Ends, labelled: boolean): Drawn {
  const { sourceX, sourceY, targetX, targetY, data } = props;
  const route = data?.route ?? { way: "late" as const };
  if (data?.kind === "event" || data?.kind === "undoing") return fromEvent(props, route);
  const beside = { x: sourceX + 12, y: sourceY - 7 };
  if (route.way === "detour") {
    const aside = (route.lane % 4) * 7;
    const out = sourceX + STEM + aside;
    const back = targetX - STEM - aside;
    const points = [
      { x: sourceX, y: sourceY },
      { x: out, y: sourceY },
      { x: out, y: route.y },
      { x: back, y: route.y },
      { x: back, y: targetY },
      { x: targetX, y: targetY },
    ];
    const plus = { x: (out + back) / 2, y: route.y };
    const forward = back > out;
    const label = forward ? { x: out + 18, y: route.y - 7 } : beside;
    const room = forward ? Math.min(LABEL_MAX, (back - out) / 2 - 40) : LABEL_MIN;
    return { path: roundedPath(points), plus, label, room };
  }
  if (route.way === "fall") return fromAbove(props, route.out);
  const wide = targetX - sourceX > 90;
  const early = route.way === "early" && wide;
  const bend = early ? sourceX + STEM : wide && labelled ? targetX - 40 : undefined;
  const [path, middleX, middleY] = getSmoothStepPath({
    ...props,
    borderRadius: 14,
    offset: STEM,
    ...(bend === undefined ? {} : { centerX: bend }),
  });
  const level = Math.abs(sourceY - targetY) < 1;
  const room = Math.max(LABEL_MIN, Math.min(LABEL_MAX, wide ? targetX - sourceX - 58 : 110));
  if (early) {
    const plus = { x: (sourceX + targetX) / 2, y: targetY };
    return { path, plus, label: { x: sourceX + STEM + 14, y: targetY - 7 }, room: room / 2 };
  }
  const plus =
    bend === undefined
      ? { x: middleX, y: middleY }
      : { x: bend, y: level ? sourceY : (sourceY + targetY) / 2 };
  return { path, plus, label: beside, room };
}

/** Room above a node for the line to turn down into it. */
const ABOVE = 22;

/** Out of the lower edge (or to the right and down beside the node) and into the upper edge of the target. */
function fromAbove({ sourceX, sourceY, targetX, targetY }: Ends, out: number | null): Drawn {
  const x = targetX + NODE_WIDTH / 2;
  const top = targetY - ENTRY;
  const turn = top - ABOVE;
  const label = { x: sourceX + 12, y: sourceY - 7 };
  const room = LABEL_MAX / 2;
  if (out !== null) {
    const points = [
      { x: sourceX, y: sourceY },
      { x: out, y: sourceY },
      { x: out, y: turn },
      { x, y: turn },
      { x, y: top },
    ];
    return { path: roundedPath(points), plus: { x: out, y: (sourceY + turn) / 2 }, label, room };
  }
  const below = { x: sourceX - NODE_WIDTH / 2, y: sourceY - ENTRY + NODE_HEIGHT };
  if (Math.abs(below.x - x) < 1) {
    const path = roundedPath([below, { x, y: top }]);
    return { path, plus: { x, y: (below.y + top) / 2 }, label, room };
  }
  const points = [below, { x: below.x, y: turn }, { x, y: turn }, { x, y: top }];
  return { path: roundedPath(points), plus: { x: (below.x + x) / 2, y: turn }, label, room };
}

/** Down from the lower edge of its node. The words stand on the way to the right, the "+" on the way down. */
function fromEvent(props: Ends, route: Route): Drawn {
  const { sourceX, sourceY, targetX, targetY } = props;
  if (route.way !== "detour") {
    const points = [
      { x: sourceX, y: sourceY },
      { x: sourceX, y: targetY },
      { x: targetX, y: targetY },
    ];
    return {
      path: roundedPath(points),
      plus: { x: sourceX, y: (sourceY + targetY) / 2 },
      label: { x: sourceX + 16, y: targetY - 7 },
      room: Math.max(LABEL_MIN, Math.min(LABEL_MAX, targetX - sourceX - 30)),
    };
  }
  const back = targetX - STEM - (route.lane % 4) * 7;
  const points = [
    { x: sourceX, y: sourceY },
    { x: sourceX, y: route.y },
    { x: back, y: route.y },
    { x: back, y: targetY },
    { x: targetX, y: targetY },
  ];
  const left = Math.min(sourceX, back);
  return {
    path: roundedPath(points),
    plus: { x: sourceX, y: (sourceY + route.y) / 2 + 6 },
    label: { x: left + 16, y: route.y - 7 },
    room: Math.max(LABEL_MIN, Math.min(LABEL_MAX, Math.abs(back - sourceX) - 40)),
  };
}

/** SVG does not cut text off by itself; letters are counted instead of measured, which costs nothing. */
export function fitting(label: string, room: number): string {
  let width = 0;
  for (const [index, letter] of [...label].entries()) {
    width += (letter.codePointAt(0) ?? 0) > 0x2e80 ? WIDE : NARROW;
    if (width > room) return `${[...label].slice(0, Math.max(1, index - 1)).join("")}…`;
  }
  return label;
}
