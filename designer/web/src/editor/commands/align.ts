// Puts what is selected on one line: left edges, middles, right edges; or upper edges, middles, lower edges.

import type { Command } from "../command";
import {
  type FlowDocument,
  type NodeTypes,
  notesOf,
  type Position,
  type Size,
  sizeOf,
} from "../document";
import { noteSize } from "../sections";
import { moveNodes } from "./moveNodes";

export type Alignment = "left" | "center" | "right" | "top" | "middle" | "bottom";

export const align: Command<{ items: readonly string[]; how: Alignment }> = {
  name: "align",
  run: (document, { items, how }, types) => {
    const boxes = boxesOf(document, items, types);
    if (boxes.length < 2) return document;
    const left = Math.min(...boxes.map(({ x }) => x));
    const right = Math.max(...boxes.map(({ x, width }) => x + width));
    const top = Math.min(...boxes.map(({ y }) => y));
    const bottom = Math.max(...boxes.map(({ y, height }) => y + height));
    const place = ({ x, y, width, height }: Box): Position => {
      switch (how) {
        case "left":
          return { x: left, y };
        case "center":
          return { x: Math.round((left + right - width) / 2) + 0, y };
        case "right":
          return { x: right - width, y };
        case "top":
          return { x, y: top };
        case "middle":
          return { x, y: Math.round((top + bottom - height) / 2) + 0 };
        case "bottom":
          return { x, y: bottom - height };
      }
    };
    const positions = Object.fromEntries(boxes.map((box) => [box.id, place(box)]));
    return moveNodes.run(document, { positions }, types);
  },
};

export interface Box extends Position, Size {
  id: string;
}

/** Where the named nodes and notes stand, and how large they are. */
export function boxesOf(document: FlowDocument, items: readonly string[], types: NodeTypes): Box[] {
  const wanted = new Set(items);
  return [
    ...document.nodes
      .filter((node) => wanted.has(node.id))
      .map((node) => ({ id: node.id, ...node.position, ...sizeOf(node, types) })),
    ...notesOf(document)
      .filter((note) => wanted.has(note.id))
      .map((note) => ({ id: note.id, ...note.position, ...noteSize(note) })),
  ];
}
