// A task as the server tells it. What a server may leave out is optional here, and the screens do without it.

import type { Json, JsonObject, JsonSchema, TimelineEntry } from "../../api/types";
import type { FlowDocument } from "../../editor/document";
import type { PersonRef } from "../../people/people";
import type { Text } from "../../ui/text";

export type Kind = "decide" | "cc" | "confirm" | "resubmit" | "answer" | "none";

export interface LabelledValue {
  label: Text | string;
  value: unknown;
}

/** A row of a box. */
export interface TaskItem {
  id: string;
  title: Text | string;
  flow_key: string;
  flow_name: Text;
  instance_id: string;
  business_key: string | null;
  node: string;
  node_name: Text | string;
  created_at: string;
  due_at: string | null;
  summary: LabelledValue[];
  status: string;
  mode: string;
  initiator?: PersonRef | string | null;
  decision?: string | null;
  kind?: Kind | null;
  round?: number;
  on_behalf_of?: PersonRef | string | null;
  warned?: boolean;
  paused_at?: string | null;
  needs_form?: boolean;
  can_decide?: boolean;
  step_at?: Text | string | null;
  seen?: boolean;
}

export interface Seat {
  seat: number;
  user_id: string;
  name: string;
  on_behalf_of?: PersonRef | string | null;
  origin?: string | null;
  added_by?: PersonRef | string | null;
  stage?: number;
  status: string;
  decision?: string | null;
  comment?: string | null;
  at?: string | null;
  reason?: string | null;
  kind?: Kind | null;
  weight?: number | null;
  veto?: boolean;
  round?: number;
}

export interface TaskAction {
  action: string;
  allowed: boolean;
  why?: string | null;
  choices?: Choices | null;
}

/** As the server tells them: moments may be milliseconds, and who or what they name is told by its id. */
export interface Choices {
  /** return: places, each with how it may go on. */
  to?: { id: string; after?: string[] }[] | string;
  /** reduce_sign: numbers of seats. */
  seats?: number[];
  /** answer: which seat of mine was asked, and by whom. */
  questions?: { seat: number; by: string }[];
  where?: string[];
  window_ends_at?: number | string | null;
  next_at?: number | string | null;
  again_at?: number | string | null;
  until?: number | string | null;
  left?: number | null;
  quota?: number | null;
  people?: PersonRef[];
  [name: string]: unknown;
}

export interface Note {
  id: number | string;
  at: string;
  by: PersonRef | string | null;
  kind: "comment" | "question" | "answer" | "action";
  text: string;
  to?: PersonRef | string | null;
  seat?: number | null;
  details?: JsonObject | null;
}

export interface PathNode {
  id: string;
  name: Text | string;
  type?: string;
  status: "done" | "now" | "next" | "skipped";
  who?: PersonRef[];
  decision?: string | null;
  at?: string | null;
  task_id?: string | null;
}

export interface Change {
  path: string;
  label?: Text | string | null;
  before: Json;
  after: Json;
}

export interface Attachment {
  id: string;
  name: string;
  size: number;
  type?: string;
}

export interface TaskRule {
  mode: string;
  text?: Text | string | null;
  needed?: number | null;
  have?: number | null;
  total?: number | null;
}

/** A form: a bare schema, or one with its values and rights. */
export type TaskForm = JsonSchema & {
  schema?: JsonSchema;
  value?: JsonObject;
};

export interface TaskDetail extends TaskItem {
  description?: Text | string | null;
  show: LabelledValue[];
  form: TaskForm | null;
  buttons: { decision: string; title: Text }[];
  assignees?: { id: string; name: string; decision?: string | null; status?: string }[];
  timeline?: TimelineEntry[];
  can_decide: boolean;
  ended_at?: string | null;
  revision?: number;
  nonce?: string;
  form_version?: string;
  rule?: TaskRule | null;
  seats?: Seat[];
  actions?: TaskAction[];
  notes?: Note[] | { items: Note[]; next_cursor?: string | null };
  notes_cursor?: string | null;
  path?: { version?: number; nodes: PathNode[]; document?: FlowDocument } | null;
  changed?: { since?: string; by?: PersonRef | string | null; items: Change[] } | Change[] | null;
  deadlines?: { kind: string; at: string; do?: string | null; text?: Text | string | null }[];
  attachments?: Attachment[];
}

export function nameOf(who: PersonRef | string | null | undefined): string {
  if (!who) return "";
  return typeof who === "string" ? who : who.name || who.id;
}

/** Those asked, also from a server that tells only the persons. */
export function seatsOf(task: TaskDetail): Seat[] {
  if (task.seats) return task.seats;
  return (task.assignees ?? []).map((person, index) => ({
    seat: index,
    user_id: person.id,
    name: person.name,
    status: person.status ?? (person.decision ? "done" : "open"),
    decision: person.decision ?? null,
  }));
}

export function notesOf(task: TaskDetail): Note[] {
  const notes = task.notes ?? [];
  return Array.isArray(notes) ? notes : notes.items;
}

export function changesOf(task: TaskDetail): Change[] {
  const changed = task.changed ?? [];
  return Array.isArray(changed) ? changed : changed.items;
}

/** The schema of what must be filled in, and what is filled in already. */
export function formOf(task: TaskDetail): { schema: JsonSchema; value: JsonObject } | null {
  const { form } = task;
  if (!form) return null;
  return { schema: form.schema ?? form, value: form.schema ? (form.value ?? {}) : {} };
}

export function actionOf(task: TaskDetail, name: string): TaskAction | undefined {
  return task.actions?.find((each) => each.action === name);
}

/** Until when something may be done, where it is bound in time. */
export function endOf(action: TaskAction | undefined): string | null {
  return action?.allowed ? momentOf(action.choices?.window_ends_at) : null;
}

export function momentOf(at: number | string | null | undefined): string | null {
  if (at === null || at === undefined) return null;
  return typeof at === "number" ? new Date(at).toISOString() : at;
}

export interface Place {
  id: string;
  name: Text | string | null;
  who: PersonRef[];
  after: string[];
}

/** Where a task can be sent back to, with the names the drawing gives. */
export function placesOf(task: TaskDetail, action: TaskAction | undefined): Place[] {
  const { to } = action?.choices ?? {};
  if (!Array.isArray(to)) return [];
  return to.map(({ id, after = [] }) => ({
    id,
    name:
      task.path?.nodes.find((node) => node.id === id)?.name ??
      task.path?.document?.nodes.find((node) => node.id === id)?.name ??
      null,
    who: task.path?.nodes.findLast((node) => node.id === id)?.who ?? [],
    after,
  }));
}

export interface Question {
  seat: number;
  by: string;
  text: string;
  at: string | null;
}

/** What I was asked and have not answered. */
export function questionsOf(task: TaskDetail): Question[] {
  const asked = notesOf(task).filter((note) => note.kind === "question");
  return (actionOf(task, "answer")?.choices?.questions ?? []).map(({ seat, by }) => {
    const note = asked.findLast((each) => each.seat === seat) ?? asked.at(-1);
    return {
      seat,
      by: nameOf(note?.by) || seatsOf(task).find((each) => each.user_id === by)?.name || by,
      text: note?.text ?? "",
      at: note?.at ?? null,
    };
  });
}
