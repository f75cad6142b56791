// A decision as the audit tells it, and the questions one asks of many. Pure.

import type { PersonRef } from "../../people/people";

export interface Decision {
  id: string;
  at: string;
  by: PersonRef | null;
  on_behalf_of: PersonRef | null;
  action: string | null;
  decision: string | null;
  comment: string | null;
  before: unknown;
  after: unknown;
  via: string | null;
  ip: string | null;
  client: string | null;
  batch_id: string | null;
  task_id: string | null;
  title: string | null;
  instance_id: string | null;
  flow_key: string | null;
  version: number | null;
  node: string | null;
  business_key: string | null;
  hash: string;
  redacted_at: string | null;
}

export interface Verified {
  ok: boolean;
  checked: number;
  redacted: number;
  first_wrong: string | null;
  why: string | null;
  expected: string | null;
  found: string | null;
  at: string;
}

export interface Asked {
  search: string;
  user: string;
  decision: string;
  flow: string;
  from: string;
  until: string;
}

export const NOTHING: Asked = { search: "", user: "", decision: "", flow: "", from: "", until: "" };

export const ACTIONS = [
  "approved",
  "rejected",
  "returned",
  "return",
  "transfer",
  "delegate",
  "add_sign",
  "reduce_sign",
  "take_back",
  "withdraw",
  "resubmit",
  "exempt",
  "release",
  "reassign",
  "escalate",
  "cc",
  "ask",
  "answer",
  "urge",
  "pause",
  "go_on",
  "passed",
] as const;

/** What no person has done is told as done by this one. */
export const ENGINE = "engine";

const DAY_MS = 86_400_000;

/** What is asked of the server: days are whole days on the reader's clock. */
export function filterOf(asked: Asked): Record<string, string | undefined> {
  const { search, user, decision, flow, from, until } = asked;
  return {
    search: search.trim() || undefined,
    user: user || undefined,
    decision: decision || undefined,
    flow: flow || undefined,
    from: momentOf(from),
    until: momentOf(until, DAY_MS),
  };
}

function momentOf(day: string, later = 0): string | undefined {
  if (!day) return undefined;
  const at = new Date(`${day}T00:00`);
  return Number.isNaN(at.getTime()) ? undefined : new Date(at.getTime() + later).toISOString();
}
