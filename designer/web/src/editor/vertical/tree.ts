// The flow as people tell it: one step after the other, and branches that part and meet again. Pure.
//
// The way of a flow is its first exits (approved, done, found …) and every branch of a choice or a split. It is read from
// the start down. What leaves a step by another exit (rejected, returned, an error, an event) hangs beside its step, and
// may lead anywhere: back, on, or to a shared end. A drawing does not fit when its branches weave into each other.

import type { Block } from "../blocks";
import {
  exitsOf,
  type FlowDocument,
  type FlowEdge,
  type FlowNode,
  type NodeTypes,
  portsOf,
} from "../document";

/** A line by where it leaves; `edge` is null where nothing is connected yet. */
export interface Line {
  edge: string | null;
  from: string;
  port: string;
}

export type Exit =
  /** Nothing follows: an end, or branches that all go their own ways. */
  | { kind: "end" }
  /** Goes on with what follows the branches it is one of. */
  | { kind: "meet" }
  /** Goes on at a step that is drawn elsewhere. */
  | { kind: "jump"; to: string }
  | { kind: "open" };

export interface Sequence {
  items: Item[];
  exit: Exit;
}

export interface Way {
  line: Line;
  steps: Sequence;
}

export type BlockKind = "exclusive" | "inclusive" | "parallel" | "events";

export interface Item {
  node: string;
  /** Null: a plain step. */
  kind: BlockKind | null;
  columns: Way[];
  /** Where the columns are brought together, if a node does that. */
  join: string | null;
  /** The line that goes on, of a plain step or of the join. */
  line: Line | null;
  sides: Way[];
}

export interface Tree {
  starts: Item[];
  root: Sequence;
  /** Nodes no way leads to, in the order of the document, and the lines that leave them. */
  loose: string[];
  looseLines: string[];
}

export interface Misfit {
  reason: "no_start" | "starts_apart" | "crossing" | "unknown_exit";
  nodes: string[];
}

export type Reading = { tree: Tree; misfits: null } | { tree: null; misfits: Misfit[] };

export function readTree(document: FlowDocument, types: NodeTypes): Reading {
  return new Reader(document, types).read();
}

class Reader {
  private readonly nodes: ReadonlyMap<string, FlowNode>;
  private readonly out = new Map<string, FlowEdge[]>();
  private readonly order: ReadonlyMap<string, number>;
  private readonly placed = new Map<string, number>();
  private readonly path = new Set<string>();
  private readonly told = new Set<string>();
  private readonly crossing = new Set<string>();
  private readonly waiting: Item[] = [];
  private round = 0;

  private readonly document: FlowDocument;
  private readonly types: NodeTypes;

  constructor(document: FlowDocument, types: NodeTypes) {
    this.document = document;
    this.types = types;
    this.nodes = new Map(document.nodes.map((node) => [node.id, node]));
    for (const edge of document.edges) {
      const list = this.out.get(edge.from);
      if (list === undefined) this.out.set(edge.from, [edge]);
      else list.push(edge);
    }
    this.order = this.firstToLast();
  }

  read(): Reading {
    const starts = this.document.nodes
      .filter((node) => this.types.get(node.type)?.starts)
      .map((node) => this.plain(node));
    if (starts.length === 0) return { tree: null, misfits: [{ reason: "no_start", nodes: [] }] };
    const firsts = new Set(starts.flatMap((start) => this.target(start.line) ?? []));
    if (firsts.size > 1) {
      const nodes = starts.map((start) => start.node);
      return { tree: null, misfits: [{ reason: "starts_apart", nodes }] };
    }
    for (const start of starts) this.placed.set(start.node, 0);
    const root = this.walk([...firsts][0], []);
    for (let item = this.waiting.shift(); item !== undefined; item = this.waiting.shift()) {
      for (const side of item.sides) {
        this.round += 1;
        side.steps = this.walk(this.target(side.line), []);
      }
    }
    const loose = this.document.nodes.filter((node) => !this.placed.has(node.id));
    const unplaced = new Set(loose.map((node) => node.id));
    const rest = this.document.edges.filter((edge) => !this.told.has(edge.id));
    const strange = rest.filter((edge) => !unplaced.has(edge.from)).map((edge) => edge.from);
    const misfits: Misfit[] = [];
    if (this.crossing.size > 0) misfits.push({ reason: "crossing", nodes: [...this.crossing] });
    if (strange.length > 0) misfits.push({ reason: "unknown_exit", nodes: [...new Set(strange)] });
    if (misfits.length > 0) return { tree: null, misfits };
    const looseLines = rest.map((edge) => edge.id);
    return {
      tree: { starts, root, loose: [...unplaced], looseLines },
      misfits: null,
    };
  }

  /** From here on until an end, a meeting (the last of `stops`), or a step that is drawn already. */
  private walk(begin: string | undefined, stops: readonly string[]): Sequence {
    const items: Item[] = [];
    const here: string[] = [];
    const stop = stops.at(-1);
    const leave = (exit: Exit): Sequence => {
      for (const node of here) this.path.delete(node);
      return { items, exit };
    };
    const pass = (node: string) => {
      this.placed.set(node, this.round);
      this.path.add(node);
      here.push(node);
    };
    let at = begin;
    for (;;) {
      const node = this.nodes.get(at ?? "");
      if (at === undefined || node === undefined) return leave({ kind: "open" });
      if (at === stop) return leave({ kind: "meet" });
      if (stops.includes(at)) return leave({ kind: "jump", to: at });
      if (this.placed.has(at)) {
        const beside = this.placed.get(at) === this.round && !this.path.has(at) && !this.ends(at);
        if (beside) this.crossing.add(at);
        return leave({ kind: "jump", to: at });
      }
      pass(at);
      const kind = blockKind(node, this.types);
      if (kind === null) {
        const item = this.plain(node);
        items.push(item);
        this.waiting.push(item);
        if (this.ends(at)) return leave({ kind: "end" });
        at = this.target(item.line);
        continue;
      }
      const item = this.block(node, kind);
      items.push(item);
      this.waiting.push(item);
      if (item.columns.length === 0) return leave({ kind: "open" });
      const meeting = this.meeting(item.columns, stops);
      const inner = meeting === stop && stop !== undefined ? stops : [...stops, meeting ?? ""];
      for (const column of item.columns) column.steps = this.walk(this.target(column.line), inner);
      if (meeting === undefined) return leave({ kind: "end" });
      if (meeting === stop) return leave({ kind: "meet" });
      const joining = this.nodes.get(meeting);
      if (joining !== undefined && this.types.get(joining.type)?.joins && kind !== "exclusive") {
        pass(meeting);
        const join = this.plain(joining);
        item.join = meeting;
        item.line = join.line;
        item.sides.push(...join.sides);
        at = this.target(item.line);
      } else {
        at = meeting;
      }
    }
  }

  private plain(node: FlowNode): Item {
    const [main] = portsOf(node, this.types);
    const line = main === undefined ? null : this.line(node.id, main.name);
    const sides = exitsOf(node, this.types)
      .filter((port) => port.name !== main?.name)
      .map((port) => ({ line: this.line(node.id, port.name), steps: NOTHING_YET }))
      .filter((side) => side.line.edge !== null || this.needed(node, side.line.port));
    return { node: node.id, kind: null, columns: [], join: null, line, sides };
  }

  private block(node: FlowNode, kind: BlockKind): Item {
    const ports = portsOf(node, this.types).map((port) => port.name);
    const lines = ports.flatMap((port): Line[] => {
      const edges = (this.out.get(node.id) ?? []).filter((edge) => edge.port === port);
      if (edges.length === 0) return kind === "parallel" ? [] : [this.line(node.id, port)];
      return edges.map((edge) => this.telling(edge));
    });
    const sides = exitsOf(node, this.types)
      .filter((port) => !ports.includes(port.name))
      .map((port) => ({ line: this.line(node.id, port.name), steps: NOTHING_YET }));
    return {
      node: node.id,
      kind,
      columns: lines.map((line) => ({ line, steps: NOTHING_YET })),
      join: null,
      line: null,
      sides,
    };
  }

  private line(from: string, port: string): Line {
    const edge = this.out.get(from)?.find((each) => each.port === port);
    return edge === undefined ? { edge: null, from, port } : this.telling(edge);
  }

  private telling({ id, from, port }: FlowEdge): Line {
    this.told.add(id);
    return { edge: id, from, port };
  }

  private target(line: Line | null): string | undefined {
    if (line === null || line.edge === null) return undefined;
    return this.out.get(line.from)?.find((edge) => edge.id === line.edge)?.to;
  }

  private needed(node: FlowNode, name: string): boolean {
    return exitsOf(node, this.types).some((port) => port.name === name && port.required);
  }

  private ends(id: string): boolean {
    return this.types.get(this.nodes.get(id)?.type ?? "")?.ends ?? false;
  }

  /** Where the columns come together: what most of them reach, and of that the first. */
  private meeting(columns: readonly Way[], stops: readonly string[]): string | undefined {
    const stop = stops.at(-1);
    const counts = new Map<string, number>();
    for (const column of columns) {
      for (const node of this.ahead(this.target(column.line), stops)) {
        counts.set(node, (counts.get(node) ?? 0) + 1);
      }
    }
    const shared = [...counts.keys()].filter(
      (node) => (counts.get(node) ?? 0) > 1 && (node === stop || !stops.includes(node)),
    );
    const before = (node: string) => (node === stop ? 1e9 : (this.order.get(node) ?? 0));
    const best = (nodes: readonly string[]) => {
      const most = Math.max(...nodes.map((node) => counts.get(node) ?? 0));
      return nodes
        .filter((node) => counts.get(node) === most)
        .sort((a, b) => before(a) - before(b))[0];
    };
    const goingOn = shared.filter((node) => !this.ends(node));
    if (goingOn.length > 0) return best(goingOn);
    if (shared.length > 0) return best(shared);
    return stop !== undefined && counts.has(stop) ? stop : undefined;
  }

  /** Everything on the way from here that is not drawn yet. */
  private ahead(from: string | undefined, stops: readonly string[]): Set<string> {
    const seen = new Set<string>();
    const queue = from === undefined ? [] : [from];
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      if (seen.has(at) || this.placed.has(at) || !this.nodes.has(at)) continue;
      seen.add(at);
      if (!stops.includes(at)) queue.push(...this.onward(at));
    }
    return seen;
  }

  private onward(id: string): string[] {
    const node = this.nodes.get(id);
    if (node === undefined) return [];
    const ports = portsOf(node, this.types).map((port) => port.name);
    const main = blockKind(node, this.types) === null ? ports.slice(0, 1) : ports;
    return (this.out.get(id) ?? []).flatMap((edge) => (main.includes(edge.port) ? [edge.to] : []));
  }

  /** A number for every node: whoever comes later on the way has a higher one. Loops are cut. */
  private firstToLast(): ReadonlyMap<string, number> {
    const finished: string[] = [];
    const seen = new Set<string>();
    const starts = this.document.nodes.filter((node) => this.types.get(node.type)?.starts);
    for (const { id } of [...starts, ...this.document.nodes]) {
      const stack: [string, string[]][] = [];
      const enter = (node: string) => {
        if (seen.has(node)) return;
        seen.add(node);
        stack.push([node, this.onward(node)]);
      };
      enter(id);
      for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
        const next = top[1].shift();
        if (next !== undefined) enter(next);
        else finished.push(stack.pop()?.[0] ?? "");
      }
    }
    return new Map(finished.reverse().map((node, index) => [node, index]));
  }
}

const NOTHING_YET: Sequence = { items: [], exit: { kind: "open" } };

/** A node whose exits are branches of equal right; null for a plain step. */
export function blockKind(node: FlowNode, types: NodeTypes): BlockKind | null {
  const type = types.get(node.type);
  if (type === undefined || type.joins) return null;
  if (type.splits) return "parallel";
  if (type.ports_from === null || type.ports_from === undefined) return null;
  if (type.ports_from === "events") return "events";
  return node.settings["mode"] === "all" ? "inclusive" : "exclusive";
}

// --- what one can ask a tree ---

/** The lines by which an item goes on. */
export function linesAfter(item: Item): Line[] {
  if (item.line !== null) return [item.line];
  return item.columns.flatMap((column) =>
    column.steps.exit.kind === "meet" ? leaving(column) : [],
  );
}

/** The lines by which a way leaves its last step; its first line where it has none. */
export function leaving(way: Way): Line[] {
  const last = way.steps.items.at(-1);
  return last === undefined ? [way.line] : linesAfter(last);
}

/** Every item, from the top down; what hangs beside a step comes right after it. */
export function* itemsOf(tree: Tree): Generator<Item> {
  for (const start of tree.starts) yield* within(start);
  yield* itemsIn(tree.root);
}

export function* itemsIn(sequence: Sequence): Generator<Item> {
  for (const item of sequence.items) yield* within(item);
}

function* within(item: Item): Generator<Item> {
  yield item;
  for (const way of [...item.columns, ...item.sides]) yield* itemsIn(way.steps);
}

export function itemOf(tree: Tree, node: string): Item | undefined {
  for (const item of itemsOf(tree)) if (item.node === node || item.join === node) return item;
  return undefined;
}

/** The nodes a step is made of with its branches; what hangs beside them is told apart. */
export function partsOf(item: Item): { core: string[]; beside: string[] } {
  const core = [item.node, ...(item.join === null ? [] : [item.join])];
  const beside: string[] = [];
  for (const column of item.columns) {
    for (const inner of column.steps.items) {
      const parts = partsOf(inner);
      core.push(...parts.core);
      beside.push(...parts.beside);
    }
  }
  for (const side of item.sides) {
    for (const inner of itemsIn(side.steps)) {
      beside.push(inner.node, ...(inner.join === null ? [] : [inner.join]));
    }
  }
  return { core, beside };
}

/** A step as it is taken out, moved or copied: with its branches, and what hangs beside it alone. */
export function blockOf(document: FlowDocument, item: Item): Block {
  const { core, beside } = partsOf(item);
  const outs = linesAfter(item).map(({ from, port }) => ({ from, port }));
  return { node: item.node, nodes: [...core, ...ownOf(document, core, beside)], outs };
}

/** Where the branches of a step come together, if they do. */
export function meetingOf(document: FlowDocument, item: Item): string | undefined {
  if (item.join !== null) return item.join;
  const edges = new Set(linesAfter(item).map((line) => line.edge));
  return document.edges.find((edge) => edges.has(edge.id))?.to;
}

/** The steps of a branch that go with it. */
export function branchNodes(document: FlowDocument, way: Way): string[] {
  const parts = way.steps.items.map(partsOf);
  const core = parts.flatMap((part) => part.core);
  const beside = parts.flatMap((part) => part.beside);
  return [...core, ...ownOf(document, core, beside)];
}

/** Of what hangs beside: that to which nothing else leads. */
function ownOf(document: FlowDocument, core: readonly string[], beside: readonly string[]) {
  const own = new Set([...core, ...beside]);
  for (;;) {
    const shared = document.edges.filter(
      (edge) => beside.includes(edge.to) && own.has(edge.to) && !own.has(edge.from),
    );
    if (shared.length === 0) return beside.filter((node) => own.has(node));
    for (const edge of shared) own.delete(edge.to);
  }
}

/** The graph a tree tells of: every node, and "from.port → to" for every line, both sorted. */
export function graphOf(tree: Tree, document: FlowDocument): { nodes: string[]; lines: string[] } {
  const nodes = [...tree.loose];
  const lines: string[] = [];
  const tell = (from: readonly Line[], to: string) => {
    for (const line of from) lines.push(`${line.from}.${line.port} → ${to}`);
  };
  const sequence = ({ items, exit }: Sequence, incoming: readonly Line[]): readonly Line[] => {
    let coming = incoming;
    for (const item of items) {
      tell(coming, item.node);
      nodes.push(item.node);
      const met = item.columns.flatMap((column) => sequence(column.steps, [column.line]));
      if (item.join !== null) {
        tell(met, item.join);
        nodes.push(item.join);
      }
      for (const side of item.sides) sequence(side.steps, [side.line]);
      coming = item.line === null ? met : [item.line];
    }
    if (exit.kind === "jump") tell(coming, exit.to);
    return exit.kind === "meet" ? coming : [];
  };
  for (const start of tree.starts) {
    nodes.push(start.node);
    for (const side of start.sides) sequence(side.steps, [side.line]);
  }
  const begins = tree.starts.flatMap((start) =>
    start.line === null || start.line.edge === null ? [] : [start.line],
  );
  sequence(tree.root, begins);
  for (const edge of document.edges) {
    if (tree.looseLines.includes(edge.id)) lines.push(`${edge.from}.${edge.port} → ${edge.to}`);
  }
  return { nodes: nodes.sort(), lines: lines.sort() };
}
