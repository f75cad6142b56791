// What the server says of files that are looked at, and what is made of it.

import type { Problem } from "../api/client";
import type { FlowDocument, FlowNode } from "../api/types";

export type Fate = "carried" | "changed" | "placeholder" | "left_out";

export interface ReportLine {
  id: string;
  kind: string;
  name: string;
  fate: Fate;
  code: string;
  params: Record<string, unknown>;
  message: string;
  flow: string;
  node: string;
}

export interface Change {
  kind: "flow" | "node" | "edge" | "note";
  id: string;
  change: "added" | "removed" | "changed" | "moved";
  quiet: boolean;
  fields: { path: string }[];
}

export interface Compared {
  etag: string;
  name: Record<string, string>;
  published_version: number | null;
  changes: Change[];
}

export interface FoundFlow {
  key: string;
  name: Record<string, string>;
  document: FlowDocument & Record<string, unknown>;
  cases: unknown[];
  draft: Compared | null;
  problems: Problem[];
}

export interface FoundFile {
  file: string;
  kind: "flow" | "bpmn" | "n8n";
  wrong: Problem[];
  counts: Record<Fate, number>;
  lines: ReportLine[];
  flows: FoundFlow[];
}

/** What is to become of one flow of a file. */
export interface Wish {
  flow: FoundFlow;
  taken: boolean;
  /** In place of the draft of that key, or as a new flow. */
  onto: boolean;
  key: string;
}

export const KEY = /^[a-z][a-z0-9-]{1,63}$/;

export function wishesOf(files: FoundFile[]): Wish[] {
  return files
    .flatMap((file) => file.flows)
    .map((flow) => ({ flow, taken: true, onto: flow.draft !== null, key: flow.key }));
}

/** Why a wish cannot be granted; nothing: it can. */
export function trouble(wish: Wish, all: Wish[]): "key_taken" | "key_wrong" | null {
  if (!wish.taken) return null;
  if (!KEY.test(wish.key)) return "key_wrong";
  const same = all.filter((other) => other.taken && other.key === wish.key);
  const known = wish.flow.draft !== null && wish.key === wish.flow.key && !wish.onto;
  return same.length > 1 || known ? "key_taken" : null;
}

/** Flows of one import that call each other follow when their keys are changed. */
export function asSent(wishes: Wish[]) {
  const taken = wishes.filter((wish) => wish.taken);
  const renamed = new Map(taken.map((wish) => [wish.flow.key, wish.key]));
  return taken.map((wish) => ({
    key: wish.key,
    document: {
      ...wish.flow.document,
      key: wish.key,
      nodes: wish.flow.document.nodes.map((node) => called(node, renamed)),
    },
    cases: wish.onto ? [] : wish.flow.cases,
    etag: wish.onto ? (wish.flow.draft?.etag ?? null) : null,
  }));
}

function called(node: FlowNode, renamed: Map<string, string>): FlowNode {
  const flow = node.settings?.["flow"];
  const to = typeof flow === "string" ? renamed.get(flow) : undefined;
  if (node.type !== "subflow" || to === undefined || to === flow) return node;
  return { ...node, settings: { ...node.settings, flow: to } };
}

/** A picture needs a place for every node. */
export function placed(document: FlowDocument): FlowDocument {
  return {
    ...document,
    nodes: document.nodes.map((node, index) => ({
      ...node,
      name: node.name ?? {},
      position: node.position ?? { x: index * 300, y: 0 },
    })),
  };
}
