// The notifications of the signed-in person, asked for now and then.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../api/client";
import type { Notification, Page } from "../api/types";

const EVERY_MS = 30_000;
const KEY = ["notifications"];

export function useNotifications() {
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => api.get<Page<Notification>>("/api/notifications", { signal }),
    refetchInterval: EVERY_MS,
  });
}

export function useRead() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.post(`/api/notifications/${id}/read`),
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}
