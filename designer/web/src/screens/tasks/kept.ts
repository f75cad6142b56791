// What is typed but not sent, kept on this device for its person: a call, a reload, a lost session or a closed tab must not
// cost it. It goes when it is sent, and after two weeks.

import { useState } from "react";
import { useSession } from "../../api/session";

const PREFIX = "headrace.typed.";
export const KEEP_MS = 14 * 86_400_000;

interface Kept {
  at: number;
  value: unknown;
}

export function useKept<T>(name: string, start: T): [T, (value: T) => void, () => void] {
  const owner = useSession((state) => state.user?.id ?? "");
  const key = keyOf(owner, name);
  const [value, setValue] = useState<T>(() => (read(key, Date.now()) as T | undefined) ?? start);
  const change = (next: T) => {
    setValue(next);
    write(key, next, Date.now());
  };
  const forget = () => {
    setValue(start);
    localStorage.removeItem(key);
  };
  return [value, change, forget];
}

export function keyOf(owner: string, name: string): string {
  return `${PREFIX}${owner}.${name}`;
}

/** Undefined when there is none, it is not readable, or it is too old. */
export function read(key: string, now: number): unknown {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "null") as Kept | null;
    if (kept === null || typeof kept.at !== "number" || now - kept.at > KEEP_MS) return undefined;
    return kept.value;
  } catch {
    return undefined;
  }
}

/** A device that is full keeps nothing, which is no reason to stop typing. */
export function write(key: string, value: unknown, now: number): void {
  try {
    localStorage.setItem(key, JSON.stringify({ at: now, value }));
  } catch {
    sweep(Number.POSITIVE_INFINITY);
  }
}

/** Drops what is too old. */
export function sweep(now: number): void {
  const names = Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index));
  for (const name of names) {
    if (name?.startsWith(PREFIX) && read(name, now) === undefined) localStorage.removeItem(name);
  }
}
