// What the server says of sources of orders; see engine/http/sources.py and intake.py.

import type { Problem } from "../../api/client";
import type { Text } from "../../ui/text";

export type Health = "off" | "new" | "green" | "amber" | "red";
export type What = "order" | "refund";
export type Place = string | { from: string; kind?: string };

export interface Brief {
  key: string;
  title: Text;
  channel: string;
  shop: string;
  connection: string | null;
  enabled: boolean;
  ways: string[];
  version: string;
  health: Health;
  exceptions: number;
  last_order_at: string | null;
  last_ok_at: string | null;
  watermark_at: string | null;
  failures: number;
}

export interface Ways {
  push: { enabled: boolean; auth: string };
  poll: {
    enabled: boolean;
    every: string;
    overlap: string;
    reverse: boolean | null;
    daily: string;
    refunds: boolean;
  };
  file: { enabled: boolean };
}

export interface Lag {
  count: number;
  p50_ms: number | null;
  p95_ms: number | null;
}

export interface Source extends Omit<Brief, "ways"> {
  ways: Ways;
  fields: Partial<Record<What, Record<string, Place>>>;
  statuses: Partial<Record<What, Record<string, string>>>;
  known_statuses: Record<string, string>;
  known_refund_statuses: Record<string, string>;
  polls_refunds: boolean;
  owner: Record<string, string | null>;
  token: TokenLife | null;
  open_incident: number | null;
  /** Id → name. */
  owner_names: Record<string, string>;
  states: string[];
  refund_states: string[];
  order_fields: Record<string, string>;
  refund_fields: Record<string, string>;
  kinds: string[];
  versions: string[];
  order_table: string;
  refund_table: string;
  prefix: string;
  revision: number;
  push_path: string;
  polls: boolean;
  calls_us: boolean;
  state: Record<string, string | number | null> & { refunds: RefundState };
  lag: { push: Lag; poll: Lag };
}

export interface RefundState {
  watermark_at: string | null;
  ok_at: string | null;
  failures: number;
  last_class: string | null;
  last_error: string | null;
}

export interface Pull {
  id: number;
  what: What | "both";
  kind: "poll" | "reconcile" | "repull";
  status: "queued" | "running" | "ok" | "failed" | "stopped";
  since: string;
  until: string;
  began_at: string;
  ended_at: string | null;
  pages: number;
  seen: number;
  created: number;
  changed: number;
  exceptions: number;
  error_class: string | null;
  error: string | null;
  progress: number;
}

export interface SourceIncident {
  id: number;
  status: "open" | "over" | "closed";
  cause: "gone" | "failing" | "quiet";
  since: string;
  opened_at: string;
  over_at: string | null;
  closed_at: string | null;
  note: string;
}

export interface SourceIncidentWhole extends SourceIncident {
  steps: { at: string; kind: string; details: Record<string, unknown> }[];
  names: Record<string, string>;
  late: { orders: number; late: number; worst_ms: number; whole: boolean; limit_ms: number };
  exceptions: number;
  checked: { seen: number; created: number } | null;
}

export interface LateOrder {
  id: number;
  key: string;
  number: string;
  state: string;
  paid_at: string;
  late_ms: number;
  ship_by: string;
  ship_breached: boolean;
}

/** When the token of an account ends; null: no machine renews it. */
export interface TokenLife {
  expires_at: string | null;
  refresh_expires_at: string | null;
  renewed_at: string | null;
  next_at: string | null;
  trouble: string | null;
}

export interface Preview {
  payload: unknown;
  places: { path: string; value: unknown }[];
  values: Record<string, unknown>;
  key: string;
  code: string;
  state: string | null;
  unmapped: string[];
  mapped: number;
  whole: number;
  problems: Problem[];
}

export interface OrderException {
  id: number;
  source: string;
  kind: "status_unknown" | "values_wrong" | "unreadable" | "went_back" | "conflict";
  what: What;
  record_key: string;
  code: string;
  problems: Problem[];
  way: string;
  times: number;
  status: "open" | "done" | "dismissed";
  created_at: string;
  updated_at: string;
  note: string;
}

export interface Interface {
  id: number;
  connection: string;
  connector: string;
  operation: string;
  api: string;
  version: string;
  url: string;
  owner: Record<string, { id: string; name: string }>;
  expires_at: string | null;
  acknowledged_at: string | null;
  status: "ok" | "failing" | "gone" | "deprecated";
  last_ok_at: string | null;
  last_error_at: string | null;
  last_error: string | null;
  failures: number;
  agreed_ms: number | null;
  p95_ms: number | null;
  months: {
    month: string;
    calls: number;
    failed: number;
    p95_ms: number | null;
    breached: boolean;
  }[];
  sources: string[];
  flows: string[];
}

export interface Inflow {
  id: number;
  source: string;
  way: "push" | "poll" | "file";
  at: string;
  digest: string;
  size: number;
  verdict: "taken" | "duplicate" | "refused" | "wrong" | "exception" | "nothing";
  status: number;
  detail: string;
  keys: string[];
  took_ms: number;
  lag_ms: number | null;
}

export interface InflowWhole extends Inflow {
  headers: Record<string, string>;
  query: Record<string, string>;
  body: string;
  cut: boolean;
  reply: string;
  first: number | null;
}
