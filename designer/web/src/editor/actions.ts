// What a gesture or a key asks for, in the words of commands; then the new thing is selected and focused.

import { freePlace } from "./behaviours";
import { addBranch } from "./commands/addBranch";
import { addEvent } from "./commands/addEvent";
import { addNode } from "./commands/addNode";
import { addNote } from "./commands/addNote";
import { addSection } from "./commands/addSection";
import { addSteps, type NewStep } from "./commands/addSteps";
import { type Alignment, align } from "./commands/align";
import type { Direction } from "./commands/autoLayout";
import { distribute } from "./commands/distribute";
import { insertBefore } from "./commands/insertBefore";
import { insertOnEdge } from "./commands/insertOnEdge";
import { insertStep } from "./commands/insertStep";
import { moveNodes } from "./commands/moveNodes";
import { type Fragment, fragmentOf, paste } from "./commands/paste";
import { removeSelection } from "./commands/removeSelection";
import { toggleSection } from "./commands/toggleSection";
import {
  EVENT_IDS,
  EVENT_KINDS,
  type EventKind,
  entering,
  exitsOf,
  type FlowDocument,
  freshEventId,
  freshNodeId,
  freshNoteId,
  inReadingOrder,
  leaving,
  NODE_WIDTH,
  type NodeTypes,
  nodeOf,
  notesOf,
  openPorts,
  type Position,
} from "./document";
import { giveKeyboard } from "./giveKeyboard";
import { whyNotAppend, whyNotEvent, whyNotInsert } from "./rules";
import { insideOf, isSection } from "./sections";
import { type MenuWish, useEditor } from "./store";
import type { TypedStep } from "./typed/step";
import { used } from "./used";

const state = () => useEditor.getState();

/** A node of this type where the menu was asked to put one. Answers with its id, or null if it may not be. */
export function addFor(wish: MenuWish, type: string): string | null {
  const { history, run } = state();
  const id = freshNodeId(history.present, type === INCLUSIVE ? "condition" : type);
  const done =
    wish.kind === "edge"
      ? run(insertOnEdge, { edge: wish.edge, id, type })
      : wish.kind === "before"
        ? run(insertBefore, { node: wish.node, id, type })
        : wish.kind === "free"
          ? run(addNode, { id, type, position: wish.position })
          : wish.kind === "after"
            ? run(addNode, {
                id,
                type,
                after: { node: wish.node, port: wish.port ?? "out" },
                ...(wish.position === undefined ? {} : { position: wish.position }),
              })
            : wish.kind === "place"
              ? run(insertStep, { place: wish.place, ...said(id, type) })
              : wish.kind === "way"
                ? run(addBranch, {
                    node: wish.node,
                    step: { id, type },
                    ...(wish.to === undefined ? {} : { to: wish.to }),
                  })
                : false;
  if (!done) return null;
  used("nodes", type === INCLUSIVE ? "condition" : type);
  state().goTo(id);
  return id;
}

/** Steps as they were typed, where the menu was asked to put them; the last of them is selected. */
export function addTyped(wish: MenuWish, typed: readonly TypedStep[]): boolean {
  const { run, goTo, openMenu } = state();
  const from =
    wish.kind === "edge"
      ? { edge: wish.edge }
      : wish.kind === "after"
        ? { node: wish.node, port: wish.port ?? "out" }
        : wish.kind === "free"
          ? { position: wish.position }
          : null;
  if (from === null) return false;
  const steps = typed.map((step): NewStep => {
    if ("to" in step) return { to: step.to };
    const { base, type, name, settings } = step;
    return { id: base, type, name, settings };
  });
  openMenu(null);
  if (!run(addSteps, { steps, from })) return false;
  const made = steps.flatMap((step) => ("to" in step ? [] : [step]));
  for (const { type } of made) used("nodes", type);
  const last = made.at(-1)?.id ?? ("node" in from ? from.node : undefined);
  if (last !== undefined) goTo(last);
  return true;
}

/** Exits that lead nowhere. When nothing must go on any more: those for what may fail. */
export function openEnds(
  document: FlowDocument,
  types: NodeTypes,
): { kind: "needed" | "failing"; exits: { node: string; port: string }[] } {
  const led = new Set(document.edges.map(({ from, port }) => `${from} ${port}`));
  const all = inReadingOrder(document, types).flatMap((node) =>
    exitsOf(node, types)
      .filter(({ name }) => !led.has(`${node.id} ${name}`))
      .map(({ name, required }) => ({ node: node.id, port: name, required })),
  );
  const needed = all.filter(({ required }) => required);
  const exits = needed.length > 0 ? needed : all.filter(({ port }) => FAILING.has(port));
  return {
    kind: needed.length > 0 ? "needed" : "failing",
    exits: exits.map(({ node, port }) => ({ node, port })),
  };
}

const FAILING = new Set(["error", "no_match"]);

/** Where the way does not go on yet: asks there what comes next. Each time the next one, until all are led somewhere. */
export function askAtOpenExit(): void {
  const { history, types, openMenu, readOnly, goTo } = state();
  if (readOnly) return;
  const document = history.present;
  const { exits: open } = openEnds(document, types);
  const before = open.findIndex(
    ({ node, port }) => node === lastAsked?.node && port === lastAsked.port,
  );
  const next = open[before + 1] ?? open[0];
  lastAsked = next ?? null;
  if (next === undefined) return;
  goTo(next.node);
  openMenu({ wish: { kind: "after", ...next }, at: besideWhereItComes(next.node) });
}

/** What the flow asks at its start, to be typed: nothing is selected then, and the field has the keyboard. */
export function typeFields(): void {
  const { select, show, readOnly } = state();
  if (readOnly) return;
  select({});
  show("inspector");
  giveKeyboard(() => {
    const field = document.querySelector<HTMLElement>("[data-typed-fields]");
    if (field === null) return false;
    field.dataset["typedFields"] = "by-key";
    field.addEventListener("blur", () => (field.dataset["typedFields"] = "true"), { once: true });
    field.focus();
    return true;
  }, 0);
}

let lastAsked: { node: string; port: string } | null = null;

/** In the menu of the vertical look: a choice of all branches that hold, with its join. */
export const INCLUSIVE = "inclusive";

function said(id: string, type: string) {
  return type === INCLUSIVE ? { id, type: "condition", inclusive: true } : { id, type };
}

/** From the palette by click or Enter: behind the selected node, at an open way out or in its only line; else free. */
export function addFromPalette(type: string, centre: Position): string | null {
  const { history, selection, types } = state();
  const selected = nodeOf(history.present, selection.nodes[0] ?? "");
  const port = selected && openPorts(history.present, selected, types)[0];
  const [line, ...others] = selected ? leaving(history.present, selected.id) : [];
  if (port === undefined && line && others.length === 0 && whyNotInsert(type, types) === null)
    return addFor({ kind: "edge", edge: line.id }, type);
  if (selected === undefined || port === undefined || whyNotAppend(type, types) !== null) {
    return addFor({ kind: "free", position: freePlace(history.present, centre) }, type);
  }
  return addFor({ kind: "after", node: selected.id, port: port.name }, type);
}

/** A start and an end: nothing is drawn yet, and what comes after means after the start. */
const BLANK = 2;

/** `A`: asks what comes after. `I`: asks what comes before. `C`: asks where to lead a line. `E`: asks what may happen. */
export function askFor(
  kind: "after" | "before" | "connect" | "event",
  at?: Position,
  free?: Position,
): void {
  const { history, selection, types, openMenu, readOnly, goTo } = state();
  const node = nodeOf(history.present, selection.nodes[0] ?? "");
  if (readOnly) return;
  const [first, ...others] = history.present.nodes.filter(({ type }) => types.get(type)?.starts);
  if (node === undefined && kind === "after" && first !== undefined && others.length === 0) {
    if (history.present.nodes.length <= BLANK) {
      goTo(first.id);
      openMenu({ wish: { kind, node: first.id, port: "out" }, at: besideNode(first.id) });
      return;
    }
  }
  if (node === undefined) {
    // Nothing is selected: a node of its own, in the middle.
    if (kind === "after" && free !== undefined)
      openMenu({ wish: { kind: "free", position: free }, at: at ?? middle() });
    return;
  }
  const place = at ?? besideNode(node.id);
  if (kind === "before") {
    const starts = types.get(node.type)?.starts ?? false;
    if (!starts) openMenu({ wish: { kind, node: node.id }, at: place });
    return;
  }
  if (kind === "event") {
    const some = EVENT_KINDS.some((each) => whyNotEvent(node, each, types) === null);
    if (some) openMenu({ wish: { kind, node: node.id }, at: place });
    return;
  }
  const ports = exitsOf(node, types);
  const [only] = ports;
  if (only === undefined) return;
  const port = ports.length === 1 ? { port: only.name } : {};
  openMenu({ wish: { kind, node: node.id, ...port }, at: place });
}

/** An event at the edge of a node, and the question what comes after it. */
export function addEventFor(node: string, kind: EventKind, at: Position): void {
  const { history, run, openMenu } = state();
  const id = freshEventId(history.present, EVENT_IDS[kind]);
  if (!run(addEvent, { node, id, kind })) return;
  openMenu({ wish: { kind: "after", node, port: id }, at });
}

function middle(): Position {
  return { x: window.innerWidth / 2 - 150, y: window.innerHeight / 3 };
}

/** A node out of sight is brought to the middle: the menu stands beside it there. */
function besideWhereItComes(id: string): Position {
  const pane = document.querySelector(".react-flow")?.getBoundingClientRect();
  const box = document
    .querySelector(`.react-flow__node[data-id="${CSS.escape(id)}"]`)
    ?.getBoundingClientRect();
  if (pane === undefined) return besideNode(id);
  const seen =
    box !== undefined &&
    box.left > pane.left + MARGIN &&
    box.top > pane.top + MARGIN &&
    box.right < pane.right - MARGIN &&
    box.bottom < pane.bottom - MARGIN;
  if (seen) return besideNode(id);
  return {
    x: (pane.left + pane.right + NODE_WIDTH) / 2 + MARGIN,
    y: (pane.top + pane.bottom) / 2 - 40,
  };
}

const MARGIN = 10;

function besideNode(id: string): Position {
  const box = document
    .querySelector(`.react-flow__node[data-id="${CSS.escape(id)}"]`)
    ?.getBoundingClientRect();
  if (box === undefined) return middle();
  return { x: box.right + 8, y: box.top };
}

export function removeSelected(): void {
  const { selection, history, run, goTo, takeOut } = state();
  const [first] = selection.nodes;
  if (takeOut !== null && first !== undefined && selection.nodes.length === 1) {
    takeOut(first);
    return;
  }
  const neighbour = first === undefined ? undefined : entering(history.present, first)[0]?.from;
  run(removeSelection, selection);
  const left = neighbour !== undefined && nodeOf(state().history.present, neighbour) !== undefined;
  if (left && state().selection.nodes.length === 0) goTo(neighbour);
}

export function removeNode(id: string): void {
  state().select({ nodes: [id] });
  removeSelected();
}

export function nudge(dx: number, dy: number): void {
  const { selection, history, run } = state();
  const chosen = [
    ...history.present.nodes.filter((node) => selection.nodes.includes(node.id)),
    ...notesOf(history.present).filter((note) => selection.notes.includes(note.id)),
  ];
  const positions = Object.fromEntries(
    chosen.map((item) => [item.id, { x: item.position.x + dx, y: item.position.y + dy }]),
  );
  run(moveNodes, { positions });
}

export function selectAll(): void {
  const { present } = state().history;
  state().select({
    nodes: present.nodes.map((node) => node.id),
    notes: notesOf(present).map((note) => note.id),
  });
}

export function selectedFragment(): Fragment | null {
  const { history, selection } = state();
  if (selection.nodes.length + selection.notes.length === 0) return null;
  return fragmentOf(history.present, selection.nodes, selection.notes);
}

export function pasteFragment(fragment: Fragment, offset = { x: 40, y: 40 }): void {
  const before = state().history.present;
  if (!state().run(paste, { fragment, offset })) return;
  const after = state().history.present;
  const oldNodes = new Set(before.nodes.map((node) => node.id));
  const oldNotes = new Set(notesOf(before).map((note) => note.id));
  state().select({
    nodes: after.nodes.filter((node) => !oldNodes.has(node.id)).map((node) => node.id),
    notes: notesOf(after)
      .filter((note) => !oldNotes.has(note.id))
      .map((note) => note.id),
  });
}

export function duplicateSelected(): void {
  const fragment = selectedFragment();
  if (fragment !== null) pasteFragment(fragment);
}

/** For who asks by name and not by Ctrl+C. */
export async function copySelected(): Promise<void> {
  const fragment = selectedFragment();
  if (fragment !== null) await navigator.clipboard.writeText(JSON.stringify(fragment, null, 2));
}

/** Only the selected nodes when there are several, else all. */
export async function tidyUp(direction?: Direction): Promise<void> {
  const { autoLayout } = await import("./commands/autoLayout");
  const { selection, run, fits } = state();
  const some = selection.nodes.length > 1;
  const way = direction === undefined ? {} : { direction };
  run(autoLayout, some ? { only: selection.nodes, ...way } : way);
  if (!some) useEditor.setState({ fits: fits + 1 });
}

function selectedItems(): string[] {
  const { selection } = state();
  return [...selection.nodes, ...selection.notes];
}

export function alignSelected(how: Alignment): void {
  state().run(align, { items: selectedItems(), how });
}

export function distributeSelected(along: "x" | "y"): void {
  state().run(distribute, { items: selectedItems(), along });
}

export function putNote(position: Position): void {
  const { history, run, select } = state();
  const id = freshNoteId(history.present);
  if (run(addNote, { id, position })) select({ notes: [id] });
}

/** A frame around what is selected; its title can be typed at once. */
export function frameSelected(): void {
  const { history, run, select } = state();
  const id = freshNoteId(history.present);
  if (!run(addSection, { id, items: selectedItems(), text: "" })) return;
  select({ notes: [id] });
  state().rename(id);
}

/** The selected section, or the one the selected node stands in. */
export function sectionAtHand(): string | undefined {
  const { history, selection } = state();
  const [node] = selection.nodes;
  return notesOf(history.present)
    .filter(isSection)
    .find(
      (note) =>
        selection.notes.includes(note.id) ||
        (node !== undefined && insideOf(history.present, note).some(({ id }) => id === node)),
    )?.id;
}

export function foldSection(): void {
  const section = sectionAtHand();
  if (section !== undefined) state().run(toggleSection, { section });
}

/** Moves the selection to a neighbour along the lines. */
export function walk(direction: 1 | -1): void {
  const { history, selection, goTo } = state();
  const [current] = selection.nodes;
  const next = history.present.edges.find((edge) =>
    direction === 1 ? edge.from === current : edge.to === current,
  );
  if (next !== undefined) goTo(direction === 1 ? next.to : next.from);
}
