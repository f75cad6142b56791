// A frame around what is selected, with a title.

import type { Command } from "../command";
import { type FlowDocument, type NodeTypes, notesOf } from "../document";
import { boxesOf } from "./align";

const MARGIN = 30;
/** Room for the title above. */
const HEAD = 46;

export interface AddSection {
  id: string;
  items: readonly string[];
  text: string;
}

export const addSection: Command<AddSection> = {
  name: "addSection",
  run: (document: FlowDocument, { id, items, text }, types: NodeTypes) => {
    const boxes = boxesOf(document, items, types);
    if (boxes.length === 0) return document;
    const x = Math.min(...boxes.map((box) => box.x)) - MARGIN;
    const y = Math.min(...boxes.map((box) => box.y)) - MARGIN - HEAD;
    const right = Math.max(...boxes.map((box) => box.x + box.width)) + MARGIN;
    const bottom = Math.max(...boxes.map((box) => box.y + box.height)) + MARGIN;
    const section = {
      id,
      kind: "section" as const,
      text,
      position: { x, y },
      size: { width: right - x, height: bottom - y },
      color: "blue" as const,
    };
    return { ...document, notes: [section, ...notesOf(document)] };
  },
};
