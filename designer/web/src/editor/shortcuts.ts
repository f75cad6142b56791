// The keyboard of the editor. Keys go to the canvas unless one is typing or a dialog is open.

import { useReactFlow } from "@xyflow/react";
import { useEffect, useRef } from "react";
import * as actions from "./actions";
import { zoomToSelection } from "./canvas/zoomToSelection";
import type { Alignment } from "./commands/align";
import { fragmentFrom } from "./commands/paste";
import { useEditor } from "./store";

export interface ShortcutHandlers {
  save: () => void;
  search: () => void;
  commands: () => void;
  help: () => void;
  openInspector: () => void;
  publish: () => void;
  setMode: (mode: "hand" | "pointer") => void;
}

/** For the sheet that lists them: what it does, and how. */
export const SHORTCUTS: [section: string, [what: string, keys: string[]][]][] = [
  [
    "build",
    [
      ["append", ["A"]],
      ["open_exit", ["O"]],
      ["type_fields", ["F"]],
      ["insert", ["I"]],
      ["connect", ["C"]],
      ["event", ["E"]],
      ["rename", ["F2"]],
      ["open", ["Enter"]],
      ["delete", ["Delete"]],
      ["duplicate", ["Ctrl", "D"]],
      ["note", ["N"]],
      ["section", ["G"]],
      ["fold", ["Shift", "G"]],
    ],
  ],
  [
    "move",
    [
      ["walk", ["Tab"]],
      ["follow", ["Alt", "→"]],
      ["nudge", ["↑ ↓ ← →"]],
      ["search", ["Ctrl", "F"]],
      ["fit", ["Shift", "1"]],
      ["fit_selection", ["Shift", "2"]],
      ["full_size", ["Shift", "0"]],
      ["zoom", ["+ −"]],
      ["layout", ["Shift", "T"]],
      ["align", ["Alt", "Shift", "↑ ↓ ← →"]],
      ["hand", ["H"]],
      ["pointer", ["V"]],
    ],
  ],
  [
    "edit",
    [
      ["commands", ["Ctrl", "K"]],
      ["undo", ["Ctrl", "Z"]],
      ["redo", ["Ctrl", "Shift", "Z"]],
      ["copy", ["Ctrl", "C"]],
      ["paste", ["Ctrl", "V"]],
      ["all", ["Ctrl", "A"]],
      ["save", ["Ctrl", "S"]],
      ["publish", ["P"]],
      ["help", ["?"]],
      ["leave", ["Esc"]],
    ],
  ],
];

const ARROWS: Record<string, [number, number]> = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

export function useShortcuts(handlers: ShortcutHandlers): void {
  const flow = useReactFlow();
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const command = event.ctrlKey || event.metaKey;
      if (command && event.key.toLowerCase() === "s") {
        event.preventDefault();
        latest.current.save();
        return;
      }
      if (dialogOpen()) return;
      if (command && event.key.toLowerCase() === "k") {
        event.preventDefault();
        latest.current.commands();
        return;
      }
      if (command && !event.shiftKey && event.key.toLowerCase() === "f") {
        event.preventDefault();
        latest.current.search();
        return;
      }
      if (typing(event.target)) return;
      selectReached(event);
      if (command ? withCommand(event) : plain(event, latest.current, flow)) event.preventDefault();
    };
    const copy = (event: ClipboardEvent) => {
      if (typing(event.target) || dialogOpen() || hasTextSelection()) return;
      const fragment = actions.selectedFragment();
      if (fragment === null) return;
      event.clipboardData?.setData("text/plain", JSON.stringify(fragment, null, 2));
      event.preventDefault();
      if (event.type === "cut") actions.removeSelected();
    };
    const paste = (event: ClipboardEvent) => {
      if (typing(event.target) || dialogOpen()) return;
      const fragment = fragmentFrom(event.clipboardData?.getData("text/plain") ?? "");
      if (fragment === null) return;
      event.preventDefault();
      actions.pasteFragment(fragment);
    };
    document.addEventListener("keydown", down);
    document.addEventListener("copy", copy);
    document.addEventListener("cut", copy);
    document.addEventListener("paste", paste);
    return () => {
      document.removeEventListener("keydown", down);
      document.removeEventListener("copy", copy);
      document.removeEventListener("cut", copy);
      document.removeEventListener("paste", paste);
    };
  }, [flow]);
}

const ALIGN: Record<string, Alignment> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "top",
  ArrowDown: "bottom",
};

/** By the place of the key: what stands on it differs from keyboard to keyboard. */
const VIEWS: Record<string, (flow: ReturnType<typeof useReactFlow>) => void> = {
  Digit1: (flow) => void flow.fitView({ duration: 200, maxZoom: 1, padding: 0.14 }),
  Digit2: (flow) => zoomToSelection(flow),
  Digit0: (flow) => void flow.zoomTo(1, { duration: 200 }),
};

const PASSING = new Set(["Tab", "Shift", "Control", "Alt", "Meta", "Escape"]);

/** Whoever came to a node by Tab and presses a key means that node, whatever was selected before. */
function selectReached({ key, target }: KeyboardEvent): void {
  if (PASSING.has(key) || !(target instanceof HTMLElement)) return;
  const node = target.matches(".react-flow__node-step") && target.dataset["id"];
  const { selection, select } = useEditor.getState();
  if (node && !selection.nodes.includes(node)) select({ nodes: [node] });
}

function withCommand(event: KeyboardEvent): boolean {
  const { undo, redo } = useEditor.getState();
  switch (event.key.toLowerCase()) {
    case "z":
      event.shiftKey ? redo() : undo();
      return true;
    case "y":
      redo();
      return true;
    case "a":
      actions.selectAll();
      return true;
    case "d": {
      const fragment = actions.selectedFragment();
      if (fragment !== null) actions.pasteFragment(fragment);
      return true;
    }
    default:
      return false;
  }
}

function plain(
  event: KeyboardEvent,
  handlers: ShortcutHandlers,
  flow: ReturnType<typeof useReactFlow>,
): boolean {
  const { selection, rename, select } = useEditor.getState();
  const onControl = event.target instanceof Element && event.target.closest("button, a, summary");
  const arrow = ARROWS[event.key];
  const places = event.shiftKey && !event.altKey ? VIEWS[event.code] : undefined;
  if (places !== undefined) {
    places(flow);
    return true;
  }
  if (arrow !== undefined) {
    if (event.altKey && event.shiftKey) {
      actions.alignSelected(ALIGN[event.key] ?? "left");
      return true;
    }
    if (event.altKey) {
      actions.walk(arrow[0] + arrow[1] > 0 ? 1 : -1);
      return true;
    }
    if (selection.nodes.length + selection.notes.length === 0 || onControl) return false;
    const step = event.shiftKey ? 50 : 10;
    actions.nudge(arrow[0] * step, arrow[1] * step);
    return true;
  }
  if (event.altKey) return false;
  switch (event.key) {
    case "a":
    case "A":
      actions.askFor(
        "after",
        undefined,
        flow.screenToFlowPosition({ x: innerWidth / 2, y: innerHeight / 2 }),
      );
      return true;
    case "p":
    case "P":
      handlers.publish();
      return true;
    case "o":
    case "O":
      actions.askAtOpenExit();
      return true;
    case "f":
    case "F":
      actions.typeFields();
      return true;
    case "i":
    case "I":
      actions.askFor("before");
      return true;
    case "c":
    case "C":
      actions.askFor("connect");
      return true;
    case "e":
    case "E":
      actions.askFor("event");
      return true;
    case "n":
    case "N":
      actions.putNote(flow.screenToFlowPosition({ x: innerWidth / 2, y: innerHeight / 2 }));
      return true;
    case "g":
      actions.frameSelected();
      return true;
    case "G":
      actions.foldSection();
      return true;
    case "h":
    case "H":
      handlers.setMode("hand");
      return true;
    case "v":
    case "V":
      handlers.setMode("pointer");
      return true;
    case "T":
      void actions.tidyUp();
      return true;
    case "+":
    case "=":
      void flow.zoomIn({ duration: 120 });
      return true;
    case "-":
      void flow.zoomOut({ duration: 120 });
      return true;
    case "/":
      handlers.search();
      return true;
    case "?":
      handlers.help();
      return true;
    case "F2":
      rename(selection.nodes[0] ?? selection.notes[0] ?? null);
      return true;
    case "Enter":
      if (onControl || selection.nodes.length !== 1) return false;
      handlers.openInspector();
      return true;
    case "Delete":
    case "Backspace":
      if (onControl) return false;
      actions.removeSelected();
      return true;
    case "Escape":
      select({});
      return true;
    default:
      return false;
  }
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.closest("input, textarea, select, [role=combobox]") !== null)
  );
}

function dialogOpen(): boolean {
  return document.querySelector(".ant-modal-wrap:not([style*='display: none']), .hr-pick") !== null;
}

function hasTextSelection(): boolean {
  return (window.getSelection()?.toString() ?? "") !== "";
}
