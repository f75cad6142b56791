// Another text, size or colour for a note.

import type { Command } from "../command";
import { type NoteColor, notesOf, type Position, type Size, sameValue } from "../document";

export interface SetNote {
  note: string;
  text?: string;
  size?: Size;
  position?: Position;
  color?: NoteColor;
}

export const setNote: Command<SetNote> = {
  name: "setNote",
  run: (document, { note: id, ...patch }) => {
    const notes = notesOf(document).map((note) => (note.id === id ? { ...note, ...patch } : note));
    return sameValue(notes, notesOf(document)) ? document : { ...document, notes };
  },
  burst: ({ note, text }) => `note ${note} ${text === undefined ? "look" : "text"}`,
};
