// Every action of the editor: its name, where it belongs, its keys, and what it does. The command palette (Ctrl+K) shows
// them all, so a new action is a new entry here, and its words in `locales/*/canvas.json` under `action`.

import type { ReactFlowInstance } from "@xyflow/react";
import * as actions from "./actions";
import { toggleSnap } from "./canvas/SnapLines";
import { zoomToSelection } from "./canvas/zoomToSelection";
import type { Alignment } from "./commands/align";
import { useDialog } from "./dialog";
import { useEditor } from "./store";

/** What the desk lends to an action: what belongs to the screen and not to the document. */
export interface Desk {
  flow: Pick<
    ReactFlowInstance,
    "fitView" | "zoomIn" | "zoomOut" | "zoomTo" | "screenToFlowPosition" | "getNodes"
  >;
  save: () => void;
  setMode: (mode: "hand" | "pointer") => void;
  look: "canvas" | "vertical";
  setLook: (look: "canvas" | "vertical") => void;
  openInspector: () => void;
  exportFile: () => void;
  exportBpmn: () => void;
  importFile: () => void;
  go: (address: string) => void;
  /** Draws what the selected sub-flow does in its place. */
  inline: () => void;
}

export const ACTION_GROUPS = ["build", "arrange", "edit", "view", "test", "file", "help"] as const;

export interface EditorAction {
  /** Its words: `t("canvas:action.<name>")`. */
  name: string;
  group: (typeof ACTION_GROUPS)[number];
  keys?: string[];
  /** It changes the flow, so it is not offered to those who may only read. */
  writes?: boolean;
  /** Is there anything to do it to? */
  when?: () => boolean;
  /** Only people with this permission. */
  permission?: string;
  run: (desk: Desk) => void;
}

const FIT = { duration: 200, maxZoom: 1, padding: 0.14 };
const show = (name: string) => () => useDialog.getState().show(name);
const selected = () => {
  const { nodes, notes } = useEditor.getState().selection;
  return nodes.length + notes.length;
};
const one = () => useEditor.getState().selection.nodes.length === 1;
const some = () => selected() > 0;
const several = () => selected() > 1;
const isSubflow = () => {
  const { history, selection } = useEditor.getState();
  const [node] = selection.nodes;
  return history.present.nodes.some((each) => each.id === node && each.type === "subflow");
};
const onCanvas = () => document.querySelector(".react-flow") !== null;

const ARROWS: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

const ALIGNMENTS: [Alignment, string][] = [
  ["left", "ArrowLeft"],
  ["center", ""],
  ["right", "ArrowRight"],
  ["top", "ArrowUp"],
  ["middle", ""],
  ["bottom", "ArrowDown"],
];

export const ACTIONS: readonly EditorAction[] = [
  {
    name: "append",
    group: "build",
    keys: ["A"],
    writes: true,
    when: one,
    run: () => actions.askFor("after"),
  },
  { name: "open_exit", group: "build", keys: ["O"], writes: true, run: actions.askAtOpenExit },
  { name: "type_fields", group: "build", keys: ["F"], writes: true, run: actions.typeFields },
  {
    name: "insert",
    group: "build",
    keys: ["I"],
    writes: true,
    when: one,
    run: () => actions.askFor("before"),
  },
  {
    name: "connect",
    group: "build",
    keys: ["C"],
    writes: true,
    when: one,
    run: () => actions.askFor("connect"),
  },
  {
    name: "event",
    group: "build",
    keys: ["E"],
    writes: true,
    when: one,
    run: () => actions.askFor("event"),
  },
  {
    name: "note",
    group: "build",
    keys: ["N"],
    writes: true,
    run: ({ flow }) => actions.putNote(flow.screenToFlowPosition(middle())),
  },
  {
    name: "section",
    group: "build",
    keys: ["G"],
    writes: true,
    when: some,
    run: () => actions.frameSelected(),
  },
  {
    name: "collapse",
    group: "build",
    keys: ["Shift", "G"],
    writes: true,
    when: () => actions.sectionAtHand() !== undefined,
    run: () => actions.foldSection(),
  },
  {
    name: "subflow",
    group: "build",
    writes: true,
    when: () => useEditor.getState().selection.nodes.length > 0,
    run: show("group"),
  },
  {
    name: "inline",
    group: "build",
    writes: true,
    when: isSubflow,
    run: (desk) => desk.inline(),
  },
  {
    name: "rename",
    group: "build",
    keys: ["F2"],
    writes: true,
    when: one,
    run: () => useEditor.getState().rename(useEditor.getState().selection.nodes[0] ?? null),
  },
  {
    name: "open_settings",
    group: "build",
    keys: ["Enter"],
    when: one,
    run: (desk) => desk.openInspector(),
  },
  {
    name: "layout",
    group: "arrange",
    keys: ["Shift", "T"],
    writes: true,
    run: () => void actions.tidyUp(),
  },
  { name: "layout_right", group: "arrange", writes: true, run: () => void actions.tidyUp("right") },
  { name: "layout_down", group: "arrange", writes: true, run: () => void actions.tidyUp("down") },
  ...ALIGNMENTS.map(
    ([how, arrow]): EditorAction => ({
      name: `align_${how}`,
      group: "arrange",
      ...(arrow === "" ? {} : { keys: ["Alt", "Shift", ARROWS[arrow] ?? ""] }),
      writes: true,
      when: several,
      run: () => actions.alignSelected(how),
    }),
  ),
  {
    name: "distribute_x",
    group: "arrange",
    writes: true,
    when: () => selected() > 2,
    run: () => actions.distributeSelected("x"),
  },
  {
    name: "distribute_y",
    group: "arrange",
    writes: true,
    when: () => selected() > 2,
    run: () => actions.distributeSelected("y"),
  },
  {
    name: "undo",
    group: "edit",
    keys: ["Ctrl", "Z"],
    writes: true,
    when: () => useEditor.getState().history.past.length > 0,
    run: () => useEditor.getState().undo(),
  },
  {
    name: "redo",
    group: "edit",
    keys: ["Ctrl", "Shift", "Z"],
    writes: true,
    when: () => useEditor.getState().history.future.length > 0,
    run: () => useEditor.getState().redo(),
  },
  {
    name: "duplicate",
    group: "edit",
    keys: ["Ctrl", "D"],
    writes: true,
    when: some,
    run: () => actions.duplicateSelected(),
  },
  {
    name: "copy",
    group: "edit",
    keys: ["Ctrl", "C"],
    when: some,
    run: () => void actions.copySelected(),
  },
  { name: "select_all", group: "edit", keys: ["Ctrl", "A"], run: () => actions.selectAll() },
  {
    name: "delete",
    group: "edit",
    keys: ["Delete"],
    writes: true,
    when: some,
    run: () => actions.removeSelected(),
  },
  { name: "save", group: "edit", keys: ["Ctrl", "S"], writes: true, run: (desk) => desk.save() },
  { name: "history", group: "edit", run: () => useEditor.getState().show("history") },
  { name: "search", group: "view", keys: ["Ctrl", "F"], run: show("search") },
  {
    name: "fit",
    group: "view",
    keys: ["Shift", "1"],
    when: onCanvas,
    run: ({ flow }) => void flow.fitView(FIT),
  },
  {
    name: "fit_selection",
    group: "view",
    keys: ["Shift", "2"],
    when: () => onCanvas() && some(),
    run: ({ flow }) => zoomToSelection(flow),
  },
  {
    name: "zoom_100",
    group: "view",
    keys: ["Shift", "0"],
    when: onCanvas,
    run: ({ flow }) => void flow.zoomTo(1, { duration: 200 }),
  },
  {
    name: "zoom_in",
    group: "view",
    keys: ["+"],
    when: onCanvas,
    run: ({ flow }) => void flow.zoomIn({ duration: 120 }),
  },
  {
    name: "zoom_out",
    group: "view",
    keys: ["-"],
    when: onCanvas,
    run: ({ flow }) => void flow.zoomOut({ duration: 120 }),
  },
  { name: "hand", group: "view", keys: ["H"], when: onCanvas, run: (desk) => desk.setMode("hand") },
  {
    name: "pointer",
    group: "view",
    keys: ["V"],
    when: onCanvas,
    run: (desk) => desk.setMode("pointer"),
  },
  { name: "snap", group: "view", when: onCanvas, run: toggleSnap },
  {
    name: "look",
    group: "view",
    run: (desk) => desk.setLook(desk.look === "canvas" ? "vertical" : "canvas"),
  },
  { name: "problems", group: "test", run: () => useEditor.getState().show("problems") },
  { name: "test", group: "test", run: () => useEditor.getState().show("test") },
  {
    name: "publish",
    group: "test",
    keys: ["P"],
    writes: true,
    permission: "flows:publish",
    run: show("publish"),
  },
  { name: "start", group: "test", permission: "instances:start", run: show("start") },
  { name: "versions", group: "test", run: show("versions") },
  { name: "sop", group: "file", run: show("sop") },
  { name: "picture", group: "file", run: show("picture") },
  { name: "export", group: "file", run: (desk) => desk.exportFile() },
  { name: "export_bpmn", group: "file", run: (desk) => desk.exportBpmn() },
  { name: "import", group: "file", writes: true, run: (desk) => desk.importFile() },
  { name: "help", group: "help", keys: ["?"], run: show("help") },
  { name: "tour", group: "help", run: show("tour") },
];

/** Those that make sense now. */
export function actionsNow(may: (permission?: string) => boolean): EditorAction[] {
  const { readOnly } = useEditor.getState();
  return ACTIONS.filter(
    (action) => !(action.writes && readOnly) && (action.when?.() ?? true) && may(action.permission),
  );
}

function middle() {
  return { x: window.innerWidth / 2, y: window.innerHeight / 2 };
}
