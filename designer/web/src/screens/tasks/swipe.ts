// A row that is pulled aside shows its two decisions; letting go half-way brings it back. Pure: what a finger does in, where
// the row stands out.

export const OPEN_PX = 152;
const START_PX = 10;
const STEEP = 1.2; // more up than across is scrolling

export interface Swipe {
  startX: number;
  startY: number;
  /** Where the row was when the finger came. */
  from: number;
  axis: "none" | "x" | "y";
  offset: number;
}

export function begin(x: number, y: number, open: boolean): Swipe {
  const from = open ? -OPEN_PX : 0;
  return { startX: x, startY: y, from, axis: "none", offset: from };
}

export function pull(swipe: Swipe, x: number, y: number): Swipe {
  const across = x - swipe.startX;
  const down = y - swipe.startY;
  let { axis } = swipe;
  if (axis === "none" && Math.max(Math.abs(across), Math.abs(down)) >= START_PX) {
    axis = Math.abs(across) > Math.abs(down) * STEEP ? "x" : "y";
  }
  if (axis !== "x") return { ...swipe, axis };
  const wanted = swipe.from + across;
  // Beyond its end it follows as if on a rubber band; to the right there is nothing.
  const offset = wanted < -OPEN_PX ? -OPEN_PX + (wanted + OPEN_PX) / 4 : Math.min(0, wanted);
  return { ...swipe, axis, offset };
}

/** Does it stay open when the finger goes? */
export function settles(swipe: Swipe): boolean {
  if (swipe.axis !== "x") return swipe.from !== 0;
  const moved = swipe.offset - swipe.from;
  return swipe.from === 0 ? moved < -OPEN_PX / 3 : moved < OPEN_PX / 3;
}
