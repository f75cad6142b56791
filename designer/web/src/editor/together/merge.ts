// Two people's changes of one drawing, put together. Pure.
//
// `base` is what both began with, `mine` and `theirs` what each has made of it. Whatever one of them alone has changed is taken; what
// both have changed in the same place differently is a conflict: one of the two stands (`prefer`), the other is kept in the conflict
// for a person to choose. The places are as small as a person would call one thing: a setting of a node, a branch's condition, a line.

import {
  eventsOf,
  exitsOf,
  type FlowDocument,
  type FlowEdge,
  type FlowNode,
  freshEdgeId,
  freshNodeId,
  freshNoteId,
  type NodeTypes,
  nodeOf,
  notesOf,
  sameValue,
  takesMany,
} from "../document";
import { namesIn, settingsRenamed } from "./renaming";

export interface Conflict {
  /** The same place has the same id. */
  id: string;
  /** field: both changed it; gone: one took it away, the other changed it; exit: both drew a line from an exit that takes one. */
  kind: "field" | "gone" | "exit";
  /** Where: `nodes/pay/settings/amount`, `name`, `edges/e3`. */
  path: string[];
  /** Undefined: taken away. */
  mine: unknown;
  theirs: unknown;
  /** gone: the lines that hang on the node, to put it back with. */
  edges?: FlowEdge[];
}

export interface Merged {
  document: FlowDocument;
  conflicts: Conflict[];
}

type Side = "mine" | "theirs";
interface Sides<T> {
  base: T;
  mine: T;
  theirs: T;
}
type Item = Record<string, unknown> & { id: string };

export function merge(
  base: FlowDocument,
  mine: FlowDocument,
  theirs: FlowDocument,
  types: NodeTypes,
  prefer: Side = "theirs",
): Merged {
  if (mine === base || sameValue(mine, base)) return { document: theirs, conflicts: [] };
  if (sameValue(theirs, base)) return { document: mine, conflicts: [] };
  const own = apart(base, mine, theirs, types);
  const merging = new Merging(prefer);
  const sides = { base, mine: own, theirs };
  const nodes = merging.items("nodes", of(sides, "nodes"), node);
  const edges = merging.items("edges", of(sides, "edges"), whole);
  const notes = merging.items("notes", of(sides, "notes"), note);
  const rest = merging.record([], {
    base: besides(base),
    mine: besides(own),
    theirs: besides(theirs),
  });
  const document = {
    ...rest,
    nodes,
    edges,
    ...(theirs.notes === undefined && own.notes === undefined ? {} : { notes }),
  } as unknown as FlowDocument;
  return {
    document: mended(document, sides, types, merging, prefer),
    conflicts: merging.conflicts,
  };
}

/** One answer to a conflict: the other side's value put into the document. */
export function chosen(document: FlowDocument, conflict: Conflict, value: unknown): FlowDocument {
  const [list, id = ""] = conflict.path;
  if (conflict.kind === "exit") {
    const edge = value as FlowEdge;
    const edges = document.edges.filter(
      (each) => each.from !== edge.from || each.port !== edge.port,
    );
    const known = (end: string) => nodeOf(document, end) !== undefined;
    if (!known(edge.from) || !known(edge.to)) return document;
    const fresh = { ...edge, id: freshEdgeId(document) };
    return { ...document, edges: [...edges, fresh] };
  }
  if (conflict.kind === "gone" && (list === "nodes" || list === "edges" || list === "notes")) {
    const items = ((document[list] ?? []) as { id: string }[]).filter((each) => each.id !== id);
    const next = { ...document, [list]: value === undefined ? items : [...items, value] };
    return withLines(next as FlowDocument, id, conflict.edges ?? []);
  }
  return putAt(document, conflict.path, value) as FlowDocument;
}

// --- the three-way rules ---

type Inside = (merging: Merging, path: string[], sides: Sides<Item>) => Item;

class Merging {
  conflicts: Conflict[] = [];
  readonly prefer: Side;

  constructor(prefer: Side) {
    this.prefer = prefer;
  }

  /** A list whose elements have ids: element by element, in the order of whoever changed the order. */
  items(name: string | string[], sides: Sides<Item[]>, inside: Inside): Item[] {
    const path = typeof name === "string" ? [name] : name;
    const by = {
      base: new Map(sides.base.map((item) => [item.id, item])),
      mine: new Map(sides.mine.map((item) => [item.id, item])),
      theirs: new Map(sides.theirs.map((item) => [item.id, item])),
    };
    const kept = new Map<string, Item>();
    for (const id of new Set([...by.theirs.keys(), ...by.mine.keys()])) {
      const three = { base: by.base.get(id), mine: by.mine.get(id), theirs: by.theirs.get(id) };
      const found = this.item([...path, id], three, inside);
      if (found !== undefined) kept.set(id, found);
    }
    return inOrder(sides, kept);
  }

  private item(path: string[], { base, mine, theirs }: Sides<Item | undefined>, inside: Inside) {
    if (mine === theirs || sameValue(mine, theirs)) return theirs;
    if (base === mine || sameValue(base, mine)) return theirs;
    if (base === theirs || sameValue(base, theirs)) return mine;
    if (mine === undefined || theirs === undefined) {
      return this.decide("gone", path, mine, theirs) as Item | undefined;
    }
    return inside(this, path, { base: base ?? ({ id: mine.id } as Item), mine, theirs });
  }

  /** Key by key; what stands under a key is one thing. */
  record(
    path: string[],
    sides: Sides<Record<string, unknown>>,
    deeper: Record<string, (path: string[], sides: Sides<unknown>) => unknown> = {},
  ): Record<string, unknown> {
    const { base, mine, theirs } = sides;
    const found: Record<string, unknown> = {};
    for (const key of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
      const three = { base: base[key], mine: mine[key], theirs: theirs[key] };
      const value = this.value([...path, key], three, deeper[key]);
      if (value !== undefined) found[key] = value;
    }
    return found;
  }

  value(
    path: string[],
    sides: Sides<unknown>,
    deeper?: (path: string[], sides: Sides<unknown>) => unknown,
  ): unknown {
    const { base, mine, theirs } = sides;
    if (sameValue(mine, theirs) || sameValue(base, mine)) return theirs;
    if (sameValue(base, theirs)) return mine;
    if (path.at(-1) === "position" || path.at(-1) === "size") return mine ?? theirs; // nobody minds
    if (deeper !== undefined && isRecord(mine) && isRecord(theirs)) {
      return deeper(path, { base: isRecord(base) ? base : {}, mine, theirs });
    }
    if (haveIds(mine) && haveIds(theirs)) {
      return this.items(path, { base: haveIds(base) ? base : [], mine, theirs }, flat);
    }
    if (areWords(mine) && areWords(theirs)) {
      return wordsOf({ base: areWords(base) ? base : [], mine, theirs });
    }
    if (isForm(path) && isRecord(mine) && isRecord(theirs)) {
      return this.record(path, { base: isRecord(base) ? base : {}, mine, theirs }, SCHEMA(this));
    }
    return this.decide("field", path, mine, theirs);
  }

  decide(kind: Conflict["kind"], path: string[], mine: unknown, theirs: unknown): unknown {
    this.conflicts.push({ id: `${kind} ${path.join("/")}`, kind, path, mine, theirs });
    return this.prefer === "mine" ? mine : theirs;
  }
}

const deep =
  (merging: Merging) =>
  (path: string[], sides: Sides<unknown>): unknown =>
    merging.record(path, sides as Sides<Record<string, unknown>>);

const node: Inside = (merging, path, sides) =>
  merging.record(path, sides, { name: deep(merging), settings: deep(merging) }) as Item;
const note: Inside = (merging, path, sides) => merging.record(path, sides) as Item;
const flat: Inside = (merging, path, sides) =>
  merging.record(path, sides, { name: deep(merging), title: deep(merging) }) as Item;
const whole: Inside = (merging, path, { mine, theirs }) =>
  merging.decide("field", path, mine, theirs) as Item;

/** A JSON Schema of fields: field by field. */
const SCHEMA = (merging: Merging) => ({
  properties: deep(merging),
  schema: (path: string[], sides: Sides<unknown>) =>
    merging.record(path, sides as Sides<Record<string, unknown>>, { properties: deep(merging) }),
});

function isForm(path: string[]): boolean {
  return path.length === 1
    ? path[0] === "input" || path[0] === "forms"
    : path.length === 2 && path[0] === "forms";
}

/** Whoever alone has changed the order has it; new elements stand behind the one they were put behind. */
function inOrder(sides: Sides<Item[]>, kept: ReadonlyMap<string, Item>): Item[] {
  const ids = (items: Item[]) => items.map(({ id }) => id).filter((id) => kept.has(id));
  const common = (items: string[]) => items.filter((id) => inAll.has(id));
  const [base, mine, theirs] = [ids(sides.base), ids(sides.mine), ids(sides.theirs)];
  const inAll = new Set(base.filter((id) => mine.includes(id) && theirs.includes(id)));
  const moved = common(theirs).join("\n") === common(base).join("\n");
  const [lead, other] = moved ? [mine, theirs] : [theirs, mine];
  const order = [...lead];
  const known = new Set(lead);
  for (const [index, id] of other.entries()) {
    if (known.has(id)) continue;
    const before = other.slice(0, index).findLast((each) => known.has(each));
    order.splice(before === undefined ? 0 : order.indexOf(before) + 1, 0, id);
    known.add(id);
  }
  for (const id of kept.keys()) if (!known.has(id)) order.push(id);
  return order.flatMap((id) => kept.get(id) ?? []);
}

/** A set of words: without what one took out, with what each put in. */
function wordsOf({ base, mine, theirs }: Sides<string[]>): string[] {
  const gone = new Set(base.filter((word) => !mine.includes(word)));
  const added = mine.filter((word) => !base.includes(word) && !theirs.includes(word));
  return [...theirs.filter((word) => !gone.has(word)), ...added];
}

// --- what the rules alone do not see ---

/** Things both added under one id are two things: mine get another id, with all that names them. */
function apart(
  base: FlowDocument,
  mine: FlowDocument,
  theirs: FlowDocument,
  types: NodeTypes,
): FlowDocument {
  let result = mine;
  const both = (of: (document: FlowDocument) => { id: string }[]) => {
    const known = new Set(of(base).map(({ id }) => id));
    const there = new Map(of(theirs).map((item) => [item.id, item]));
    return of(mine).filter(
      (item) => !known.has(item.id) && there.has(item.id) && !sameValue(there.get(item.id), item),
    );
  };
  const union = {
    ...mine,
    nodes: [...mine.nodes, ...theirs.nodes],
    edges: [...mine.edges, ...theirs.edges],
    notes: [...notesOf(mine), ...notesOf(theirs)],
  };
  for (const { id } of both((document) => document.nodes)) {
    const fresh = freshNodeId(union, id);
    union.nodes = [...union.nodes, { ...(nodeOf(mine, id) as FlowNode), id: fresh }];
    result = nodeRenamed(base, result, id, fresh, types);
  }
  for (const { id } of both((document) => document.edges)) {
    const fresh = freshEdgeId(union);
    union.edges = [...union.edges, { id: fresh, from: "", port: "", to: "" }];
    result = {
      ...result,
      edges: result.edges.map((edge) => (edge.id === id ? { ...edge, id: fresh } : edge)),
    };
  }
  for (const { id } of both(notesOf)) {
    const fresh = freshNoteId(union);
    const renamed = notesOf(result).map((each) => (each.id === id ? { ...each, id: fresh } : each));
    union.notes = [...union.notes, ...renamed.filter((each) => each.id === fresh)];
    result = { ...result, notes: renamed };
  }
  return result;
}

/** Only in what I have changed does the old name mean my node. */
function nodeRenamed(
  base: FlowDocument,
  mine: FlowDocument,
  id: string,
  fresh: string,
  types: NodeTypes,
): FlowDocument {
  const ids = new Map([[id, fresh]]);
  const own = nodeOf(mine, id);
  const names = own?.result === undefined ? ids : new Map<string, string>();
  return {
    ...mine,
    nodes: mine.nodes.map((each) => {
      if (sameValue(nodeOf(base, each.id), each)) return each;
      const settings = settingsRenamed(namesIn(each.settings, names), types.get(each.type), ids);
      const events = each.events === undefined ? {} : { events: namesIn(eventsOf(each), names) };
      return { ...each, ...events, id: each.id === id ? fresh : each.id, settings };
    }),
    edges: mine.edges.map((edge) => ({
      ...edge,
      from: edge.from === id ? fresh : edge.from,
      to: edge.to === id ? fresh : edge.to,
    })),
  };
}

/** Lines lead from a node to a node, twice the same is once, and an exit that takes one has one. */
function mended(
  document: FlowDocument,
  { mine, theirs }: Sides<FlowDocument>,
  types: NodeTypes,
  merging: Merging,
  prefer: Side,
): FlowDocument {
  const back = new Set<string>();
  for (const conflict of merging.conflicts) {
    if (conflict.kind !== "gone" || conflict.path[0] !== "nodes") continue;
    const id = conflict.path[1] ?? "";
    const from = conflict.mine === undefined ? theirs : mine;
    conflict.edges = from.edges.filter((edge) => edge.from === id || edge.to === id);
    if (nodeOf(document, id) !== undefined) back.add(id);
  }
  let edges = document.edges;
  for (const conflict of merging.conflicts) {
    if (!back.has(conflict.path[1] ?? "")) continue;
    const known = new Set(edges.map(({ id }) => id));
    edges = [...edges, ...(conflict.edges ?? []).filter(({ id }) => !known.has(id))];
  }
  const ids = new Set(document.nodes.map(({ id }) => id));
  const preferred = new Set((prefer === "mine" ? mine : theirs).edges.map(({ id }) => id));
  const ways = new Set<string>();
  const exits = new Map<string, FlowEdge>();
  const kept = new Set<FlowEdge>();
  for (const edge of [...edges].sort((a, b) => +preferred.has(b.id) - +preferred.has(a.id))) {
    if (!ids.has(edge.from) || !ids.has(edge.to)) continue;
    const source = nodeOf(document, edge.from);
    if (source !== undefined && types.has(source.type)) {
      if (!exitsOf(source, types).some(({ name }) => name === edge.port)) continue;
    }
    const way = `${edge.from}\n${edge.port}\n${edge.to}`;
    if (ways.has(way)) continue;
    const exit = `${edge.from}\n${edge.port}`;
    const first = exits.get(exit);
    if (first !== undefined && !takesMany(source, edge.port, types)) {
      const [own, other] = prefer === "mine" ? [first, edge] : [edge, first];
      merging.decide("exit", ["edges", edge.from, edge.port], own, other);
      continue;
    }
    exits.set(exit, edge);
    ways.add(way);
    kept.add(edge);
  }
  if (kept.size === document.edges.length && edges === document.edges) return document;
  return { ...document, edges: edges.filter((edge) => kept.has(edge)) };
}

/** A step put back stands where it stood: the line that closed the gap gives way to its own. */
function withLines(document: FlowDocument, node: string, edges: FlowEdge[]): FlowDocument {
  const ids = new Set(document.nodes.map(({ id }) => id));
  const whole = ({ from, to }: FlowEdge) => ids.has(from) && ids.has(to);
  const exit = ({ from, port }: FlowEdge) => `${from}\n${port}`;
  const behind = new Set(edges.filter(({ from }) => from === node).map(({ to }) => to));
  const before = new Set(edges.filter(({ to }) => to === node).map(exit));
  let result: FlowDocument = {
    ...document,
    edges: document.edges.filter(
      (edge) => whole(edge) && !(ids.has(node) && before.has(exit(edge)) && behind.has(edge.to)),
    ),
  };
  const taken = new Set(result.edges.map(exit));
  for (const edge of edges) {
    if (!whole(edge) || taken.has(exit(edge))) continue;
    const known = result.edges.some(({ id }) => id === edge.id);
    const back = known ? { ...edge, id: freshEdgeId(result) } : edge;
    result = { ...result, edges: [...result.edges, back] };
  }
  return result;
}

// --- small ones ---

function of(sides: Sides<FlowDocument>, name: "nodes" | "edges" | "notes"): Sides<Item[]> {
  const items = (document: FlowDocument) => (document[name] ?? []) as unknown as Item[];
  return { base: items(sides.base), mine: items(sides.mine), theirs: items(sides.theirs) };
}

function besides(document: FlowDocument): Record<string, unknown> {
  const { nodes: _, edges: __, notes: ___, ...rest } = document;
  return rest as Record<string, unknown>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function haveIds(value: unknown): value is Item[] {
  if (!Array.isArray(value)) return false;
  const ids = value.map((item) => (isRecord(item) ? item["id"] : undefined));
  return ids.every((id) => typeof id === "string") && new Set(ids).size === ids.length;
}

function areWords(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.every((item) => typeof item === "string") &&
    new Set(value).size === value.length
  );
}

function putAt(holder: unknown, path: string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (haveIds(holder)) {
    if (rest.length === 0) {
      const others = holder.filter(({ id }) => id !== key);
      return value === undefined ? others : [...others, value];
    }
    return holder.map((item) => (item.id === key ? putAt(item, rest, value) : item));
  }
  const record = isRecord(holder) ? holder : {};
  const next = putAt(record[key], rest, value);
  if (next !== undefined) return { ...record, [key]: next };
  const { [key]: _, ...others } = record;
  return others;
}
