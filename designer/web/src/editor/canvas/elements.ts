// From the document to what the canvas draws. Values that did not change stay the same objects, so that React skips them.

import type { Edge, Node } from "@xyflow/react";
import {
  type EventKind,
  eventOf,
  eventsOf,
  type FlowDocument,
  type FlowNode,
  type FlowNote,
  handlersOf,
  inReadingOrder,
  type NodeType,
  type NodeTypes,
  notesOf,
  type Port,
  portsOf,
  sameValue,
  sizeOf,
} from "../document";
import { hiddenBy, hiding, isSection, noteSize } from "../sections";
import {
  branchSentence,
  edgeSentence,
  eventSentence,
  exitTitle,
  nodeSentence,
  type Words,
} from "../sentence";
import type { Selection } from "../store";
import { nameOf } from "../variables";
import { type Route, routes } from "./route";

/** What a run (a test or a real one) left on a node. */
export interface Mark {
  status: string;
  duration?: string;
  times?: number;
}

export interface Marks {
  nodes: ReadonlyMap<string, Mark>;
  /** How often each edge was taken. */
  edges: ReadonlyMap<string, number>;
}

export interface ProblemMark {
  severity: "error" | "warning";
  messages: string[];
  /** Which of its events are meant, by their place. */
  events?: number[];
}

export interface StepData extends Record<string, unknown> {
  node: FlowNode;
  type: NodeType | undefined;
  title: string;
  typeTitle: string;
  summary: string;
  ports: { name: string; title: string; when: string; required: boolean; connected: boolean }[];
  events: EventData[];
  problem: ProblemMark | null;
  mark: Mark | null;
  faded: boolean;
  editable: boolean;
}

export interface EventData {
  id: string;
  kind: EventKind;
  title: string;
  interrupting: boolean;
  connected: boolean;
  wrong: boolean;
}

export interface NoteData extends Record<string, unknown> {
  note: FlowNote;
  editable: boolean;
}

export interface LineData extends Record<string, unknown> {
  label: string;
  kind: "plain" | "good" | "bad" | "event" | "undoing";
  taken: number | null;
  faded: boolean;
  route: Route;
  editable: boolean;
}

export interface SectionData extends Record<string, unknown> {
  note: FlowNote;
  /** How many nodes it hides; null while it is open. */
  hidden: number | null;
  /** The worst of what is wrong with those. */
  severity: ProblemMark["severity"] | null;
  editable: boolean;
}

export type StepElement = Node<StepData, "step">;
export type NoteElement = Node<NoteData, "note">;
export type SectionElement = Node<SectionData, "section">;
export type CanvasNode = StepElement | NoteElement | SectionElement;
export type CanvasEdge = Edge<LineData, "line">;

export interface Drawing {
  document: FlowDocument;
  types: NodeTypes;
  words: Words;
  problems: ReadonlyMap<string, ProblemMark>;
  marks: Marks | null;
  selection: Selection;
  editable: boolean;
}

export function nodeElements(drawing: Drawing, before: readonly CanvasNode[]): CanvasNode[] {
  const old = new Map(before.map((element) => [element.id, element]));
  const handlers = handlersOf(drawing.document);
  const hidden = hiding(drawing.document);
  const steps = inReadingOrder(drawing.document, drawing.types)
    .filter((node) => !hidden.has(node.id))
    .map((node) => kept(old.get(node.id), stepElement(node, drawing, handlers.has(node.id))));
  const notes = notesOf(drawing.document)
    .filter((note) => !hidden.has(note.id))
    .map((note) =>
      kept(
        old.get(note.id),
        isSection(note) ? sectionElement(note, drawing) : noteElement(note, drawing),
      ),
    );
  return [...notes, ...steps];
}

function stepElement(node: FlowNode, drawing: Drawing, handler: boolean): StepElement {
  const { types, words, document, marks, selection, problems, editable } = drawing;
  const type = types.get(node.type);
  const title = nameOf(node, types, words.text);
  const typeTitle = words.text(type?.title) || node.type;
  const summary = nodeSentence(node, types, words);
  const mark = marks?.nodes.get(node.id) ?? null;
  return {
    id: node.id,
    type: "step",
    position: node.position,
    ...sizeOf(node, types),
    selected: selection.nodes.includes(node.id),
    ariaLabel: [typeTitle, title, summary].filter((part) => part !== "").join(", "),
    data: {
      node,
      type,
      title,
      typeTitle,
      summary,
      ports: portsOf(node, types).map((port) => portData(port, node, drawing, handler)),
      events: eventsOf(node).map((event, index) => ({
        id: event.id,
        kind: event.kind,
        title: eventSentence(event, words),
        interrupting: event.interrupting ?? true,
        connected: document.edges.some((edge) => edge.from === node.id && edge.port === event.id),
        wrong: problems.get(node.id)?.events?.includes(index) ?? false,
      })),
      problem: problems.get(node.id) ?? null,
      mark,
      faded: marks !== null && mark === null,
      editable,
    },
  };
}

function portData(
  port: Port,
  node: FlowNode,
  { document, types, words }: Drawing,
  handler: boolean,
) {
  return {
    name: port.name,
    title: exitTitle(node, port.name, types, words),
    when: branchSentence(node, port.name, words),
    // Nothing follows a node that undoes another.
    required: port.required && !handler,
    connected: document.edges.some((edge) => edge.from === node.id && edge.port === port.name),
  };
}

function noteElement(note: FlowNote, { selection, editable }: Drawing): NoteElement {
  return {
    id: note.id,
    type: "note",
    position: note.position,
    ...noteSize(note),
    zIndex: -1,
    selected: selection.notes.includes(note.id),
    data: { note, editable },
  };
}

function sectionElement(note: FlowNote, drawing: Drawing): SectionElement {
  const { selection, problems, document, editable } = drawing;
  const inside = note.hides === undefined ? [] : hiddenBy(document, note);
  const severities = inside.map(({ id }) => problems.get(id)?.severity);
  const worst = severities.includes("error") ? "error" : severities.find(Boolean);
  return {
    id: note.id,
    type: "section",
    position: note.position,
    ...noteSize(note),
    zIndex: note.hides === undefined ? -2 : 0,
    selected: selection.notes.includes(note.id),
    ariaLabel: note.text,
    data: {
      note,
      hidden: note.hides === undefined ? null : inside.length,
      severity: worst ?? null,
      editable,
    },
  };
}

/** Keeps the element (and what the canvas measured on it) when nothing that is shown has changed. */
function kept<Element extends CanvasNode>(old: CanvasNode | undefined, next: Element): CanvasNode {
  if (old === undefined || old.type !== next.type) return next;
  const data = sameValue(old.data, next.data) ? old.data : next.data;
  const same =
    data === old.data &&
    old.position.x === next.position.x &&
    old.position.y === next.position.y &&
    old.width === next.width &&
    old.height === next.height &&
    (old.selected ?? false) === next.selected;
  return same ? old : ({ ...old, ...next, data } as CanvasNode);
}

export function edgeElements(drawing: Drawing, before: readonly CanvasEdge[]): CanvasEdge[] {
  const { document, types, words, marks, selection, editable } = drawing;
  const old = new Map(before.map((element) => [element.id, element]));
  const names = new Map(document.nodes.map((node) => [node.id, nameOf(node, types, words.text)]));
  const ways = routes(document, types);
  const nodes = new Map(document.nodes.map((node) => [node.id, node]));
  const hidden = hiding(document);
  const drawn = document.edges.filter(
    (edge) => !hidden.has(edge.from) || hidden.get(edge.from) !== hidden.get(edge.to),
  );
  const between = new Set<string>();
  return drawn.flatMap((edge) => {
    // Lines of hidden nodes begin and end at the section that hides them; of several between the same two, one is enough.
    const from = hidden.get(edge.from);
    const to = hidden.get(edge.to);
    const inside = from !== undefined || to !== undefined;
    const place = `${from ?? `${edge.from} ${edge.port}`} → ${to ?? edge.to}`;
    if (inside && between.has(place)) return [];
    between.add(place);
    const label = from === undefined ? edgeSentence(document, edge, types, words) : "";
    const taken = marks === null ? null : (marks.edges.get(edge.id) ?? 0);
    const event = eventOf(nodes.get(edge.from), edge.port);
    const next: CanvasEdge = {
      id: edge.id,
      type: "line",
      source: from ?? edge.from,
      sourceHandle: from === undefined ? edge.port : "out",
      target: to ?? edge.to,
      selected: selection.edges.includes(edge.id),
      interactionWidth: 24,
      // It holds a button, so it cannot be a picture to a screen reader.
      ariaRole: "group",
      ariaLabel: [`${names.get(edge.from) ?? edge.from} → ${names.get(edge.to) ?? edge.to}`, label]
        .filter(Boolean)
        .join(": "),
      data: {
        label,
        kind: from === undefined ? kindOf(edge.port, event?.kind) : "plain",
        taken,
        faded: taken === 0,
        route: inside ? { way: "late" } : (ways.get(edge.id) ?? { way: "late" }),
        editable: editable && !inside,
      },
    };
    const known = old.get(edge.id);
    return known !== undefined && sameValue(comparable(known), comparable(next)) ? known : next;
  });
}

function comparable(edge: CanvasEdge) {
  return [edge.source, edge.sourceHandle, edge.target, edge.selected ?? false, edge.data];
}

function kindOf(port: string, event: EventKind | undefined): LineData["kind"] {
  if (event !== undefined) return event === "compensation" ? "undoing" : "event";
  if (port === "rejected" || port === "error") return "bad";
  return port === "approved" ? "good" : "plain";
}
