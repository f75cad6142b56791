// One case as the server tells it, kept up to date while it is open.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { addressOf, api } from "../../api/client";
import type { Delivery, Incident, InstanceStatus } from "../../api/types";
import type { FlowDocument, Text } from "../../editor/document";

export interface StepError {
  code: string;
  message: string;
  params?: Record<string, unknown>;
}

export interface Step {
  step: string | number;
  node: string;
  name: Text;
  type: string;
  status: string;
  /** Null where it began before the part of the history that is told. */
  started_at: string | null;
  ended_at: string | null;
  duration_ms: number | null;
  ports: string[];
  input: unknown;
  output: unknown;
  error: StepError | null;
  attempts: {
    attempt: number;
    started_at: string;
    ended_at: string | null;
    outcome: string;
    error: StepError | null;
  }[];
  votes?: { by: string; decision: string; comment: string; at: string }[];
  actors?: string[];
  task_id?: string | null;
  due_at?: string | null;
  incident_id?: string | null;
}

export interface InstanceDetail {
  id: string;
  flow_key: string;
  flow_name: Text;
  version: number;
  business_key: string | null;
  status: InstanceStatus;
  result: string | null;
  started_at: string;
  ended_at: string | null;
  started_by: string | null;
  variables: Record<string, unknown>;
  priority?: number;
  hold?: boolean;
  suspended?: { since: string; timers: "keep" | "shift" } | null;
  /** Where the earlier steps of a long history go on. */
  steps_cursor?: string | null;
  output: unknown;
  parent: { id: string } | null;
  children: { id: string; status: string; node: string | null; flow_key?: string }[];
  document: FlowDocument;
  seq: number;
  steps: Step[];
  edges: Record<string, number>;
  incidents: Incident[];
  deliveries: Delivery[];
  people?: Record<string, string>;
}

const POLL_MS = 3_000;
const BURST_MS = 250;

export function isOpen(status: string): boolean {
  return ["running", "waiting", "incident", "suspended", "compensating"].includes(status);
}

export function useInstance(id: string) {
  const queries = useQueryClient();
  const [polling, setPolling] = useState(false);
  const query = useQuery({
    queryKey: ["instance", id],
    queryFn: ({ signal }) => api.get<InstanceDetail>(`/api/instances/${id}`, { signal }),
    refetchInterval: (state) =>
      polling && isOpen(state.state.data?.status ?? "running") ? POLL_MS : false,
  });
  const open = query.data !== undefined && isOpen(query.data.status);
  const seq = query.data?.seq ?? 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the stream goes on from where it was; only its first number counts
  useEffect(() => {
    if (!open) return;
    const source = new EventSource(addressOf(`/api/instances/${id}/live?after=${seq}`));
    let timer: ReturnType<typeof setTimeout> | undefined;
    source.addEventListener("open", () => setPolling(false));
    source.addEventListener("history", () => {
      clearTimeout(timer);
      timer = setTimeout(
        () => void queries.invalidateQueries({ queryKey: ["instance", id] }),
        BURST_MS,
      );
    });
    // The browser tries again by itself; until then we ask.
    source.addEventListener("error", () => setPolling(true));
    return () => {
      clearTimeout(timer);
      source.close();
    };
  }, [id, open, queries]);
  return query;
}
