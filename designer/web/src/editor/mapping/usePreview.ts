// What the fields come to with the sample, asked of the server in one call while one draws.

import { useEffect, useState } from "react";
import { api } from "../../api/client";
import type { Told } from "../../ui/errorText";
import type { Fields } from "./mapping";
import type { Target } from "./targets";

const QUIET_MS = 250;

export interface Worked {
  ok: boolean;
  value?: unknown;
  error?: Told & { params?: { kind?: string } };
}

export type Preview = ReadonlyMap<string, Worked>;

const NOTHING: Preview = new Map();

/** `inTurn`: a later field may use an earlier one by its name. */
export function usePreview(
  fields: Fields,
  sample: Readonly<Record<string, unknown>>,
  inTurn: boolean,
): Preview {
  const [worked, setWorked] = useState<Preview>(NOTHING);
  const asked = JSON.stringify([fields, sample, inTurn]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `asked` holds all three by value
  useEffect(() => {
    const filled = fields.filter(({ text }) => text.trim() !== "");
    if (filled.length === 0) {
      setWorked(NOTHING);
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(async () => {
      const rows = filled.map(({ name, text }) => ({ name: inTurn ? name : "", value: text }));
      try {
        const answer = await api.post<{ items: Worked[] }>(
          "/api/expressions/rows",
          { rows, sample },
          { signal: abort.signal },
        );
        setWorked(new Map(filled.map(({ name }, at) => [name, answer.items[at] ?? { ok: false }])));
      } catch {
        // Without an answer the last one stands: trying out is a help, not a condition.
      }
    }, QUIET_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [asked]);
  return worked;
}

/** What this field comes to: a part of what the outermost one does; of a list's items, the first. */
export function previewOf(worked: Preview, target: Target): Worked | undefined {
  const [root = "", ...rest] = target.path;
  const whole = worked.get(root);
  if (whole === undefined || !whole.ok || rest.length === 0) return whole;
  const value = rest.reduce<unknown>((found, name) => {
    const one = Array.isArray(found) ? found[0] : found;
    return typeof one === "object" && one !== null
      ? (one as Record<string, unknown>)[name]
      : undefined;
  }, whole.value);
  return { ok: true, value };
}
