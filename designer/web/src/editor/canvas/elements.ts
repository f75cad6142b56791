// From the document to what the canvas draws. Values that did not change stay the same objects, so that React skips them;
// what was worked out for a node is remembered with it (`Memory`), so that a stroke costs one node and not a thousand.

import type { Edge, Node } from "@xyflow/react";
import {
  type EventKind,
  eventOf,
  eventsOf,
  type FlowDocument,
  type FlowEdge,
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
  eventSentence,
  exitTitle,
  lineSentence,
  nodeSentence,
  type Words,
} from "../sentence";
import type { Selection } from "../store";
import { nameOf } from "../variables";
import { handlesOf } from "./handles";
import { type Route, routesBetween, type Shape, shapeOf } from "./route";

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

/** What elements were made of, so that they are only made anew when that has changed. */
export class Memory {
  readonly steps = new WeakMap<FlowNode, Kept<StepElement>>();
  readonly lines = new WeakMap<FlowEdge, Kept<CanvasEdge>>();
  private readonly facts = new WeakMap<FlowDocument, Facts>();
  private readonly shapes = new WeakMap<FlowNode, [NodeTypes, Shape]>();
  private ways: { shapes: Shape[]; edges: readonly FlowEdge[]; found: Map<string, Route> } | null =
    null;

  factsOf(document: FlowDocument, types: NodeTypes): Facts {
    const known = this.facts.get(document);
    if (known !== undefined) return known;
    const leaving = new Map<string, string[]>();
    for (const { from, port } of document.edges) {
      const ports = leaving.get(from);
      if (ports === undefined) leaving.set(from, [port]);
      else ports.push(port);
    }
    const found = {
      order: inReadingOrder(document, types),
      handlers: handlersOf(document),
      hidden: hiding(document),
      leaving,
    };
    this.facts.set(document, found);
    return found;
  }

  /** Which way lines take: the same until a node moves, grows or goes, or a line does. */
  routesOf({ nodes, edges }: FlowDocument, types: NodeTypes): Map<string, Route> {
    const last = this.ways;
    const shapes = nodes.map((node, index) => this.shapeOf(node, types, last?.shapes[index]));
    const same =
      last !== null &&
      last.edges === edges &&
      last.shapes.length === shapes.length &&
      shapes.every((shape, index) => shape === last.shapes[index]);
    if (same) return last.found;
    const found = routesBetween(shapes, edges);
    this.ways = { shapes, edges, found };
    return found;
  }

  private shapeOf(node: FlowNode, types: NodeTypes, before: Shape | undefined): Shape {
    const known = this.shapes.get(node);
    if (known?.[0] === types) return known[1];
    const made = shapeOf(node, types);
    const shape = before !== undefined && sameValue(before, made) ? before : made;
    this.shapes.set(node, [types, shape]);
    return shape;
  }
}

/** Questions to the whole document, each asked once. */
interface Facts {
  order: FlowNode[];
  handlers: ReadonlySet<string>;
  hidden: ReadonlyMap<string, string>;
  /** The ports that lines leave from, by node. */
  leaving: ReadonlyMap<string, readonly string[]>;
}

interface Kept<Element> {
  /** What it was made of. */
  of: readonly unknown[];
  /** What other nodes were called in it. */
  called: readonly (readonly [string, string])[];
  element: Element;
}

/** The element made last time, if it would be the same again. */
function remembered<Key extends object, Element>(
  memory: WeakMap<Key, Kept<Element>>,
  key: Key,
  of: readonly unknown[],
  words: Words,
  make: (words: Words) => Element,
): Element {
  const known = memory.get(key);
  if (
    known?.of.every((part, index) => part === of[index]) &&
    known.called.every(([id, name]) => words.nodeOf?.(id) === name)
  )
    return known.element;
  const called: [string, string][] = [];
  const { nodeOf } = words;
  const listening =
    nodeOf === undefined
      ? words
      : {
          ...words,
          nodeOf: (id: string) => {
            const name = nodeOf(id);
            called.push([id, name]);
            return name;
          },
        };
  const element = make(listening);
  memory.set(key, { of, called, element });
  return element;
}

export function nodeElements(
  drawing: Drawing,
  before: readonly CanvasNode[],
  memory = new Memory(),
): CanvasNode[] {
  const { document, types, words, problems, marks, selection, editable } = drawing;
  const old = new Map(before.map((element) => [element.id, element]));
  const { order, handlers, hidden, leaving } = memory.factsOf(document, types);
  const chosen = new Set(selection.nodes);
  const steps = order
    .filter((node) => !hidden.has(node.id))
    .map((node) => {
      const { id } = node;
      const taken = leaving.get(id) ?? [];
      const given: Given = {
        taken,
        problem: problems.get(id) ?? null,
        mark: marks?.nodes.get(id) ?? null,
        selected: chosen.has(id),
        handler: handlers.has(id),
      };
      const { problem, mark, selected, handler } = given;
      const of = [
        types,
        words.fixed ?? words,
        problem,
        mark,
        marks === null,
        selected,
        handler,
        editable,
        taken.join("\n"),
      ];
      const made = remembered(memory.steps, node, of, words, (listening) =>
        stepElement(node, { ...drawing, words: listening }, given),
      );
      return kept(old.get(id), made);
    });
  const notes = notesOf(document)
    .filter((note) => !hidden.has(note.id))
    .map((note) =>
      kept(
        old.get(note.id),
        isSection(note) ? sectionElement(note, drawing) : noteElement(note, drawing),
      ),
    );
  return sameList(before, [...notes, ...steps]);
}

/** The list there was, if nothing in it is new. */
function sameList<Element>(before: readonly Element[], after: Element[]): Element[] {
  const same =
    before.length === after.length && after.every((element, index) => element === before[index]);
  return same ? (before as Element[]) : after;
}

/** What is known of a node from elsewhere than itself. */
interface Given {
  taken: readonly string[];
  problem: ProblemMark | null;
  mark: Mark | null;
  selected: boolean;
  handler: boolean;
}

function stepElement(node: FlowNode, drawing: Drawing, given: Given): StepElement {
  const { types, words, marks, editable } = drawing;
  const { problem, mark } = given;
  const type = types.get(node.type);
  const title = nameOf(node, types, words.text);
  const typeTitle = words.text(type?.title) || node.type;
  const summary = nodeSentence(node, types, words);
  const size = sizeOf(node, types);
  return {
    id: node.id,
    type: "step",
    position: node.position,
    ...size,
    // Known beforehand: the canvas need not draw a thousand nodes to measure them.
    measured: size,
    handles: handlesOf(node, types),
    selected: given.selected,
    ariaLabel: [typeTitle, title, summary].filter((part) => part !== "").join(", "),
    data: {
      node,
      type,
      title,
      typeTitle,
      summary,
      ports: portsOf(node, types).map((port) => portData(port, node, drawing, given)),
      events: eventsOf(node).map((event, index) => ({
        id: event.id,
        kind: event.kind,
        title: eventSentence(event, words),
        interrupting: event.interrupting ?? true,
        connected: given.taken.includes(event.id),
        wrong: problem?.events?.includes(index) ?? false,
      })),
      problem,
      mark,
      faded: marks !== null && mark === null,
      editable,
    },
  };
}

function portData(port: Port, node: FlowNode, { types, words }: Drawing, given: Given) {
  return {
    name: port.name,
    title: exitTitle(node, port.name, types, words),
    when: branchSentence(node, port.name, words),
    // Nothing follows a node that undoes another.
    required: port.required && !given.handler,
    connected: given.taken.includes(port.name),
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

export function edgeElements(
  drawing: Drawing,
  before: readonly CanvasEdge[],
  memory = new Memory(),
): CanvasEdge[] {
  const { document, types, words, marks, selection, editable } = drawing;
  const old = new Map(before.map((element) => [element.id, element]));
  const names = new Map(document.nodes.map((node) => [node.id, nameOf(node, types, words.text)]));
  const ways = memory.routesOf(document, types);
  const nodes = new Map(document.nodes.map((node) => [node.id, node]));
  const { hidden } = memory.factsOf(document, types);
  const chosen = new Set(selection.edges);
  const drawn = document.edges.filter(
    (edge) => !hidden.has(edge.from) || hidden.get(edge.from) !== hidden.get(edge.to),
  );
  const between = new Set<string>();
  const lines = drawn.flatMap((edge): CanvasEdge[] => {
    // Lines of hidden nodes begin and end at the section that hides them; of several between the same two, one is enough.
    const from = hidden.get(edge.from);
    const to = hidden.get(edge.to);
    const inside = from !== undefined || to !== undefined;
    if (inside) {
      const place = `${from ?? `${edge.from} ${edge.port}`} → ${to ?? edge.to}`;
      if (between.has(place)) return [];
      between.add(place);
    }
    const start = nodes.get(edge.from);
    const ends = [names.get(edge.from) ?? edge.from, names.get(edge.to) ?? edge.to];
    const taken = marks === null ? null : (marks.edges.get(edge.id) ?? 0);
    const route = inside ? LATE : (ways.get(edge.id) ?? LATE);
    const selected = chosen.has(edge.id);
    const of = [
      types,
      words.fixed ?? words,
      start,
      from,
      to,
      ...ends,
      taken,
      selected,
      editable,
      route,
    ];
    const next = remembered(memory.lines, edge, of, words, (listening): CanvasEdge => {
      const label = from === undefined ? lineSentence(start, edge, types, listening) : "";
      const event = eventOf(start, edge.port);
      return {
        id: edge.id,
        type: "line",
        source: from ?? edge.from,
        sourceHandle: from === undefined ? edge.port : "out",
        target: to ?? edge.to,
        selected,
        interactionWidth: 24,
        // It holds a button, so it cannot be a picture to a screen reader.
        ariaRole: "group",
        ariaLabel: [ends.join(" → "), label].filter(Boolean).join(": "),
        data: {
          label,
          kind: from === undefined ? kindOf(edge.port, event?.kind) : "plain",
          taken,
          faded: taken === 0,
          route,
          editable: editable && !inside,
        },
      };
    });
    const known = old.get(edge.id);
    if (known === undefined || known === next) return [next];
    return [sameValue(comparable(known), comparable(next)) ? known : next];
  });
  return sameList(before, lines);
}

const LATE: Route = { way: "late" };

function comparable(edge: CanvasEdge) {
  const { source, sourceHandle, target, selected = false, ariaLabel, data } = edge;
  return [source, sourceHandle, target, selected, ariaLabel, data];
}

function kindOf(port: string, event: EventKind | undefined): LineData["kind"] {
  if (event !== undefined) return event === "compensation" ? "undoing" : "event";
  if (port === "rejected" || port === "error") return "bad";
  return port === "approved" ? "good" : "plain";
}
