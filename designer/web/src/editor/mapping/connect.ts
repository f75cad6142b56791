// What becomes of a target when a source is led to it: the new fields, or why it cannot be. Pure.

import { type Entry, ITEM, readEntry, textOf } from "./entry";
import { at, type Fields, put } from "./mapping";
import { fieldOfItem, kindOfItem, type Source } from "./sources";
import type { Step, ValueKind } from "./steps";
import { fitFor, fits, type Target } from "./targets";

export type Why =
  | { code: "kind"; from: ValueKind; to: ValueKind }
  /** Something above fills it as a whole. */
  | { code: "covered" }
  /** A field of each item takes fields of a list's items only. */
  | { code: "item" }
  /** A list of records is no text; the fields of its items make one. */
  | { code: "records" };

export type Joined = { ok: true; fields: Fields; steps: readonly Step[] } | { ok: false; why: Why };

export function joined(
  fields: Fields,
  target: Target,
  above: Target | undefined,
  source: Source,
): Joined {
  const place = at(fields, target.path);
  if (place.covered !== undefined) return { ok: false, why: { code: "covered" } };
  if (source.kind === "group") return { ok: false, why: { code: "item" } };
  const item = fieldOfItem(source);
  const ofItems = above?.kind === "list";
  if (ofItems && place.list === null && item === null) return { ok: false, why: { code: "item" } };
  const records = source.kind === "list" && source.steps.length === 0 && source.children.length > 0;
  if (records && target.kind === "text") return { ok: false, why: { code: "records" } };
  const inside = item !== null && (place.list === item.list || (ofItems && place.list === null));
  const kind = inside ? kindOfItem(source) : source.kind;
  const found = fitFor({ kind, choices: source.choices }, target);
  if (!fits(found)) return { ok: false, why: { code: "kind", from: found.from, to: found.to } };
  const summed = source.steps.length > 0 && target.kind === "number" && !inside;
  const added: Step[] = summed ? [{ kind: "sum" }] : found.steps;
  const entry: Entry =
    inside && item !== null
      ? { kind: "link", from: item.from, steps: added }
      : { kind: "link", from: source.from, steps: [...source.steps, ...added] };
  const each =
    inside && place.list === null
      ? { at: target.path.length, list: { from: source.from, steps: [] } }
      : null;
  return { ok: true, fields: put(fields, target.path, textOf(entry), each), steps: added };
}

/** The kind of the value a line brings, before its steps; unknown where its source is not in the tree. */
export function kindOfLink(
  entry: Entry,
  source: Source | undefined,
  exact: boolean,
  list: string | null,
): ValueKind {
  if (entry.kind !== "link" || source === undefined || source.kind === "group" || !exact)
    return "any";
  if (list !== null && entry.from[0] === ITEM) return kindOfItem(source);
  // `a.items[].price` stands for the list and the first of its steps.
  return source.steps.length > 0 ? "list" : source.kind;
}

/** A text for a target that holds what it held, with other steps. */
export function withSteps(text: string, steps: Step[]): string {
  const entry = readEntry(text);
  return entry.kind === "link" ? textOf({ ...entry, steps }) : text;
}
