// Which dialog of the editor is open, if any. A dialog is opened by its name: from the bar, by a key, from the palette.

import { create } from "zustand";

export type DialogName =
  | "commands"
  | "search"
  | "help"
  | "publish"
  | "versions"
  | "start"
  | "sop"
  | "picture"
  | "tour"
  | "group"
  | (string & {});

interface DialogState {
  open: DialogName | null;
  show: (name: DialogName) => void;
  close: () => void;
}

export const useDialog = create<DialogState>((set) => ({
  open: null,
  show: (open) => set({ open }),
  close: () => set({ open: null }),
}));
