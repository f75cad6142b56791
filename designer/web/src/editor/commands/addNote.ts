// A sticky note on the canvas.

import type { Command } from "../command";
import { type NoteColor, notesOf, type Position, snapped } from "../document";

export interface AddNote {
  id: string;
  position: Position;
  text?: string;
  color?: NoteColor;
}

export const addNote: Command<AddNote> = {
  name: "addNote",
  run: (document, { id, position, text = "", color = "yellow" }) => ({
    ...document,
    notes: [
      ...notesOf(document),
      { id, text, color, position: snapped(position), size: { width: 220, height: 120 } },
    ],
  }),
};
