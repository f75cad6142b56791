// A step with its branches goes to another place; the line closes where it stood.

import { type Block, type Place, putBlockIn, takeBlockOut } from "../blocks";
import type { Command } from "../command";
import { edgeOf, nodeOf } from "../document";

export interface MoveBlock {
  block: Block;
  place: Place;
}

export const moveBlock: Command<MoveBlock> = {
  name: "moveBlock",
  run: (document, { block, place }, types) => {
    if (nodeOf(document, block.node) === undefined || block.outs.length === 0) return document;
    const inside = new Set(block.nodes);
    if ("node" in place) {
      if (inside.has(place.node)) return document;
    } else {
      const lines = place.edges.map((edge) => edgeOf(document, edge));
      const beside = lines.some(
        (line) => line === undefined || inside.has(line.from) || inside.has(line.to),
      );
      if (lines.length === 0 || beside) return document;
    }
    const out = takeBlockOut(document, block, true).document;
    // A line that became the same as another is gone; then the other one is the place.
    const left =
      "node" in place
        ? place
        : { edges: place.edges.filter((edge) => edgeOf(out, edge) !== undefined) };
    if ("edges" in left && left.edges.length === 0) return document;
    return putBlockIn(out, block, left, types);
  },
};
