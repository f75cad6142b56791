// One action for many, as the server tells it: how far it is, and what became of each.

import { useQuery } from "@tanstack/react-query";
import { api } from "../api/client";

export interface Batch {
  id: string;
  kind: string;
  status: "gathering" | "running" | "done" | "cancelled";
  reason: string;
  params: Record<string, unknown>;
  selection: Record<string, unknown>;
  total: number;
  counts: BatchCounts;
  per_second: number;
  created_at: string;
  created_by: string;
  ended_at: string | null;
}

export interface BatchCounts {
  waiting: number;
  running: number;
  done: number;
  failed: number;
  skipped: number;
}

export interface BatchItem {
  number: number;
  subject: string;
  instance_id: string;
  status: keyof BatchCounts;
  code: string | null;
  message: string | null;
  data: unknown;
  began_at: string | null;
  ended_at: string | null;
}

export interface Preview {
  count: number;
  more: boolean;
  sample: { subject: string; instance_id: string }[];
}

const EVERY_MS = 1_000;

export function isGoing(batch: Batch): boolean {
  return batch.ended_at === null;
}

export function useBatch(id: string | null) {
  return useQuery({
    queryKey: ["batch", id],
    queryFn: ({ signal }) => api.get<Batch>(`/api/batches/${id}`, { signal }),
    enabled: id !== null,
    refetchInterval: (query) =>
      query.state.data === undefined || isGoing(query.state.data) ? EVERY_MS : false,
  });
}
