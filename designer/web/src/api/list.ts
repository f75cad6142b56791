// A list of the server, page by page: `const users = useList<Person>("/api/users", { search })`.

import { useInfiniteQuery } from "@tanstack/react-query";
import { api, query } from "./client";
import type { Page } from "./types";

export interface List<T> {
  rows: T[] | undefined;
  total: number | undefined;
  error: unknown;
  onRetry: () => void;
  more: { has: boolean; loading: boolean; load: () => void };
}

interface ListOptions {
  everyMs?: number;
  enabled?: boolean;
}

export function useList<T>(
  path: string,
  filters: Record<string, string | number | null | undefined> = {},
  { everyMs, enabled = true }: ListOptions = {},
): List<T> {
  const list = useInfiniteQuery({
    queryKey: [path, filters],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<T>>(path + query({ ...filters, cursor: pageParam }), { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
    enabled,
    ...(everyMs ? { refetchInterval: everyMs } : {}),
  });
  return {
    rows: list.data?.pages.flatMap((page) => page.items),
    total: list.data?.pages[0]?.total,
    error: list.error,
    onRetry: () => void list.refetch(),
    more: {
      has: list.hasNextPage,
      loading: list.isFetchingNextPage,
      load: () => void list.fetchNextPage(),
    },
  };
}
