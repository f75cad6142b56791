// What a step of the history was about: "Approval", "Start → Approval", "3 nodes". Pure.

import type { FlowDocument, FlowNode, NodeTypes } from "./document";
import { notesOf } from "./document";
import type { Words } from "./sentence";
import { nameOf } from "./variables";

const NAMED_MAX = 2;
const NOTE_LETTERS = 20;

export function subjectOf(
  before: FlowDocument,
  after: FlowDocument,
  types: NodeTypes,
  words: Words,
): string {
  const name = (node: FlowNode) => nameOf(node, types, words.text);
  const nodes = changed(before.nodes, after.nodes);
  // What moved aside to make room is not what it was about.
  const told = nodes.filter(({ was, is }) => !(was && is && onlyMoved(was, is)));
  const about = told.length > 0 ? told : nodes;
  if (about.length > NAMED_MAX) return words.t("canvas:history.nodes", { count: about.length });
  if (about.length > 0) {
    return about
      .flatMap(({ was, is }) => is ?? was ?? [])
      .map(name)
      .join(words.t("sentence.comma"));
  }
  const byId = new Map([...before.nodes, ...after.nodes].map((node) => [node.id, node]));
  const edges = changed(before.edges, after.edges);
  const [edge] = edges.flatMap(({ was, is }) => is ?? was ?? []);
  if (edge !== undefined && edges.length <= NAMED_MAX) {
    return [edge.from, edge.to]
      .map((id) => byId.get(id))
      .map((node) => (node === undefined ? "?" : name(node)))
      .join(" → ");
  }
  if (edges.length > 0) return words.t("canvas:history.lines", { count: edges.length });
  const [note] = changed(notesOf(before), notesOf(after)).flatMap(({ was, is }) => is ?? was ?? []);
  return note === undefined ? "" : shortened(note.text);
}

function shortened(text: string): string {
  const [line = ""] = text.split("\n");
  const letters = [...line];
  return letters.length > NOTE_LETTERS ? `${letters.slice(0, NOTE_LETTERS).join("")}…` : line;
}

interface Change<Item> {
  was: Item | undefined;
  is: Item | undefined;
}

/** Documents share what did not change, so looking at identity is enough. */
function changed<Item extends { id: string }>(
  before: readonly Item[],
  after: readonly Item[],
): Change<Item>[] {
  if (before === after) return [];
  const old = new Map(before.map((item) => [item.id, item]));
  const now = new Set(after.map((item) => item.id));
  return [
    ...after.flatMap((is) => (old.get(is.id) === is ? [] : [{ was: old.get(is.id), is }])),
    ...before.flatMap((was) => (now.has(was.id) ? [] : [{ was, is: undefined }])),
  ];
}

function onlyMoved(was: FlowNode, is: FlowNode): boolean {
  return was.settings === is.settings && was.name === is.name && was.events === is.events;
}
