// Collapses a section to one box, or opens it again. What it hid comes back where it stood beside it.

import type { Command } from "../command";
import { notesOf } from "../document";
import { insideOf, isSection } from "../sections";

export const toggleSection: Command<{ section: string }> = {
  name: "toggleSection",
  run: (document, { section: id }) => {
    const section = notesOf(document).find((note) => note.id === id);
    if (section === undefined || !isSection(section)) return document;
    const { hides, ...open } = section;
    const inside = hides === undefined ? insideOf(document, section).map((item) => item.id) : [];
    const next = hides === undefined ? { ...section, hides: inside } : open;
    return {
      ...document,
      notes: notesOf(document).map((note) => (note.id === id ? next : note)),
    };
  },
};
