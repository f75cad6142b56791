// The flows one can filter by: as the server counts them, or those of the rows that are shown.

import { useQuery } from "@tanstack/react-query";
import { ApiError, api, query } from "../../api/client";
import type { Text } from "../../ui/text";
import type { Box } from "./boxes";
import type { TaskItem } from "./task";

export interface TaskFlow {
  key: string;
  name: Text;
  count?: number;
}

const FRESH_MS = 30_000;

export function useTaskFlows(box: Box, tasks: TaskItem[] | undefined, taken: string): TaskFlow[] {
  const { data } = useQuery({
    queryKey: ["tasks", "flows", box],
    queryFn: ({ signal }) =>
      api
        .get<{ items: TaskFlow[] }>(`/api/tasks/flows${query({ box })}`, { signal })
        .catch((error: unknown) => {
          if (error instanceof ApiError && error.status !== 0) return { items: [] };
          throw error;
        }),
    staleTime: FRESH_MS,
  });
  if (data !== undefined && data.items.length > 0) return data.items;
  return flowsOf(tasks ?? [], taken);
}

export function flowsOf(tasks: TaskItem[], taken: string): TaskFlow[] {
  const flows = new Map<string, TaskFlow>();
  if (taken) flows.set(taken, { key: taken, name: {} });
  for (const task of tasks) {
    if (task.flow_key) flows.set(task.flow_key, { key: task.flow_key, name: task.flow_name });
  }
  return [...flows.values()];
}
