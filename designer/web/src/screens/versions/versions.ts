// What the API says about versions, canaries, differences and migrations.

import type { Text } from "../../ui/text";

export interface Version {
  version: number;
  published_at: string;
  published_by: string;
  note: string;
  status: "active" | "deprecated" | "retired";
  instances: number;
  open_instances: number;
}

export interface Rule {
  version: number;
  when?: unknown;
  weight?: number;
}

export interface Guard {
  instances: number;
  rate: number;
  factor: number;
}

export interface Route {
  id: string;
  baseline: number;
  rules: Rule[];
  guard: Guard | null;
  status: "running" | "promoted" | "stopped" | "rolled_back";
  note: string;
  began_at: string;
  began_by: string;
  ended_at: string | null;
  ended_by: string | null;
  reason: string | null;
}

export interface Routing {
  published_version: number | null;
  running: Route | null;
}

export interface Compared {
  version: number;
  started: number;
  ended: number;
  cancelled: number;
  failed: number;
  failure_rate: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  sampled: boolean;
}

export type Change = "added" | "removed" | "changed" | "moved";

export interface ChangedField {
  path: string;
  change: Change;
  before: unknown;
  after: unknown;
  quiet: boolean;
}

export interface Difference {
  kind: "flow" | "node" | "edge" | "note";
  id: string;
  change: Change;
  quiet: boolean;
  fields: ChangedField[];
}

export interface Suggestion {
  nodes: { node: string; name: Text; type: string; to: string | null; same_id: boolean }[];
  targets: { node: string; name: Text; type: string }[];
  open_instances: number;
}

export interface MigrationData {
  id: string;
  flow_key: string;
  to: number;
  versions: number[];
  nodes: Record<string, string>;
  timers: "keep" | "reset";
  variables: Record<string, string>;
  status: "checking" | "ready" | "applying" | "done" | "undoing" | "stopped";
  counts: Partial<Record<ItemStatus, number>>;
  created_at: string;
  created_by: string;
}

export type ItemStatus = "ok" | "problem" | "migrated" | "failed" | "undone";

export interface Item {
  instance_id: string;
  business_key: string | null;
  version: number;
  status: ItemStatus;
  problems: {
    code: string;
    message: string;
    node: string | null;
    edge: string | null;
    severity: "error" | "warning";
  }[];
  can_undo: boolean;
}
