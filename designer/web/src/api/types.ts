// The shapes the API answers with. Text is bilingual; show it with `useText` of ui/text.ts.

import type { FormUi, JsonSchema } from "../schema";
import type { Language, Text } from "../ui/text";
import type { Problem } from "./client";

export type { JsonSchema, Language, Problem, Text };
export type Json = unknown;
export type JsonObject = Record<string, unknown>;

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
  total?: number;
}

// --- Session ---
export interface User {
  id: string;
  login: string;
  name: string;
  email?: string | null;
  roles: string[];
  permissions: string[];
  language?: Language | null;
}

export interface Workspace {
  name: string;
  demo: boolean;
}

export interface DemoUser {
  login: string;
  password: string;
  name: string;
  roles: string[];
}

export interface Session {
  user: User;
  csrf_token: string;
  workspace: Workspace;
}

// --- Flow document, format 1 ---
export interface Position {
  x: number;
  y: number;
}

export interface FlowNode {
  id: string;
  type: string;
  name?: Text;
  position: Position;
  settings: JsonObject;
  result?: string;
}

export interface FlowEdge {
  id: string;
  from: string;
  port: string;
  to: string;
}

export interface FlowNote {
  id: string;
  text: string;
  position: Position;
  size: { width: number; height: number };
  color: "yellow" | "blue" | "green" | "pink";
}

export interface FlowDocument {
  format: 1;
  key: string;
  name: Text;
  description?: Text;
  input: JsonSchema;
  /** Forms of the flow, by key: each value is kept in the variable of its key. */
  forms?: Record<string, { title?: Text; schema: JsonSchema; ui?: FormUi }>;
  nodes: FlowNode[];
  edges: FlowEdge[];
  notes?: FlowNote[];
  sample?: JsonObject;
}

export interface NodePort {
  name: string;
  title: Text;
  required: boolean;
}

export interface NodeType {
  name: string;
  title: Text;
  help?: Text;
  group: "start" | "control" | "people" | "time" | "data" | "connect";
  icon: string;
  color?: string;
  starts: boolean;
  ends: boolean;
  joins: boolean;
  splits: boolean;
  waits: boolean;
  in_worker: boolean;
  ports: NodePort[];
  ports_from: "branches" | null;
  settings: JsonSchema;
  example: JsonObject;
}

// --- Flows ---
export interface FlowSummary {
  key: string;
  name: Text;
  description?: Text | null;
  published_version: number | null;
  draft_updated_at?: string | null;
  draft_updated_by?: string | null;
  has_draft_changes: boolean;
  open_instances: number;
  incidents: number;
  starts: string[];
}

export interface Draft {
  document: FlowDocument;
  etag: string;
  updated_at: string;
  updated_by?: string | null;
}

export interface Flow {
  key: string;
  name: Text;
  published_version: number | null;
  versions: number;
  draft: Draft;
}

// --- Instances ---
export type InstanceStatus =
  | "running"
  | "waiting"
  | "incident"
  | "suspended"
  | "compensating"
  | "completed"
  | "cancelled"
  | "failed";

export interface InstanceSummary {
  id: string;
  flow_key: string;
  flow_name: Text;
  version: number;
  business_key: string | null;
  status: InstanceStatus;
  started_at: string;
  updated_at?: string;
  ended_at: string | null;
  incidents: number;
  waiting_at: (Text | string)[];
}

export interface Incident {
  id: string;
  step?: string | number | null;
  node?: string | null;
  node_name?: Text | string | null;
  code: string;
  message: string;
  params?: JsonObject;
  raised_at: string;
  resolved_at?: string | null;
  resolution?: string | null;
  instance_id?: string;
  flow_key?: string;
  flow_name?: Text;
  business_key?: string | null;
}

// --- Tasks ---
export interface LabelledValue {
  label: Text | string;
  value: unknown;
}

export interface TaskSummary {
  id: string;
  title: Text | string;
  flow_key?: string;
  flow_name: Text;
  instance_id: string;
  business_key: string | null;
  node_name: Text | string;
  created_at: string;
  due_at: string | null;
  summary: LabelledValue[];
  status: string;
  mode?: "any" | "all";
  initiator?: { id?: string; name?: string } | string | null;
  decision?: string | null;
}

export interface Assignee {
  id: string;
  name: string;
  decision?: string | null;
  comment?: string | null;
  at?: string | null;
}

export interface TimelineEntry {
  at: string;
  who: string | { id?: string; name?: string } | null;
  what: Text | string;
  comment?: string | null;
}

export interface Task extends TaskSummary {
  description?: Text | string | null;
  show: LabelledValue[];
  form: JsonSchema | null;
  buttons: { decision: string; title: Text }[];
  assignees: Assignee[];
  timeline: TimelineEntry[];
  can_decide: boolean;
  version: number;
  nonce?: string;
}

// --- Messages ---
export interface Notification {
  id: string;
  title: Text | string;
  text: Text | string;
  at: string;
  read: boolean;
  instance_id?: string | null;
  task_id?: string | null;
}

export interface Delivery {
  id: string;
  channel: string;
  to: unknown;
  status: "queued" | "sent" | "failed";
  title?: Text | string | null;
  attempts: { at: string; ok: boolean; answer?: unknown }[];
  instance_id?: string | null;
  created_at?: string;
}

// --- Templates ---
export interface TemplateSummary {
  key: string;
  name: Text;
  description: Text;
  industry: Text | string;
  flows: { key: string; name: Text; description?: Text }[];
  roles: { key: string; title?: Text }[];
  connections: { key: string; name?: Text | string; connector?: string; note?: Text }[];
  own_connectors?: { key: string; title: Text; operations: number }[];
  tables?: { key: string; title: Text; fields: number; rows: number }[];
  decision_tables?: { key: string; title: Text; rules: number }[];
  sources?: { key: string; title: Text; channel: string }[];
  targets?: Text[];
  code?: string;
  /** Brought by people of this workspace. */
  own?: boolean;
  installed: boolean;
}

export type TemplatePart =
  | "roles"
  | "own_connectors"
  | "connections"
  | "tables"
  | "decision_tables"
  | "flows"
  | "sources";

/** What installing would do with one thing a template brings. */
export interface PlanItem {
  kind: TemplatePart;
  key: string;
  here: string;
  title: Text | string;
  state: "new" | "same" | "differs" | "mapped" | "missing" | "unfit";
  differences: JsonObject[];
  fill: ("people" | "account" | "publish" | "switch_on")[];
  records?: number;
  installed?: boolean;
}

export interface TemplatePlan {
  items: PlanItem[];
  choices: Partial<
    Record<
      TemplatePart,
      { key: string; title: Text | string; connector?: string; channel?: string }[]
    >
  >;
  ready: boolean;
}

export interface TemplateSample {
  name: Text | string;
  key?: string;
  flow: string;
  input: JsonObject;
  expect: JsonObject;
}

export interface Template extends Omit<TemplateSummary, "flows"> {
  flows: FlowDocument[];
  samples: TemplateSample[];
  expect?: { id: string; name: Text; is?: Json; at_least?: Json; at_most?: Json }[];
}

export interface TestStep {
  step: string | number;
  node: string;
  type: string;
  status: "done" | "waiting" | "failed";
  port?: string;
  ports?: string[];
  input?: Json;
  output?: Json;
  error?: { code: string; message: string; params?: JsonObject } | null;
  started_at?: string;
  ended_at?: string;
  virtual_ms?: number;
  /** It was told what to answer and has not run. */
  pinned?: boolean;
  /** A choice: its branches in the order in which they were asked. */
  why?: {
    branch: string;
    holds: boolean | null;
    read: Record<string, unknown>;
    missing: string[];
  }[];
}

export interface TestResult {
  status: string;
  output?: Json;
  variables?: JsonObject;
  steps: TestStep[];
  edges?: string[];
  problems?: Problem[];
  expected?: Json;
  met?: boolean;
}

// --- People and connections ---
export interface Person {
  id: string;
  login: string;
  name: string;
  email?: string | null;
  roles: string[];
  active: boolean;
  created_at?: string;
}

export interface Role {
  key: string;
  title: Text;
  system: boolean;
  members?: (string | { id: string; name: string; active?: boolean })[];
  /** Those who are asked, and those who are when nobody of them can be. */
  primary?: { id: string; name: string; active?: boolean }[];
  backup?: { id: string; name: string; active?: boolean }[];
  /** Who helps while more than `limit` tasks wait for the role. */
  pool?: { limit: number; people: string[] } | null;
  helping?: { id: string; name: string; active?: boolean }[];
  permissions?: string[];
}

export interface Connector {
  name: string;
  title: Text;
  help?: Text;
  settings: JsonSchema;
  secrets: JsonSchema;
  /** The form of what holds back the calls of a connection. */
  limits?: JsonSchema;
  operations?: { name: string; title?: Text }[];
  /** Drawn in this workspace. */
  own?: boolean;
  /** A person has to allow each connection once, at the far side (OAuth). */
  by_code?: boolean;
}

export interface Connection {
  key: string;
  name: Text | string;
  connector: string;
  settings: JsonObject;
  secrets: Record<string, boolean>;
  /** The life of its token, where a machine renews it. */
  token?: { expires_at: string | null; trouble: string | null } | null;
  updated_at?: string;
}

export interface ApiToken {
  id: string;
  name: string;
  hint?: string;
  scopes: string[];
  created_at: string;
  expires_at?: string | null;
  last_used_at?: string | null;
  token?: string;
}

export interface Overview {
  instances: Partial<Record<string, number>>;
  tasks: { open?: number; [name: string]: number | undefined };
  ready?: number;
  outbox_queued?: number;
  jobs_running?: number;
}

export interface AuditEntry {
  id?: string;
  at: string;
  who?: string | { id?: string; name?: string } | null;
  action: string;
  subject?: string | null;
  params?: JsonObject;
}
