// What was changed in a sheet, step by step, so that each can be taken back. What follows quickly in one field is one step. Pure.

import { BURST_MS, HISTORY_MAX } from "../history";

export interface Steps<T> {
  past: readonly T[];
  present: T;
  future: readonly T[];
  /** The field that was changed last, and when. */
  field: string;
  at: number;
}

export function stepsFrom<T>(first: T): Steps<T> {
  return { past: [], present: first, future: [], field: "", at: 0 };
}

export function stepped<T>(steps: Steps<T>, next: T, field: string, at: number): Steps<T> {
  const goesOn = field !== "" && steps.field === field && at - steps.at <= BURST_MS;
  const past = goesOn ? steps.past : [...steps.past, steps.present].slice(-HISTORY_MAX);
  return { past, present: next, future: [], field, at };
}

export function back<T>(steps: Steps<T>): Steps<T> {
  const present = steps.past.at(-1);
  if (steps.past.length === 0) return steps;
  return {
    past: steps.past.slice(0, -1),
    present: present as T,
    future: [steps.present, ...steps.future],
    field: "",
    at: 0,
  };
}

export function forth<T>(steps: Steps<T>): Steps<T> {
  const [present, ...future] = steps.future;
  if (steps.future.length === 0) return steps;
  return {
    past: [...steps.past, steps.present],
    present: present as T,
    future,
    field: "",
    at: 0,
  };
}
