// When many things change their place at once (tidied up, taken back), they glide there, so that the eye can follow.

import type { Position } from "../document";
import type { CanvasNode } from "./elements";

export const GLIDE_MS = 240;
/** A nudge needs no show. */
const FAR = 30;
/** More than this at once is slower to draw than to see. */
const GLIDING_MAX = 400;

export interface Glide {
  from: ReadonlyMap<string, Position>;
}

/** Where those come from that will move; null if nothing should glide. */
export function glideBetween(
  before: readonly CanvasNode[],
  after: readonly CanvasNode[],
): Glide | null {
  const old = new Map(before.map((node) => [node.id, node.position]));
  const from = new Map<string, Position>();
  let far = false;
  for (const node of after) {
    const was = old.get(node.id);
    if (was === undefined || (was.x === node.position.x && was.y === node.position.y)) continue;
    from.set(node.id, was);
    far ||= Math.hypot(was.x - node.position.x, was.y - node.position.y) > FAR;
  }
  return far && from.size <= GLIDING_MAX ? { from } : null;
}

/** Where they are when this part (0…1) of the way is done. */
export function glided(after: readonly CanvasNode[], glide: Glide, part: number): CanvasNode[] {
  const eased = 1 - (1 - part) ** 3;
  return after.map((node) => {
    const from = glide.from.get(node.id);
    if (from === undefined) return node;
    return {
      ...node,
      position: {
        x: from.x + (node.position.x - from.x) * eased,
        y: from.y + (node.position.y - from.y) * eased,
      },
    };
  });
}
