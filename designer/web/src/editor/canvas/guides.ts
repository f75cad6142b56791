// Snap lines: what is dragged is drawn to the edges and middles of what stands around it. Pure.

import type { Position, Size } from "../document";

export interface Frame extends Position, Size {}

/** A line to show: at this x from y to y, or at this y from x to x. */
export interface Guide {
  along: "x" | "y";
  at: number;
  from: number;
  to: number;
}

export interface Snapped {
  dx: number;
  dy: number;
  guides: Guide[];
}

/** As near as this on the screen a line pulls. */
export const PULL_PX = 7;

/** By how much to move so that it is in line with others, and with which. `pull` in units of the drawing. */
export function snapTo(dragged: Frame, others: readonly Frame[], pull: number): Snapped {
  const x = nearest(dragged, others, "x", pull);
  const y = nearest(dragged, others, "y", pull);
  const placed = { ...dragged, x: dragged.x + (x?.by ?? 0), y: dragged.y + (y?.by ?? 0) };
  const guides = [
    ...(x === null ? [] : [guideAt(placed, others, "x", x.at)]),
    ...(y === null ? [] : [guideAt(placed, others, "y", y.at)]),
  ];
  return { dx: x?.by ?? 0, dy: y?.by ?? 0, guides };
}

type Axis = "x" | "y";

function marks(frame: Frame, axis: Axis): number[] {
  const size = axis === "x" ? frame.width : frame.height;
  return [frame[axis], frame[axis] + size / 2, frame[axis] + size];
}

function nearest(
  dragged: Frame,
  others: readonly Frame[],
  axis: Axis,
  pull: number,
): { by: number; at: number } | null {
  const own = marks(dragged, axis);
  let best: { by: number; at: number } | null = null;
  for (const other of others) {
    for (const [place, at] of marks(other, axis).entries()) {
      for (const [mine, from] of own.entries()) {
        // A middle is drawn to middles, an edge to edges.
        if ((place === 1) !== (mine === 1)) continue;
        const by = at - from;
        if (Math.abs(by) > pull) continue;
        if (best === null || Math.abs(by) < Math.abs(best.by)) best = { by, at };
      }
    }
  }
  return best;
}

/** From the first to the last of all that stand on the line. */
function guideAt(placed: Frame, others: readonly Frame[], axis: Axis, at: number): Guide {
  const across = axis === "x" ? "y" : "x";
  const size = axis === "x" ? "height" : "width";
  const on = [placed, ...others].filter((frame) =>
    marks(frame, axis).some((mark) => Math.abs(mark - at) < 0.5),
  );
  return {
    along: axis,
    at,
    from: Math.min(...on.map((frame) => frame[across])),
    to: Math.max(...on.map((frame) => frame[across] + frame[size])),
  };
}

/** The frame around several. */
export function around(frames: readonly Frame[]): Frame {
  const x = Math.min(...frames.map((frame) => frame.x));
  const y = Math.min(...frames.map((frame) => frame.y));
  return {
    x,
    y,
    width: Math.max(...frames.map((frame) => frame.x + frame.width)) - x,
    height: Math.max(...frames.map((frame) => frame.y + frame.height)) - y,
  };
}
