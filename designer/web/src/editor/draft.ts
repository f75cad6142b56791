// Keeps the draft on the server: after a quiet moment, on Ctrl+S, on leaving. A copy stays in this browser until then.
// What somebody else has kept meanwhile is taken in first (together/): nobody saves over anybody.

import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError, api, type Problem } from "../api/client";
import type { Flow } from "../api/types";
import { type FlowDocument, sameValue } from "./document";
import { keep, kept } from "./kept";
import { useDocument, useEditor } from "./store";

export const QUIET_MS = 1_500;
/** While somebody else is here, who wants to see it. */
export const QUIET_TOGETHER_MS = 400;
const AGAIN_MS = 8_000;
/** Somebody else may keep a draft while theirs is taken in; not for ever. */
const TRIES_MAX = 8;

export type SaveState = "saved" | "saving" | "unsaved" | "offline" | "refused";

export interface DraftControl {
  state: SaveState;
  error: unknown;
  etag: () => string;
  /** Saves now; true when the server has what is drawn. */
  save: () => Promise<boolean>;
  /** The server has a draft of this mark: when it is not ours, it is fetched and taken in. */
  hear: (etag: string) => Promise<void>;
}

export function useDraft(
  key: string,
  first: FlowDocument,
  firstEtag: string,
  quietMs = QUIET_MS,
): DraftControl {
  const document = useDocument();
  const [state, setState] = useState<SaveState>("saved");
  const [error, setError] = useState<unknown>(null);
  /** What the server has, as far as we know. */
  const saved = useRef<FlowDocument>(first);
  const etag = useRef(firstEtag);
  const busy = useRef<Promise<boolean> | null>(null);
  const hearing = useRef(false);

  const takeIn = useCallback(async (theirs: FlowDocument, mark: string) => {
    await useEditor.getState().adopt(saved.current, theirs);
    saved.current = theirs;
    etag.current = mark;
  }, []);

  const send = useCallback(
    async (tries = TRIES_MAX): Promise<boolean> => {
      const drawn = useEditor.getState().history.present;
      if (drawn === saved.current) {
        setState("saved");
        return true;
      }
      setState("saving");
      try {
        const answer = await api.put<{ etag: string; problems?: Problem[] }>(
          `/api/flows/${key}/draft`,
          drawn,
          { headers: { "If-Match": quoted(etag.current) } },
        );
        etag.current = answer.etag;
        saved.current = drawn;
        setError(null);
        const unchanged = useEditor.getState().history.present === drawn;
        setState(unchanged ? "saved" : "unsaved");
        if (unchanged) forget(key);
        return unchanged;
      } catch (caught) {
        const theirs =
          caught instanceof ApiError && caught.status === 412 ? theirsIn(caught) : null;
        if (theirs !== null && tries > 0) {
          await takeIn(theirs.document, theirs.etag);
          return send(tries - 1);
        }
        setError(caught);
        const lost = caught instanceof ApiError && caught.status === 0;
        setState(lost ? "offline" : "refused");
        return false;
      }
    },
    [key, takeIn],
  );

  const save = useCallback(async (): Promise<boolean> => {
    if (busy.current !== null) await busy.current;
    if (useEditor.getState().readOnly) return true;
    busy.current = send();
    const done = await busy.current;
    busy.current = null;
    return done;
  }, [send]);

  const hear = useCallback(
    async (mark: string): Promise<void> => {
      const known = etag.current;
      if (mark === known || busy.current !== null || hearing.current) return;
      hearing.current = true;
      try {
        const flow = await api.get<Flow>(`/api/flows/${key}`);
        // What was kept meanwhile is newer than this answer.
        if (busy.current !== null || etag.current !== known) return;
        await takeIn(flow.draft.document as FlowDocument, flow.draft.etag);
      } catch {
        // Heard again with the next word of the server.
      } finally {
        hearing.current = false;
      }
    },
    [key, takeIn],
  );

  useEffect(() => {
    if (document === saved.current) {
      setState("saved");
      return;
    }
    setState((now) => (now === "saving" ? now : now === "offline" ? now : "unsaved"));
    remember(key, document, etag.current);
    const timer = setTimeout(() => void save(), quietMs);
    return () => clearTimeout(timer);
  }, [document, key, quietMs, save]);

  useEffect(() => {
    if (state !== "offline") return;
    const timer = setInterval(() => void save(), AGAIN_MS);
    const online = () => void save();
    window.addEventListener("online", online);
    return () => {
      clearInterval(timer);
      window.removeEventListener("online", online);
    };
  }, [state, save]);

  useEffect(() => {
    const leaving = (event: BeforeUnloadEvent) => {
      if (useEditor.getState().history.present !== saved.current) event.preventDefault();
    };
    window.addEventListener("beforeunload", leaving);
    return () => {
      window.removeEventListener("beforeunload", leaving);
      void save();
    };
  }, [save]);

  return { state, error, etag: () => etag.current, save, hear };
}

/** A refusal says what the server has instead. */
function theirsIn(error: ApiError): { document: FlowDocument; etag: string } | null {
  const document = error.params["draft"] as FlowDocument | undefined;
  const etag = error.params["etag"];
  return Array.isArray(document?.nodes) && typeof etag === "string" ? { document, etag } : null;
}

function quoted(etag: string): string {
  return /^(W\/)?"/.test(etag) ? etag : `"${etag}"`;
}

// --- the copy in this browser ---

export interface Copy {
  document: FlowDocument;
  etag: string;
  at: string;
}

const placeOf = (key: string) => `draft ${key}`;

function remember(key: string, document: FlowDocument, etag: string): void {
  keep(placeOf(key), { document, etag, at: new Date().toISOString() } satisfies Copy);
}

export function forget(key: string): void {
  keep(placeOf(key), undefined);
}

/** Work that never reached the server, if there is any. */
export async function unsavedCopy(key: string, onServer: FlowDocument): Promise<Copy | null> {
  try {
    const copy = (await kept(placeOf(key))) as Copy | undefined;
    if (!Array.isArray(copy?.document?.nodes)) return null;
    if (!sameValue(copy.document, onServer)) return copy;
    forget(key);
    return null;
  } catch {
    return null;
  }
}
