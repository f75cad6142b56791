// A task as the server tells it. What a server may leave out is optional here, and the screens do without it.

import type { Json, JsonObject, JsonSchema } from "../../api/types";
import type { FlowDocument } from "../../editor/document";
import type { ShownForm } from "../../forms/form";
import type { PersonRef } from "../../people/people";
import type { Text } from "../../ui/text";
import type { TimelineEntry } from "./Timeline";

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

/** What one chooses from, and what bounds it. */
export interface Choices {
  /** return: places, each with how it may go on. */
  nodes?: { id: string; name: Text | string; after?: string[] }[];
  /** return: what the drawing says about votes that were cast. */
  keep_votes?: boolean;
  seats?: { seat: number; name: string }[];
  questions?: { id: number; by: PersonRef | null }[];
  where?: string[];
  /** take_back: until when. */
  ends_at?: string | null;
  /** urge: from when on again. */
  again_at?: string | null;
  /** exempt: what is left of the quota. */
  left?: number | null;
  quota?: number | null;
  /** Only these may be chosen. */
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
  /** The form of the start, for the one it was sent back to. */
  mend?: { key: string; form: ShownForm } | null;
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
  sent_back?: {
    by?: PersonRef | string | null;
    at?: string | null;
    text?: string | null;
    node_name?: Text | string | null;
    after?: string | null;
  } | null;
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
  return (action?.allowed && action.choices?.ends_at) || null;
}

export interface Place {
  id: string;
  name: Text | string;
  who: PersonRef[];
  after: string[];
}

/** Where a task can be sent back to, with those who decided there. */
export function placesOf(task: TaskDetail, action: TaskAction | undefined): Place[] {
  return (action?.choices?.nodes ?? []).map(({ id, name, after = [] }) => ({
    id,
    name,
    who: task.path?.nodes.findLast((node) => node.id === id)?.who ?? [],
    after,
  }));
}

export interface Question {
  id: number;
  by: string;
  text: string;
  at: string | null;
}

/** What I was asked and have not answered; its words stand in the discussion. */
export function questionsOf(task: TaskDetail): Question[] {
  const asked = notesOf(task).filter((note) => note.kind === "question");
  return (actionOf(task, "answer")?.choices?.questions ?? []).map(({ id, by }) => {
    const note = asked.findLast((each) => each.seat === id) ?? asked.at(-1);
    return { id, by: nameOf(by), text: note?.text ?? "", at: note?.at ?? null };
  });
}
