// Keeps the draft on the server: after a quiet moment, on Ctrl+S, on leaving. A copy stays in this browser until then.

import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError, api, type Problem } from "../api/client";
import { replaceDocument } from "./commands/replaceDocument";
import { type FlowDocument, sameValue } from "./document";
import { useDocument, useEditor } from "./store";

export const QUIET_MS = 1_500;
const AGAIN_MS = 8_000;

export type SaveState = "saved" | "saving" | "unsaved" | "offline" | "stale" | "refused";

export interface Stale {
  etag: string;
  document: FlowDocument | null;
  by: string | null;
  at: string | null;
}

export interface DraftControl {
  state: SaveState;
  /** Someone else saved meanwhile. */
  stale: Stale | null;
  error: unknown;
  etag: () => string;
  /** Saves now; true when the server has what is drawn. */
  save: () => Promise<boolean>;
  takeTheirs: () => void;
  keepMine: () => Promise<boolean>;
}

export function useDraft(key: string, first: FlowDocument, firstEtag: string): DraftControl {
  const document = useDocument();
  const [state, setState] = useState<SaveState>("saved");
  const [stale, setStale] = useState<Stale | null>(null);
  const [error, setError] = useState<unknown>(null);
  const saved = useRef<FlowDocument>(first);
  const etag = useRef(firstEtag);
  const busy = useRef<Promise<boolean> | null>(null);

  const send = useCallback(async (): Promise<boolean> => {
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
      setError(caught);
      if (caught instanceof ApiError && caught.status === 412) {
        setStale(staleFrom(caught));
        setState("stale");
      } else {
        const lost = caught instanceof ApiError && caught.status === 0;
        setState(lost ? "offline" : "refused");
      }
      return false;
    }
  }, [key]);

  const save = useCallback(async (): Promise<boolean> => {
    if (busy.current !== null) await busy.current;
    if (useEditor.getState().readOnly) return true;
    busy.current = send();
    const done = await busy.current;
    busy.current = null;
    return done;
  }, [send]);

  useEffect(() => {
    if (stale !== null) return;
    if (document === saved.current) {
      setState("saved");
      return;
    }
    setState((now) => (now === "saving" ? now : now === "offline" ? now : "unsaved"));
    remember(key, document, etag.current);
    const timer = setTimeout(() => void save(), QUIET_MS);
    return () => clearTimeout(timer);
  }, [document, key, save, stale]);

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

  const takeTheirs = () => {
    if (stale?.document) {
      saved.current = stale.document;
      useEditor.getState().run(replaceDocument, { document: stale.document });
      saved.current = useEditor.getState().history.present;
    }
    if (stale !== null) etag.current = stale.etag;
    setStale(null);
    setState("saved");
    forget(key);
  };
  const keepMine = () => {
    if (stale !== null) etag.current = stale.etag;
    setStale(null);
    return save();
  };
  return { state, stale, error, etag: () => etag.current, save, takeTheirs, keepMine };
}

function staleFrom(error: ApiError): Stale {
  const { params } = error;
  const draft = params["draft"] as { document?: FlowDocument; nodes?: unknown } | undefined;
  const document = draft?.document ?? (draft?.nodes ? (draft as unknown as FlowDocument) : null);
  return {
    etag: String(params["etag"] ?? ""),
    document,
    by: (params["updated_by"] as string | undefined) ?? null,
    at: (params["updated_at"] as string | undefined) ?? null,
  };
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

const placeOf = (key: string) => `headrace.draft.${key}`;

function remember(key: string, document: FlowDocument, etag: string): void {
  const copy: Copy = { document, etag, at: new Date().toISOString() };
  try {
    localStorage.setItem(placeOf(key), JSON.stringify(copy));
  } catch {
    // The browser's store is full or closed; the server's copy is the one that counts.
  }
}

export function forget(key: string): void {
  localStorage.removeItem(placeOf(key));
}

/** Work that never reached the server, if there is any. */
export function unsavedCopy(key: string, onServer: FlowDocument): Copy | null {
  try {
    const text = localStorage.getItem(placeOf(key));
    const copy = text === null ? null : (JSON.parse(text) as Copy);
    if (copy === null || !Array.isArray(copy.document?.nodes)) return null;
    if (!sameValue(copy.document, onServer)) return copy;
    forget(key);
    return null;
  } catch {
    return null;
  }
}
