// What changes for the signed-in person, as it happens: the server tells it by a stream of events, and is asked every other
// second when it has no room for one. Screens only see that what they asked for is fetched anew.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { addressOf, api } from "../api/client";

const POLL_MS = 1_500;
const BACKGROUND_MS = 30_000;
const STREAM_AGAIN_MS = 15_000;
const TAB = "headrace.tab";
const PATIENCE_MS = 2_500; // a stream that ends comes back by itself within this time

export interface Counts {
  todo: number;
  cc?: number;
  late?: number;
}

/** Counts of the inbox, live. To be used once, by the shell. */
export function useLiveInbox(): Counts | undefined {
  const queries = useQueryClient();
  const polling = useStream(() => {
    void queries.invalidateQueries({ queryKey: ["tasks"] });
    void queries.invalidateQueries({ queryKey: ["notifications"] });
  });
  const { data } = useQuery({
    queryKey: ["tasks", "count"],
    queryFn: ({ signal }) => api.get<Counts>("/api/tasks/count", { signal }),
    refetchInterval: () => (polling && !document.hidden ? POLL_MS : BACKGROUND_MS),
    refetchIntervalInBackground: true, // the number in the tab is for whom it lies behind others
  });
  const todo = data?.todo;
  useEffect(() => {
    if (todo === undefined) return;
    void queries.invalidateQueries({ queryKey: ["tasks", "list"] });
  }, [queries, todo]);
  return data;
}

/** The same on every page of this tab, so that the stream of the page before ends at once. A copied tab is taken for the same one:
 * of the two, the one that asks now and then is told a little later. */
function tab(): string {
  const known = sessionStorage.getItem(TAB) ?? Math.random().toString(36).slice(2);
  sessionStorage.setItem(TAB, known);
  return known;
}

/** Calls `changed` for each change; true while there is no stream. */
function useStream(changed: () => void): boolean {
  const [polling, setPolling] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `changed` does the same however often it is made
  useEffect(() => {
    if (typeof EventSource === "undefined") return setPolling(true);
    let source: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    let silent: ReturnType<typeof setTimeout> | undefined;
    let mark: string | undefined;
    const open = () => {
      source = new EventSource(addressOf(`/api/tasks/live?tab=${tab()}`));
      source.addEventListener("open", () => {
        clearTimeout(silent);
        silent = undefined;
        setPolling(false);
      });
      source.addEventListener("inbox", (event) => {
        if (event.lastEventId === mark) return;
        mark = event.lastEventId;
        changed();
      });
      source.addEventListener("error", () => {
        silent ??= setTimeout(() => setPolling(true), PATIENCE_MS);
        if (source?.readyState !== EventSource.CLOSED) return;
        clearTimeout(again);
        again = setTimeout(open, STREAM_AGAIN_MS); // no room, or nobody there
      });
    };
    open();
    return () => {
      source?.close();
      clearTimeout(again);
      clearTimeout(silent);
    };
  }, []);
  return polling;
}
