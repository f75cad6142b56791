// Puts copied nodes beside the old ones: new ids, lines among them kept, references inside them rewritten.

import type { Command } from "../command";
import {
  eventsOf,
  type FlowDocument,
  type FlowEdge,
  type FlowNode,
  type FlowNote,
  freshEdgeId,
  freshEventId,
  freshName,
  freshNodeId,
  freshNoteId,
  type NodeTypes,
  nodeOf,
  notesOf,
  type Position,
  withNode,
} from "../document";
import { whyNotAdd } from "../rules";
import { namesIn, settingsRenamed } from "../together/renaming";

/** What lies on the clipboard, as JSON text. */
export interface Fragment {
  kind: "headrace/1";
  nodes: FlowNode[];
  edges: FlowEdge[];
  notes: FlowNote[];
}

export interface Paste {
  fragment: Fragment;
  offset: Position;
}

export const paste: Command<Paste> = {
  name: "paste",
  run: (document, { fragment, offset }, types) => {
    let result: FlowDocument = document;
    const ids = new Map<string, string>();
    const events = new Map<string, string>();
    const allowed = fragment.nodes.filter((node) => whyNotAdd(document, node.type, types) === null);
    for (const node of allowed) {
      const id = freshNodeId(result, node.id);
      ids.set(node.id, id);
      const { result: _, events: own, ...rest } = node;
      const copy: FlowNode = {
        ...rest,
        id,
        position: { x: node.position.x + offset.x, y: node.position.y + offset.y },
        ...(node.name === undefined ? {} : { name: freshName(result, node.name) }),
        ...(node.result === undefined ? {} : { result: freeResult(result, node.result) }),
      };
      result = { ...result, nodes: [...result.nodes, copy] };
      for (const event of own ?? []) {
        const free = freshEventId(result, event.id);
        events.set(`${node.id} ${event.id}`, free);
        const before = eventsOf(nodeOf(result, id) ?? copy);
        result = withNode(result, id, { events: [...before, { ...event, id: free }] });
      }
    }
    result = rewriteReferences(result, fragment, ids, events, types);
    for (const edge of fragment.edges) {
      const from = ids.get(edge.from);
      const to = ids.get(edge.to);
      if (from === undefined || to === undefined) continue;
      const port = events.get(`${edge.from} ${edge.port}`) ?? edge.port;
      const copy = { id: freshEdgeId(result), from, port, to };
      result = { ...result, edges: [...result.edges, copy] };
    }
    for (const note of fragment.notes) {
      const position = { x: note.position.x + offset.x, y: note.position.y + offset.y };
      const hides = note.hides?.flatMap((id) => ids.get(id) ?? []);
      const copy = {
        ...note,
        id: freshNoteId(result),
        position,
        ...(hides === undefined ? {} : { hides }),
      };
      result = { ...result, notes: [...notesOf(result), copy] };
    }
    return result;
  },
};

/** The part of a document that is selected, with the lines inside it. */
export function fragmentOf(
  document: FlowDocument,
  nodes: readonly string[],
  notes: readonly string[],
): Fragment {
  // A collapsed section means what it hides, too.
  const chosen = notesOf(document).filter((note) => notes.includes(note.id));
  const wanted = new Set([...nodes, ...chosen.flatMap((note) => note.hides ?? [])]);
  return {
    kind: "headrace/1",
    nodes: document.nodes.filter((node) => wanted.has(node.id)),
    edges: document.edges.filter((edge) => wanted.has(edge.from) && wanted.has(edge.to)),
    notes: notesOf(document).filter((note) => notes.includes(note.id)),
  };
}

/** What was on the clipboard, if it is ours. */
export function fragmentFrom(text: string): Fragment | null {
  if (!text.includes("headrace/1")) return null;
  try {
    const found = JSON.parse(text);
    const fits =
      found?.kind === "headrace/1" &&
      Array.isArray(found.nodes) &&
      Array.isArray(found.edges) &&
      Array.isArray(found.notes);
    return fits ? found : null;
  } catch {
    return null;
  }
}

function freeResult(document: FlowDocument, result: string): string {
  const taken = new Set(document.nodes.flatMap((node) => [node.id, node.result ?? node.id]));
  if (!taken.has(result)) return result;
  let number = 2;
  while (taken.has(`${result}_${number}`)) number += 1;
  return `${result}_${number}`;
}

/** `refund.status` inside a copied node means the copied `refund`, when that was copied too. */
function rewriteReferences(
  document: FlowDocument,
  fragment: Fragment,
  ids: ReadonlyMap<string, string>,
  events: ReadonlyMap<string, string>,
  types: NodeTypes,
): FlowDocument {
  const names = new Map<string, string>();
  for (const [place, after] of events) {
    const before = place.split(" ")[1] ?? "";
    if (before !== after) names.set(before, after);
  }
  for (const node of fragment.nodes) {
    const copy = document.nodes.find((each) => each.id === ids.get(node.id));
    if (copy === undefined) continue;
    const before = node.result ?? node.id;
    const after = copy.result ?? copy.id;
    if (before !== after) names.set(before, after);
  }
  const copies = new Set(ids.values());
  return {
    ...document,
    nodes: document.nodes.map((node) =>
      copies.has(node.id)
        ? {
            ...node,
            settings: settingsRenamed(namesIn(node.settings, names), types.get(node.type), ids),
            ...(node.events === undefined ? {} : { events: namesIn(node.events, names) }),
          }
        : node,
    ),
  };
}
