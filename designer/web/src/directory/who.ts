// "Who would get this?": asked of the server, which resolves people exactly as it would for a real task.

import { api } from "../api/client";
import type { Text } from "../ui/text";

export interface PersonRef {
  id: string;
  name: string;
}

/** A step of the resolution in words. */
export interface Reason {
  code?: string;
  params?: Record<string, unknown>;
  text: Text;
}

export interface Found extends PersonRef {
  on_behalf_of: PersonRef | null;
  origin: string;
  stage?: number;
  by_rule?: string | null;
  why: Reason[];
}

export interface WhoAnswer {
  people: Found[];
  steps: Reason[];
  incident: {
    code: string;
    message?: string;
    params?: Record<string, unknown>;
    text?: Text;
  } | null;
}

export interface WhoQuestion {
  /** A drawing, or the flow whose version in force is meant. */
  document?: unknown;
  flow?: string;
  node: string;
  data: Record<string, unknown>;
  initiator: string;
  at?: string;
  chosen?: Record<string, string[]>;
}

export function askWho(question: WhoQuestion, signal?: AbortSignal): Promise<WhoAnswer> {
  return api.post<WhoAnswer>("/api/who", question, signal ? { signal } : {});
}

/** People asked one after the other stand in stages; those asked together share one. */
export function stagesOf(people: readonly Found[]): Found[][] {
  const stages = new Map<number, Found[]>();
  for (const person of people) {
    const stage = person.stage ?? 0;
    stages.set(stage, [...(stages.get(stage) ?? []), person]);
  }
  return [...stages.entries()].sort(([a], [b]) => a - b).map(([, found]) => found);
}

/** `2026-11-23T09:30` in this place's time → ISO; nothing for the present. */
export function momentOf(local: string): string | undefined {
  const at = local === "" ? Number.NaN : new Date(local).getTime();
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
