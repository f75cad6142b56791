// What the inbox asks the server. Nothing is shown before the server has said so.

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, query } from "../../api/client";
import type { JsonObject, Page, Task, TaskSummary } from "../../api/types";

export const BOXES = ["todo", "done", "started"] as const;
export type Box = (typeof BOXES)[number];

const EVERY_MS = 20_000;

export function useTaskList(box: Box, search: string) {
  return useInfiniteQuery({
    queryKey: ["tasks", "list", box, search],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<TaskSummary>>(`/api/tasks${query({ box, search, cursor: pageParam })}`, {
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
    ...(box === "todo" ? { refetchInterval: EVERY_MS } : {}),
  });
}

export function useTask(id: string) {
  return useQuery({
    queryKey: ["tasks", "one", id],
    queryFn: ({ signal }) => api.get<Task>(`/api/tasks/${id}`, { signal }),
  });
}

export interface Decision {
  decision: string;
  comment: string;
  form: JsonObject | null;
  version: number;
}

export function useDecide(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ comment, form, ...decision }: Decision) =>
      api.post(`/api/tasks/${id}/decide`, {
        ...decision,
        ...(comment.trim() ? { comment: comment.trim() } : {}),
        ...(form ? { form } : {}),
      }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["tasks"] }),
  });
}
