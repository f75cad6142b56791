// What the inbox asks the server. Nothing is shown before the server has said so.

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, query } from "../../api/client";
import type { JsonObject, Page } from "../../api/types";
import type { Batch } from "../../batches/batch";
import type { Box, Filters } from "./boxes";
import type { Note, TaskDetail, TaskItem } from "./task";

const SAFETY_MS = 60_000; // the stream of the shell brings changes; this is for what it may miss

export function useTaskList(box: Box, filters: Filters) {
  const { search, flow, late, sort } = filters;
  return useInfiniteQuery({
    queryKey: ["tasks", "list", box, filters],
    queryFn: ({ pageParam, signal }) => {
      const asked = { box, search, flow, sort, late: late ? 1 : undefined, cursor: pageParam };
      return api.get<Page<TaskItem>>(`/api/tasks${query(asked)}`, { signal });
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
    refetchInterval: SAFETY_MS,
  });
}

export interface Counts {
  todo: number;
  cc?: number;
  late?: number;
}

/** The same numbers the navigation shows. */
export function useCounts(): Counts | undefined {
  return useQuery({
    queryKey: ["tasks", "count"],
    queryFn: ({ signal }) => api.get<Counts>("/api/tasks/count", { signal }),
  }).data;
}

export function useTask(id: string) {
  return useQuery({
    queryKey: ["tasks", "one", id],
    queryFn: ({ signal }) => api.get<TaskDetail>(`/api/tasks/${id}`, { signal }),
    refetchInterval: SAFETY_MS,
  });
}

export function useMoreNotes(id: string) {
  return useMutation({
    mutationFn: (cursor: string) =>
      api.get<Page<Note>>(`/api/tasks/${id}/notes${query({ cursor })}`),
  });
}

export interface Decision {
  decision: string;
  comment: string;
  form: JsonObject | null;
  revision?: number | undefined;
  nonce?: string | undefined;
  form_version?: string | undefined;
}

/** Answers the task as it is now. */
export function useDecide() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ id, ...decision }: Decision & { id: string }) =>
      (await api.post<{ task: TaskDetail }>(`/api/tasks/${id}/decide`, bodyOf(decision))).task,
    onSuccess: (task) => queries.setQueryData(["tasks", "one", task.id], task),
    onSettled: () => queries.invalidateQueries({ queryKey: ["tasks"] }),
  });
}

export function bodyOf({ comment, form, ...decision }: Decision): JsonObject {
  return {
    ...Object.fromEntries(Object.entries(decision).filter(([, value]) => value !== undefined)),
    ...(comment.trim() ? { comment: comment.trim() } : {}),
    ...(form ? { form } : {}),
  };
}

/** Anything but a decision: transfer, ask, urge … Answers the task as it is now. */
export function useAct(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ action, args }: { action: string; args: JsonObject }) =>
      (await api.post<{ task: TaskDetail | null }>(`/api/tasks/${id}/actions/${action}`, args))
        .task ?? undefined, // none: it is not mine to see any more
    onSuccess: (task) => task && queries.setQueryData(["tasks", "one", task.id], task),
    onSettled: () => queries.invalidateQueries({ queryKey: ["tasks"] }),
  });
}

export function useBulk() {
  return useMutation({
    mutationFn: (wish: { ids: string[]; decision: string; comment: string }) =>
      api.post<Batch>("/api/tasks/bulk", {
        ...wish,
        comment: wish.comment.trim(),
      }),
  });
}
