// Puts nodes and notes where they were dragged or nudged to.

import type { Command } from "../command";
import { notesOf, type Position } from "../document";

export interface MoveNodes {
  positions: Readonly<Record<string, Position>>;
}

export const moveNodes: Command<MoveNodes> = {
  name: "moveNodes",
  run: (document, { positions }) => {
    const moved = <Item extends { id: string; position: Position }>(item: Item): Item => {
      const to = positions[item.id];
      if (to === undefined || (to.x === item.position.x && to.y === item.position.y)) return item;
      return { ...item, position: { x: to.x, y: to.y } };
    };
    const nodes = document.nodes.map(moved);
    const notes = notesOf(document).map(moved);
    const nodesChanged = nodes.some((node, index) => node !== document.nodes[index]);
    const notesChanged = notes.some((note, index) => note !== notesOf(document)[index]);
    if (!nodesChanged && !notesChanged) return document;
    return { ...document, nodes, ...(notesChanged ? { notes } : {}) };
  },
  burst: ({ positions }) => `move ${Object.keys(positions).sort().join(" ")}`,
};
