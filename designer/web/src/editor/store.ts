// The state of the open editor. The screen dispatches commands here; what is shown follows from it.

import { create } from "zustand";
import type { Problem } from "../api/client";
import type { TestResult } from "../api/types";
import type { Place } from "./blocks";
import type { Command } from "./command";
import { settle } from "./commands/settle";
import { emptyDocument, type FlowDocument, type NodeTypes, type Position } from "./document";
import { begin, type History, record, redo, stepTo, undo } from "./history";
import type { Conflict } from "./together/merge";

export interface Selection {
  nodes: readonly string[];
  edges: readonly string[];
  notes: readonly string[];
}

export const NOTHING: Selection = { nodes: [], edges: [], notes: [] };

/** Where a new node should go, or what should be connected; the menu asks for the rest. */
export type MenuWish =
  | { kind: "after"; node: string; port?: string; position?: Position }
  | { kind: "before"; node: string }
  | { kind: "edge"; edge: string }
  | { kind: "free"; position: Position }
  | { kind: "connect"; node: string; port?: string }
  | { kind: "event"; node: string }
  /** In the vertical look: at a place of it, or on a new way of a split. */
  | { kind: "place"; place: Place; node: string }
  | { kind: "way"; node: string; to?: string };

export interface Menu {
  wish: MenuWish;
  /** Where on the screen the menu opens. */
  at: Position;
}

export interface Picking {
  /** The setting, and the node it belongs to. */
  path: string;
  node: string;
  many: boolean;
  fits: (id: string) => boolean;
  take: (id: string) => void;
}

export type Panel = "inspector" | "problems" | "test" | "history";

interface EditorState {
  types: NodeTypes;
  history: History;
  readOnly: boolean;
  selection: Selection;
  panel: Panel;
  menu: Menu | null;
  renaming: string | null;
  problems: readonly Problem[];
  test: TestResult | null;
  /** What the canvas should bring into view and focus next. */
  focus: { node: string; field?: string; inspector?: boolean } | null;
  /** A setting that asks for nodes: a press on the canvas answers it. */
  picking: Picking | null;
  /** The vertical look takes a step out with its branches; null while the canvas is shown. */
  takeOut: ((node: string) => void) | null;
  /** Counts the wishes to see the whole drawing. */
  fits: number;
  /** What both I and somebody else have changed, and nobody has chosen from yet. */
  conflicts: readonly Conflict[];

  open: (document: FlowDocument, types: NodeTypes, readOnly: boolean) => void;
  run: <Args>(command: Command<Args>, args: Args) => boolean;
  undo: () => void;
  redo: () => void;
  stepTo: (count: number) => void;
  select: (selection: Partial<Selection>) => void;
  show: (panel: Panel) => void;
  openMenu: (menu: Menu | null) => void;
  rename: (node: string | null) => void;
  goTo: (node: string, field?: string) => void;
  setProblems: (problems: readonly Problem[]) => void;
  setTest: (test: TestResult | null) => void;
  /** Takes in what somebody else has kept since `base`, which the server had before; mine stays, also what can be undone. */
  adopt: (base: FlowDocument, theirs: FlowDocument) => Promise<void>;
  /** One side of a conflict; null: it stays as it is. */
  choose: (conflict: Conflict, side: "mine" | "theirs" | null) => void;
}

export const useEditor = create<EditorState>((set, get) => ({
  types: new Map(),
  history: begin(emptyDocument("", {})),
  readOnly: false,
  selection: NOTHING,
  panel: "inspector",
  menu: null,
  renaming: null,
  problems: [],
  test: null,
  focus: null,
  picking: null,
  takeOut: null,
  fits: 0,
  conflicts: [],

  open: (document, types, readOnly) =>
    set({
      types,
      history: begin(document),
      readOnly,
      selection: NOTHING,
      panel: "inspector",
      menu: null,
      renaming: null,
      problems: [],
      test: null,
      focus: null,
      picking: null,
      conflicts: [],
    }),

  run: (command, args) => {
    const { history, types, readOnly } = get();
    if (readOnly) return false;
    const after = command.run(history.present, args, types);
    if (after === history.present) return false;
    const burst = command.burst?.(args) ?? null;
    set({ history: record(history, command.name, after, Date.now(), burst) });
    get().select(stillThere(after, get().selection));
    return true;
  },

  undo: () => step(undo),
  redo: () => step(redo),
  stepTo: (count) => step((history) => stepTo(history, count)),

  select: (selection) => {
    const next = { ...NOTHING, ...selection };
    if (!sameSelection(next, get().selection)) set({ selection: next });
  },
  show: (panel) => set({ panel }),
  openMenu: (menu) => set({ menu }),
  rename: (renaming) => set({ renaming }),
  goTo: (node, field) => {
    set({
      selection: { ...NOTHING, nodes: [node] },
      focus: field === undefined ? { node } : { node, field },
    });
  },
  setProblems: (problems) => set({ problems }),
  setTest: (test) => set({ test }),
  adopt: async (base, theirs) => {
    const { adopted } = await import("./together/adopt");
    const { history, types, selection, conflicts } = get();
    const found = adopted(history, base, theirs, types);
    const known = new Set(found.conflicts.map(({ id }) => id));
    set({
      history: found.history,
      conflicts: [...conflicts.filter(({ id }) => !known.has(id)), ...found.conflicts],
    });
    get().select(stillThere(found.history.present, selection));
  },
  choose: (conflict, side) => {
    const { run, conflicts } = get();
    if (side !== null) run(settle, { conflict, value: conflict[side] });
    set({ conflicts: conflicts.filter(({ id }) => id !== conflict.id) });
  },
}));

function step(how: (history: History) => History): void {
  const { history, readOnly, selection } = useEditor.getState();
  if (readOnly) return;
  const next = how(history);
  if (next === history) return;
  useEditor.setState({ history: next, selection: stillThere(next.present, selection) });
}

/** The document as it is drawn now. */
export function useDocument(): FlowDocument {
  return useEditor((state) => state.history.present);
}

function stillThere(document: FlowDocument, selection: Selection): Selection {
  const nodes = new Set(document.nodes.map((node) => node.id));
  const edges = new Set(document.edges.map((edge) => edge.id));
  const notes = new Set((document.notes ?? []).map((note) => note.id));
  return {
    nodes: selection.nodes.filter((id) => nodes.has(id)),
    edges: selection.edges.filter((id) => edges.has(id)),
    notes: selection.notes.filter((id) => notes.has(id)),
  };
}

function sameSelection(a: Selection, b: Selection): boolean {
  const same = (left: readonly string[], right: readonly string[]) =>
    left.length === right.length && left.every((id, index) => id === right[index]);
  return same(a.nodes, b.nodes) && same(a.edges, b.edges) && same(a.notes, b.notes);
}
