// Ctrl+F: where does this text stand? In names, settings, expressions, on lines, in notes. Pure.

import type { JsonSchema } from "../schema";
import {
  eventsOf,
  type FlowDocument,
  type FlowNode,
  inReadingOrder,
  type NodeTypes,
  notesOf,
} from "./document";
import { edgeSentence, eventSentence, nodeSentence, type Words } from "./sentence";
import { nameOf } from "./variables";

export interface Hit {
  key: string;
  /** What it is on: a node (with its field, if it stands in one), a line, a note. */
  node?: string;
  field?: string;
  edge?: string;
  note?: string;
  title: string;
  /** Where on it, and the text around what was looked for. */
  where: string;
  text: string;
}

export const HITS_MAX = 100;
const AROUND = 24;
const DEPTH_MAX = 12;

/** Everything that holds the text, in the order of the work. Without a text: the nodes. */
export function searchAll(
  document: FlowDocument,
  types: NodeTypes,
  words: Words,
  query: string,
): Hit[] {
  const wanted = query.trim().toLowerCase();
  const hits: Hit[] = [];
  const names = new Map(document.nodes.map((node) => [node.id, nameOf(node, types, words.text)]));
  for (const node of inReadingOrder(document, types)) {
    if (hits.length >= HITS_MAX) return hits;
    const title = names.get(node.id) ?? node.id;
    for (const place of placesOf(node, types, words)) {
      if (!place.text.toLowerCase().includes(wanted)) continue;
      const { field, where, text } = place;
      hits.push({
        key: `${node.id}/${field ?? where}`,
        node: node.id,
        ...(field === undefined ? {} : { field }),
        title,
        where,
        text: around(text, wanted),
      });
      if (wanted === "" || hits.length >= HITS_MAX) break;
    }
  }
  if (wanted === "") return hits;
  for (const edge of document.edges) {
    const text = edgeSentence(document, edge, types, words);
    if (hits.length >= HITS_MAX || !text.toLowerCase().includes(wanted)) continue;
    const title = `${names.get(edge.from) ?? edge.from} → ${names.get(edge.to) ?? edge.to}`;
    const where = words.t("inspector.line");
    hits.push({ key: `edge ${edge.id}`, edge: edge.id, title, where, text: around(text, wanted) });
  }
  for (const note of notesOf(document)) {
    if (hits.length >= HITS_MAX || !note.text.toLowerCase().includes(wanted)) continue;
    const title = words.t("note.label");
    const text = around(note.text, wanted);
    hits.push({ key: `note ${note.id}`, note: note.id, title, where: "", text });
  }
  return hits;
}

interface Place {
  where: string;
  text: string;
  field?: string;
}

function* placesOf(node: FlowNode, types: NodeTypes, words: Words): Generator<Place> {
  const type = types.get(node.type);
  yield {
    where: words.text(type?.title),
    text: [nameOf(node, types, words.text), ...Object.values(node.name ?? {}), node.id, node.result]
      .filter(Boolean)
      .join(" · "),
  };
  yield { where: words.text(type?.title), text: words.text(type?.title) };
  yield* leavesOf(node.settings, type?.settings, "", "", words, 0);
  yield { where: words.text(type?.title), text: nodeSentence(node, types, words) };
  for (const event of eventsOf(node)) {
    yield { where: words.t("event.title"), text: eventSentence(event, words) };
    for (const text of [event.key, event.at, event.name]) {
      if (text !== undefined) yield { where: words.t("event.title"), text };
    }
  }
}

/** Every text in the settings, with the path of its field and what the form calls it. */
function* leavesOf(
  value: unknown,
  schema: JsonSchema | undefined,
  path: string,
  label: string,
  words: Words,
  depth: number,
): Generator<Place> {
  if (depth > DEPTH_MAX) return;
  if (typeof value === "string" || typeof value === "number") {
    yield { where: label, text: String(value), field: path };
    return;
  }
  if (typeof value !== "object" || value === null) return;
  for (const [name, item] of Object.entries(value)) {
    const own = Array.isArray(value) ? schema?.items : schema?.properties?.[name];
    const title = words.text(own?.["x-title"]) || own?.title || "";
    const inner = title === "" ? label : label === "" ? title : `${label} › ${title}`;
    yield* leavesOf(item, own, path === "" ? name : `${path}/${name}`, inner, words, depth + 1);
  }
}

function around(text: string, wanted: string): string {
  const flat = text.replace(/\s+/g, " ");
  const at = wanted === "" ? -1 : flat.toLowerCase().indexOf(wanted);
  if (at < 0) return "";
  const from = Math.max(0, at - AROUND);
  const to = Math.min(flat.length, at + wanted.length + 2 * AROUND);
  return `${from > 0 ? "…" : ""}${flat.slice(from, to)}${to < flat.length ? "…" : ""}`;
}
