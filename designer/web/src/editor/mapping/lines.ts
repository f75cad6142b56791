// Which lines there are, and what to say on them.

import type { Entry } from "./entry";
import { at, type Fields } from "./mapping";
import { originOf, readBy, type Source } from "./sources";
import type { Target } from "./targets";
import type { Line } from "./useLines";

export function linesOf(
  fields: Fields,
  targets: readonly Target[],
  known: ReadonlyMap<string, Source>,
): Line[] {
  return targets.flatMap((target) => {
    const { entry, list } = at(fields, target.path);
    if (entry?.kind === "expression") {
      const keys = readBy(entry.text, known, list);
      return keys.map((source) => ({ target: target.key, source, faint: true }));
    }
    const origin = entry === undefined ? null : originOf(entry, known, list);
    return origin === null ? [] : [{ target: target.key, source: origin.key }];
  });
}

/** What is done on a line, as short as it can be said. */
export function stepsOf(
  entry: Entry,
  text: string,
  list: string | null,
  words: (text: string, entry: Entry, list: string | null) => string,
): string {
  if (entry.kind === "each") return "×";
  if (entry.kind !== "link") return "";
  return words(text, entry, list).split(" → ").slice(1).join(" → ");
}
