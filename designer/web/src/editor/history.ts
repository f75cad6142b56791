// What was done, with names, so that it can be undone and redone. Pure.
//
// An entry holds the document before and after one gesture. Entries with the same `burst` that follow each other within
// BURST_MS become one: a word typed, a node nudged five times. Selection, pan and zoom never come here.

import type { FlowDocument } from "./document";

/** Documents share structure, so an entry is cheap; more than this nobody steps back. */
export const HISTORY_MAX = 200;
export const BURST_MS = 1_000;

export interface Entry {
  /** The name of the command; the screen translates it. */
  label: string;
  before: FlowDocument;
  after: FlowDocument;
  at: number;
  burst: string | null;
}

export interface History {
  past: readonly Entry[];
  present: FlowDocument;
  future: readonly Entry[];
}

export function begin(document: FlowDocument): History {
  return { past: [], present: document, future: [] };
}

export function record(
  history: History,
  label: string,
  after: FlowDocument,
  at: number,
  burst: string | null = null,
): History {
  if (after === history.present) return history;
  const last = history.past.at(-1);
  const goesOn =
    last !== undefined &&
    burst !== null &&
    last.burst === burst &&
    history.future.length === 0 &&
    at - last.at <= BURST_MS;
  const past = goesOn
    ? [...history.past.slice(0, -1), { ...last, after, at }]
    : [...history.past, { label, before: history.present, after, at, burst }];
  return { past: past.slice(-HISTORY_MAX), present: after, future: [] };
}

export function undo(history: History): History {
  const last = history.past.at(-1);
  if (last === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    present: last.before,
    future: [{ ...last, burst: null }, ...history.future],
  };
}

export function redo(history: History): History {
  const next = history.future[0];
  if (next === undefined) return history;
  return {
    past: [...history.past, next],
    present: next.after,
    future: history.future.slice(1),
  };
}

/** Back (or forward) to the state right after the given number of entries. */
export function stepTo(history: History, count: number): History {
  let current = history;
  while (current.past.length > count && current.past.length > 0) current = undo(current);
  while (current.past.length < count && current.future.length > 0) current = redo(current);
  return current;
}
