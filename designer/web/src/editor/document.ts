// A flow as it is drawn: the values, and the questions one can ask them. Pure; a change is a new value (commands/).

import type { JsonSchema } from "../schema";

export type Language = "zh" | "en";
export type Text = Partial<Record<Language, string>>;
export type Settings = Record<string, unknown>;

export interface Position {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

export type EventKind = "timer" | "message" | "signal" | "error" | "compensation";

/** What may happen while a token waits at a node: an exit of its own, named by the event's id. */
export interface FlowEvent {
  id: string;
  kind: EventKind;
  title?: Text;
  /** Ends the step; if not, one more token leaves by this exit. */
  interrupting?: boolean;
  /** timer: a duration after the token came, or an expression for a moment. */
  after?: string;
  at?: string;
  /** message, signal: its name, and an expression for the key it must have. */
  name?: string;
  key?: string;
  /** error: only these codes. */
  codes?: string[];
}

export interface FlowNode {
  id: string;
  type: string;
  name?: Text;
  position: Position;
  settings: Settings;
  /** The variable its output is stored under; the id when absent. */
  result?: string;
  /** Boundary events. */
  events?: FlowEvent[];
  /** The most visits of one instance; one more is an incident. */
  visits_max?: number;
}

export interface FlowEdge {
  id: string;
  from: string;
  port: string;
  to: string;
}

export type NoteColor = "yellow" | "blue" | "green" | "pink";

export interface FlowNote {
  id: string;
  text: string;
  position: Position;
  size: Size;
  color: NoteColor;
  /** A section is a frame around nodes: it moves them along, and can be collapsed. */
  kind?: "note" | "section";
  /** Of a collapsed section: the nodes it hides. */
  hides?: string[];
}

/** A form that several nodes use; its value is kept in the variable of its key. */
export interface FlowForm {
  title?: Text;
  schema: JsonSchema;
  ui?: Record<string, unknown>;
}

export interface FlowDocument {
  format: 1;
  key: string;
  name: Text;
  description?: Text;
  /** Left out: a start asks for nothing. */
  input?: JsonSchema;
  /** Forms of the flow, by key. */
  forms?: Record<string, FlowForm>;
  nodes: FlowNode[];
  edges: FlowEdge[];
  notes?: FlowNote[];
  sample?: Record<string, unknown>;
}

export interface Port {
  name: string;
  title: Text;
  required: boolean;
}

export interface NodeType {
  name: string;
  title: Text;
  help?: Text;
  group: "start" | "control" | "people" | "time" | "data" | "connect";
  icon: string;
  starts: boolean;
  ends: boolean;
  joins: boolean;
  splits: boolean;
  waits: boolean;
  in_worker: boolean;
  ports: Port[];
  ports_from: string | null;
  /** A setting whose value says which further ports there are. */
  ports_by?: { setting: string; cases: Record<string, Port[]> } | null;
  settings: JsonSchema;
  example: Settings;
}

export type NodeTypes = ReadonlyMap<string, NodeType>;

// --- looking things up ---

export function nodeOf(document: FlowDocument, id: string): FlowNode | undefined {
  return document.nodes.find((node) => node.id === id);
}

export function edgeOf(document: FlowDocument, id: string): FlowEdge | undefined {
  return document.edges.find((edge) => edge.id === id);
}

export function notesOf(document: FlowDocument): FlowNote[] {
  return document.notes ?? [];
}

const NO_INPUT: JsonSchema = { type: "object", properties: {} };

export function inputOf(document: FlowDocument): JsonSchema {
  return document.input ?? NO_INPUT;
}

export function formsOf(document: FlowDocument): Record<string, FlowForm> {
  return document.forms ?? {};
}

/** What starts ask for, forms of the flow included: each a record under its key. For choosing fields, not for storing. */
export function askedInput(document: FlowDocument): JsonSchema {
  const used = Object.entries(formsOf(document)).filter(
    ([key]) => usersOf(document, key).length > 0,
  );
  if (used.length === 0) return inputOf(document);
  const records = used.map(([key, form]) => {
    const title = form.title ? { "x-title": form.title } : {};
    return [key, { ...form.schema, type: "object", ...title }] as const;
  });
  const input = inputOf(document);
  return { ...input, properties: { ...input.properties, ...Object.fromEntries(records) } };
}

/** The nodes that use a form of the flow. */
export function usersOf(document: FlowDocument, form: string): FlowNode[] {
  return document.nodes.filter((node) => usedForm(node) === form);
}

/** The form of the flow a node uses, if it does. */
export function usedForm(node: FlowNode): string | undefined {
  const form = node.settings["form"] as { use?: unknown } | undefined;
  return typeof form?.use === "string" ? form.use : undefined;
}

export function leaving(document: FlowDocument, node: string): FlowEdge[] {
  return document.edges.filter((edge) => edge.from === node);
}

export function entering(document: FlowDocument, node: string): FlowEdge[] {
  return document.edges.filter((edge) => edge.to === node);
}

/** The branches drawn in the settings first, then the ports of the type. */
export function portsOf(node: FlowNode, types: NodeTypes): Port[] {
  const type = types.get(node.type);
  if (type === undefined) return [];
  const cases = type.ports_by?.cases[String(node.settings[type.ports_by.setting] ?? "")] ?? [];
  return [...branchPorts(node, type.ports_from), ...cases, ...type.ports];
}

function branchPorts(node: FlowNode, setting: string | null): Port[] {
  const branches = setting === null ? undefined : node.settings[setting];
  if (!Array.isArray(branches)) return [];
  return branches
    .filter((branch) => typeof branch?.id === "string" && branch.id !== "")
    .map((branch) => ({ name: branch.id, title: titleIn(branch), required: true }));
}

/** The name of an event is the name of its message, a plain text; its title is `title`. */
function titleIn(item: { title?: unknown; name?: unknown }): Text {
  const found = [item.title, item.name].find((each) => typeof each === "object" && each !== null);
  return (found ?? {}) as Text;
}

export function eventsOf(node: FlowNode): FlowEvent[] {
  return node.events ?? [];
}

export function eventOf(node: FlowNode | undefined, port: string): FlowEvent | undefined {
  return node?.events?.find((event) => event.id === port);
}

/** Every way out: the ports of the node, then its boundary events. */
export function exitsOf(node: FlowNode, types: NodeTypes): Port[] {
  const events = eventsOf(node).map((event) => ({
    name: event.id,
    title: event.title ?? {},
    required: true,
  }));
  return [...portsOf(node, types), ...events];
}

/** An exit that takes any number of edges; the others take one. */
export function takesMany(node: FlowNode | undefined, port: string, types: NodeTypes): boolean {
  if (node === undefined || eventOf(node, port) !== undefined) return false;
  return types.get(node.type)?.splits ?? false;
}

/** Ports with no edge yet; a port that splits is always open. */
export function openPorts(document: FlowDocument, node: FlowNode, types: NodeTypes): Port[] {
  return open(document, node, portsOf(node, types), types);
}

export function openExits(document: FlowDocument, node: FlowNode, types: NodeTypes): Port[] {
  return open(document, node, exitsOf(node, types), types);
}

function open(document: FlowDocument, node: FlowNode, ports: Port[], types: NodeTypes): Port[] {
  const taken = new Set(leaving(document, node.id).map((edge) => edge.port));
  return ports.filter((port) => takesMany(node, port.name, types) || !taken.has(port.name));
}

/** Is this the edge that names who undoes a node? It is no way for tokens. */
export function isUndoing(document: FlowDocument, edge: { from: string; port: string }): boolean {
  return eventOf(nodeOf(document, edge.from), edge.port)?.kind === "compensation";
}

/** Does this node undo another? */
export function isHandler(document: FlowDocument, id: string): boolean {
  return entering(document, id).some((edge) => isUndoing(document, edge));
}

/** All nodes that undo others. */
export function handlersOf(document: FlowDocument): ReadonlySet<string> {
  const undoing = new Set(
    document.nodes.flatMap((node) =>
      eventsOf(node)
        .filter((event) => event.kind === "compensation")
        .map((event) => `${node.id} ${event.id}`),
    ),
  );
  return new Set(
    document.edges
      .filter((edge) => undoing.has(`${edge.from} ${edge.port}`))
      .map((edge) => edge.to),
  );
}

export const EVENT_KINDS: EventKind[] = ["timer", "message", "signal", "error", "compensation"];

/** What a new event is called; its payload is stored under this name. */
export const EVENT_IDS: Record<EventKind, string> = {
  timer: "timeout",
  message: "message",
  signal: "signal",
  error: "failure",
  compensation: "undo",
};

/** Where the round exits of events sit on the lower edge, counted from the left of the node. */
export const EVENT_FIRST = 28;
export const EVENT_STEP = 32;

/** Every node from which `id` can be reached, nearest first. */
export function upstream(document: FlowDocument, id: string): FlowNode[] {
  return reach(document, id, "to", "from");
}

export function downstream(document: FlowDocument, id: string): FlowNode[] {
  return reach(document, id, "from", "to");
}

function reach(
  document: FlowDocument,
  id: string,
  near: "from" | "to",
  far: "from" | "to",
): FlowNode[] {
  const byNear = new Map<string, string[]>();
  for (const edge of document.edges) {
    byNear.set(edge[near], [...(byNear.get(edge[near]) ?? []), edge[far]]);
  }
  const seen = new Set<string>();
  const queue = [...(byNear.get(id) ?? [])];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (seen.has(next)) continue;
    seen.add(next);
    queue.push(...(byNear.get(next) ?? []));
  }
  const nodes = new Map(document.nodes.map((node) => [node.id, node]));
  return [...seen].flatMap((found) => nodes.get(found) ?? []);
}

/** In the order of the work: from the starts along the edges, then what hangs loose. */
export function inReadingOrder(document: FlowDocument, types: NodeTypes): FlowNode[] {
  const byPosition = [...document.nodes].sort(
    (a, b) => a.position.x - b.position.x || a.position.y - b.position.y,
  );
  const nodes = new Map(document.nodes.map((node) => [node.id, node]));
  const targets = new Map<string, string[]>();
  for (const edge of document.edges) {
    targets.set(edge.from, [...(targets.get(edge.from) ?? []), edge.to]);
  }
  const first = byPosition.filter((node) => types.get(node.type)?.starts);
  const seen = new Set<string>();
  for (const start of [...first, ...byPosition]) {
    const queue = [start.id];
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      if (seen.has(id) || !nodes.has(id)) continue;
      seen.add(id);
      queue.push(...(targets.get(id) ?? []));
    }
  }
  return [...seen].flatMap((id) => nodes.get(id) ?? []);
}

// --- sizes on the canvas (fixed, so that layout and insertion need no measuring) ---

export const NODE_WIDTH = 232;
export const NODE_HEIGHT = 64;
export const PORT_HEIGHT = 26;
export const GRID = 10;
export const GAP_X = 170;
export const GAP_Y = 50;

export function sizeOf(node: FlowNode, types: NodeTypes): Size {
  const ports = portsOf(node, types).length;
  return { width: NODE_WIDTH, height: NODE_HEIGHT + (ports > 1 ? ports * PORT_HEIGHT + 8 : 0) };
}

export function snapped(position: Position): Position {
  return {
    // + 0: minus nought comes back from the server as nought.
    x: Math.round(position.x / GRID) * GRID + 0,
    y: Math.round(position.y / GRID) * GRID + 0,
  };
}

// --- changing (each answers with a new document) ---

export function withNode(
  document: FlowDocument,
  id: string,
  patch: Partial<FlowNode>,
): FlowDocument {
  return {
    ...document,
    nodes: document.nodes.map((node) => (node.id === id ? { ...node, ...patch } : node)),
  };
}

export function withEdge(document: FlowDocument, edge: Omit<FlowEdge, "id">): FlowDocument {
  return { ...document, edges: [...document.edges, { id: freshEdgeId(document), ...edge }] };
}

export function withoutEdges(
  document: FlowDocument,
  unwanted: (edge: FlowEdge) => boolean,
): FlowDocument {
  const edges = document.edges.filter((edge) => !unwanted(edge));
  return edges.length === document.edges.length ? document : { ...document, edges };
}

/** `approval`, then `approval_2`, `approval_3` … */
export function freshNodeId(document: FlowDocument, base: string): string {
  const taken = new Set(document.nodes.map((node) => node.id));
  const stem = base.replace(/_\d+$/, "") || "node";
  if (!taken.has(stem)) return stem;
  let number = 2;
  while (taken.has(`${stem}_${number}`)) number += 1;
  return `${stem}_${number}`;
}

export function freshEdgeId(document: FlowDocument): string {
  const taken = new Set(document.edges.map((edge) => edge.id));
  let number = document.edges.length + 1;
  while (taken.has(`e${number}`)) number += 1;
  return `e${number}`;
}

export function freshNoteId(document: FlowDocument): string {
  const taken = new Set(notesOf(document).map((note) => note.id));
  let number = 1;
  while (taken.has(`note${number}`)) number += 1;
  return `note${number}`;
}

/** `timeout`, then `timeout_2`; no other event, node or result is called so, since its payload is a variable. */
export function freshEventId(document: FlowDocument, base: string): string {
  const taken = new Set(
    document.nodes.flatMap((node) => [
      node.id,
      node.result ?? node.id,
      ...eventsOf(node).map((event) => event.id),
    ]),
  );
  const stem = base.replace(/_\d+$/, "") || "event";
  if (!taken.has(stem)) return stem;
  let number = 2;
  while (taken.has(`${stem}_${number}`)) number += 1;
  return `${stem}_${number}`;
}

/** A title nobody else has: "Approval", then "Approval 2" … */
export function freshName(document: FlowDocument, title: Text): Text {
  const taken = new Set(document.nodes.flatMap((node) => Object.values(node.name ?? {})));
  const free = (text: string) => {
    const stem = text.replace(/ \d+$/, "");
    if (!taken.has(stem)) return stem;
    let number = 2;
    while (taken.has(`${stem} ${number}`)) number += 1;
    return `${stem} ${number}`;
  };
  return Object.fromEntries(
    Object.entries(title).map(([language, text]) => [language, free(text)]),
  );
}

/** What a new node starts with: the defaults of its schema, and one empty branch where ports come from branches. */
export function firstSettings(type: NodeType): Settings {
  const settings = defaultsOf(type.settings) as Settings;
  const list = type.ports_from;
  if (list !== null && !Array.isArray(settings[list])) {
    const events = type.settings.properties?.[list]?.["x-widget"] === "events";
    settings[list] = [events ? { id: "message", kind: "message" } : newBranch([])];
  }
  return settings;
}

export interface Branch {
  id: string;
  name: Text;
  when: Settings;
}

export function newBranch(others: readonly { id: string }[]): Branch {
  const taken = new Set(others.map((branch) => branch.id));
  let number = 1;
  while (taken.has(`branch_${number}`)) number += 1;
  return {
    id: `branch_${number}`,
    name: { zh: `分支 ${number}`, en: `Branch ${number}` },
    when: { combinator: "and", rules: [] },
  };
}

export function defaultsOf(schema: JsonSchema): unknown {
  if (schema.default !== undefined) return structuredClone(schema.default);
  if (schema.const !== undefined) return schema.const;
  if (schema.oneOf?.[0] && schema.properties === undefined) return defaultsOf(schema.oneOf[0]);
  if (schema.type !== "object") return undefined;
  const required = new Set(schema.required ?? []);
  const entries = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const value =
      required.has(name) || property.default !== undefined ? firstOf(property) : undefined;
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}

function firstOf(schema: JsonSchema): unknown {
  const value = defaultsOf(schema);
  if (value !== undefined) return value;
  if (schema.enum !== undefined) return schema.enum[0];
  return undefined;
}

/** A document to begin with: one start, one end, connected. */
export function emptyDocument(key: string, name: Text): FlowDocument {
  return {
    format: 1,
    key,
    name,
    input: { type: "object", properties: {} },
    nodes: [],
    edges: [],
  };
}

/** The same document whatever the order of its keys. Used to tell a change from a look-alike. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keysA = Object.keys(a);
  const keysB = Object.keys(b);
  if (keysA.length !== keysB.length) return false;
  return keysA.every(
    (key) =>
      key in b &&
      sameValue((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}
