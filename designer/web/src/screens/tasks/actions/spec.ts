// What each action asks for, and what is sent. Pure; the sheet draws it.

import type { JsonObject } from "../../../api/types";
import type { PersonRef } from "../../../people/people";
import { placesOf, type TaskAction, type TaskDetail } from "../task";

export interface Spec {
  /** The name of the argument that takes people; `many` takes a list. */
  people?: { name: "to" | "people"; many: boolean };
  /** The name of the argument that takes words. */
  words?: { name: "reason" | "text" | "comment"; required: boolean };
  where?: boolean;
  confirm?: boolean;
  node?: boolean;
  seats?: "many" | "one";
  /** For what cannot be taken back. */
  danger?: boolean;
}

export const SPECS: Record<string, Spec> = {
  add_sign: {
    people: { name: "people", many: true },
    where: true,
    words: { name: "comment", required: false },
  },
  reduce_sign: { seats: "many" },
  transfer: { people: { name: "to", many: false }, words: { name: "reason", required: true } },
  delegate: { people: { name: "to", many: false }, words: { name: "reason", required: false } },
  cc: {
    people: { name: "people", many: true },
    confirm: true,
    words: { name: "comment", required: false },
  },
  ask: { people: { name: "to", many: false }, words: { name: "text", required: true } },
  return: { node: true, words: { name: "comment", required: true } },
  urge: {},
  resend: {},
  withdraw: { words: { name: "reason", required: true }, danger: true },
  take_back: {},
  pause: { words: { name: "reason", required: true } },
  go_on: {},
  exempt: { words: { name: "reason", required: true } },
  reassign: {
    seats: "one",
    people: { name: "to", many: false },
    words: { name: "reason", required: true },
  },
};

/** In the sheet they stand in these groups; what is not named here is not offered there. */
export const GROUPS: [name: string, actions: string[]][] = [
  ["others", ["ask", "transfer", "delegate", "add_sign", "reduce_sign", "cc"]],
  ["back", ["return", "take_back", "withdraw"]],
  ["time", ["urge", "resend", "pause", "go_on"]],
  ["special", ["exempt", "reassign"]],
];

export type Where = "before" | "after" | "parallel";
export const WHERES: Where[] = ["parallel", "before", "after"];

export interface Filled {
  people: PersonRef[];
  words: string;
  where: Where;
  confirm: boolean;
  node: string | null;
  after: string | null;
  /** Undefined: as the drawing says. */
  keepVotes: boolean | undefined;
  seats: number[];
}

export const EMPTY: Filled = {
  people: [],
  words: "",
  where: "parallel",
  confirm: false,
  node: null,
  after: null,
  keepVotes: undefined,
  seats: [],
};

/** How it begins: where there is only one way, it is taken. */
export function started(action: TaskAction, task: TaskDetail, words: string): Filled {
  const places = placesOf(task, action);
  const only = places.length === 1 ? places[0] : undefined;
  return {
    ...EMPTY,
    words,
    node: only?.id ?? null,
    after: only?.after[0] ?? null,
    keepVotes: action.choices?.keep_votes,
  };
}

export type Missing = "people" | "words" | "node" | "seats";

export function missing(action: string, filled: Filled): Missing[] {
  const spec = SPECS[action] ?? {};
  const found: Missing[] = [];
  if (spec.seats && filled.seats.length === 0) found.push("seats");
  if (spec.node && filled.node === null) found.push("node");
  if (spec.people && filled.people.length === 0) found.push("people");
  if (spec.words?.required && filled.words.trim() === "") found.push("words");
  return found;
}

export function argsOf(action: string, filled: Filled): JsonObject {
  const spec = SPECS[action] ?? {};
  const args: JsonObject = {};
  const ids = filled.people.map((person) => person.id);
  if (spec.people) args[spec.people.name] = spec.people.many ? ids : ids[0];
  if (spec.where) args["where"] = filled.where;
  if (spec.confirm) args["confirm"] = filled.confirm;
  if (spec.node) {
    args["to"] = filled.node;
    if (filled.after !== null) args["after"] = filled.after;
    if (filled.keepVotes !== undefined) args["keep_votes"] = filled.keepVotes;
  }
  if (spec.seats === "many") args["seats"] = filled.seats;
  if (spec.seats === "one") args["seat"] = filled.seats[0];
  const words = filled.words.trim();
  if (spec.words && words) args[spec.words.name] = words;
  return args;
}

/** Who cannot be chosen: who is asked already, and, for what is handed on, oneself. */
export function excluded(action: string, task: TaskDetail, me: string): string[] {
  const asked = (task.seats ?? [])
    .filter((seat) => seat.status === "open" || seat.status === "waiting")
    .map((seat) => seat.user_id);
  return action === "ask" || action === "cc" ? [me] : [...new Set([me, ...asked])];
}

/** Seats one may take out, or hand to somebody else. */
export function seatChoices(
  action: TaskAction,
  task: TaskDetail,
): { seat: number; name: string }[] {
  const asked = (task.seats ?? []).filter(
    ({ status }) => status === "open" || status === "waiting",
  );
  return action.choices?.seats ?? asked;
}

/** Votes of others that a return could keep. */
export function hasVotes(task: TaskDetail): boolean {
  return (task.seats ?? []).some((seat) => seat.status === "done" && seat.kind !== "answer");
}

/** What undoes it while nobody has gone on from it. */
export function undoOf(
  action: string,
  before: TaskDetail,
  after: TaskDetail | undefined,
): { action: string; args?: JsonObject } | null {
  const may = (name: string) =>
    after?.actions?.some((each) => each.action === name && each.allowed) ?? false;
  if (action === "pause" && may("go_on")) return { action: "go_on" };
  if (action === "add_sign" && may("reduce_sign")) {
    const known = new Set((before.seats ?? []).map((seat) => seat.seat));
    const seats = (after?.seats ?? []).filter((seat) => !known.has(seat.seat));
    if (seats.length > 0) {
      return { action: "reduce_sign", args: { seats: seats.map((seat) => seat.seat) } };
    }
  }
  return null;
}
