// Sections: frames around nodes. They move them along and can be collapsed to one box. Pure.

import {
  type FlowDocument,
  type FlowNote,
  NODE_HEIGHT,
  NODE_WIDTH,
  notesOf,
  type Position,
  type Size,
} from "./document";

/** What a collapsed section is drawn as. */
export const COLLAPSED: Size = { width: NODE_WIDTH, height: NODE_HEIGHT };
const NOTE_SIZE: Size = { width: 200, height: 120 };

export function isSection(note: FlowNote): boolean {
  return note.kind === "section";
}

/** As it is drawn. Notes written by hand or by a program may come without a size. */
export function noteSize(note: FlowNote): Size {
  return note.hides === undefined ? (note.size ?? NOTE_SIZE) : COLLAPSED;
}

interface Placed {
  id: string;
  position: Position;
}

/** The nodes and notes whose middle stands inside the frame. */
export function insideOf(document: FlowDocument, section: FlowNote): Placed[] {
  const { x, y } = section.position;
  const { width, height } = section.size ?? NOTE_SIZE;
  const holds = ({ x: left, y: top }: Position, size: Size) => {
    const middle = { x: left + size.width / 2, y: top + size.height / 2 };
    return middle.x > x && middle.x < x + width && middle.y > y && middle.y < y + height;
  };
  return [
    ...document.nodes.filter((node) => holds(node.position, COLLAPSED)),
    ...notesOf(document).filter((note) => note !== section && holds(note.position, noteSize(note))),
  ];
}

/** The nodes a collapsed section hides; those that are gone by now are not among them. */
export function hiddenBy(document: FlowDocument, section: FlowNote): Placed[] {
  const hides = new Set(section.hides);
  return [...document.nodes, ...notesOf(document)].filter((item) => hides.has(item.id));
}

/** For each hidden node or note the section that hides it. */
export function hiding(document: FlowDocument): Map<string, string> {
  const found = new Map<string, string>();
  for (const note of notesOf(document)) {
    if (!isSection(note)) continue;
    for (const id of note.hides ?? []) if (!found.has(id)) found.set(id, note.id);
  }
  // A section inside a collapsed one is hidden with all it hides.
  for (const [id, section] of found) found.set(id, found.get(section) ?? section);
  return found;
}
