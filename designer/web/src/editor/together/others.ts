// Who else has this drawing open, and where they are in it. Says where we are; hears which draft the server has.

import { useEffect, useRef } from "react";
import { create } from "zustand";
import { api } from "../../api/client";
import type { Position } from "../document";
import type { DraftControl } from "../draft";
import { useEditor } from "../store";

const ALONE_MS = 3_000;
const TOGETHER_MS = 500;
/** In a tab that lies behind others: rarely, but before the others take us for gone. */
const HIDDEN_MS = 8_000;
const SELECTION_MAX = 50;

export interface Doing {
  cursor: Position | null;
  selection: string[];
  look: "canvas" | "vertical";
}

export interface Other extends Doing {
  client: string;
  user_id: string;
  name: string;
  since: string;
}

interface OthersState {
  others: readonly Other[];
  /** Where our pointer is on the canvas; the canvas tells. */
  cursor: Position | null;
}

export const useOthers = create<OthersState>(() => ({ others: [], cursor: null }));

/** One colour a tab, the same for everybody who sees it; white text can be read on each. */
const COLOURS = [
  "#c2410c",
  "#0f766e",
  "#7c3aed",
  "#be185d",
  "#1d4ed8",
  "#4d7c0f",
  "#a16207",
  "#0e7490",
];

export function colourOf(client: string): string {
  let sum = 0;
  for (const letter of client) sum = (sum * 31 + letter.charCodeAt(0)) >>> 0;
  return COLOURS[sum % COLOURS.length] ?? "#1d4ed8";
}

export function useTogether(key: string, look: Doing["look"], hear: DraftControl["hear"]): void {
  const now = useRef({ look, hear });
  now.current = { look, hear };
  useEffect(() => {
    const client =
      crypto.randomUUID?.() ?? `tab-${Math.random().toString(36).slice(2)}-${Date.now()}`;
    const path = `/api/flows/${key}/editors/${client}`;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const say = async () => {
      clearTimeout(timer);
      const { nodes, edges, notes } = useEditor.getState().selection;
      const doing: Doing = {
        cursor: useOthers.getState().cursor,
        selection: [...nodes, ...edges, ...notes].slice(0, SELECTION_MAX),
        look: now.current.look,
      };
      try {
        const told = await api.put<{ etag: string; others: Other[] }>(path, doing, { quiet: true });
        if (stopped) return;
        if (useOthers.getState().others.length + told.others.length > 0) {
          useOthers.setState({ others: told.others });
        }
        await now.current.hear(told.etag);
      } catch {
        // Nobody is shown rather than somebody who may have gone; saving says what is wrong.
        if (!stopped) useOthers.setState({ others: [] });
      }
      if (stopped) return;
      const together = useOthers.getState().others.length > 0;
      timer = setTimeout(
        () => void say(),
        window.document.hidden ? HIDDEN_MS : together ? TOGETHER_MS : ALONE_MS,
      );
    };
    const seen = () => !window.document.hidden && void say();
    const gone = () => void api.delete(path, undefined, { quiet: true }).catch(() => undefined);
    void say();
    window.document.addEventListener("visibilitychange", seen);
    window.addEventListener("pagehide", gone);
    return () => {
      stopped = true;
      clearTimeout(timer);
      window.document.removeEventListener("visibilitychange", seen);
      window.removeEventListener("pagehide", gone);
      useOthers.setState({ others: [], cursor: null });
      gone();
    };
  }, [key]);
}
