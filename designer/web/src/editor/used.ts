// What was used last, and what is kept at hand: remembered on this device, newest first.

import { create } from "zustand";

type Shelf = "commands" | "nodes" | "favourites";

const KEY = "headrace.used";
const KEPT_MAX = 12;

const useShelves = create<Record<Shelf, readonly string[]>>(() => stored());

export function useUsed(shelf: Shelf): readonly string[] {
  return useShelves((state) => state[shelf]);
}

/** Puts it in front. */
export function used(shelf: Shelf, name: string): void {
  const rest = useShelves.getState()[shelf].filter((each) => each !== name);
  keep(shelf, [name, ...rest].slice(0, KEPT_MAX));
}

/** A favourite, or no longer one. Favourites stay in the order in which they were chosen. */
export function toggleFavourite(name: string): void {
  const { favourites } = useShelves.getState();
  const others = favourites.filter((each) => each !== name);
  keep("favourites", others.length < favourites.length ? others : [...favourites, name]);
}

function keep(shelf: Shelf, names: readonly string[]): void {
  useShelves.setState({ [shelf]: names });
  try {
    localStorage.setItem(KEY, JSON.stringify(useShelves.getState()));
  } catch {
    // A full store costs the convenience, nothing else.
  }
}

function stored(): Record<Shelf, readonly string[]> {
  const empty = { commands: [], nodes: [], favourites: [] };
  try {
    return { ...empty, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return empty;
  }
}
