// The tree of what is available here: values by where they come from, records with their fields, lists with the fields of an item.

import type { Kind, Variable } from "../variables";
import { type Entry, ITEM, namesIn, type Path, pathText } from "./entry";
import type { Step, ValueKind } from "./steps";

export interface Source {
  /** The expression that reads it; of a field of a list's items `order.items[].sku`; of a group its heading. */
  key: string;
  title: string;
  kind: ValueKind | "group";
  /** Where to read it, and what to do to get there. */
  from: Path;
  steps: Step[];
  sample?: unknown;
  choices?: { value: unknown; title: string }[];
  children: Source[];
}

const DEPTH_MAX = 5;
/** Fields of a sample that are shown: more is no form any more. */
const FIELDS_MAX = 60;
const ITEMS_LOOKED_AT = 5;

export function sourcesFrom(variables: readonly Variable[]): Source[] {
  const groups: Source[] = [];
  const byPath = new Map<string, { source: Source; title: string }>();
  for (const variable of variables) {
    const group =
      groups.find((each) => each.title === variable.source) ?? grouped(groups, variable.source);
    const path = variable.path.split(".");
    const above = nearest(path, byPath);
    const prefix = above === undefined ? "" : `${above.title} · `;
    const title = variable.title.startsWith(prefix)
      ? variable.title.slice(prefix.length)
      : variable.title;
    const source: Source = {
      key: pathText(path),
      title,
      kind: kindWithSample(variable.kind, variable.sample),
      from: path,
      steps: [],
      ...(variable.sample === undefined ? {} : { sample: variable.sample }),
      ...(variable.choices === undefined ? {} : { choices: variable.choices }),
      children: [],
    };
    if (variable.items !== undefined) source.children = itemFields(source, variable.items);
    byPath.set(variable.path, { source, title: variable.title });
    (above?.source ?? group).children.push(source);
  }
  return groups.map((group) => withSamples(group, 0));
}

function grouped(groups: Source[], title: string): Source {
  const group: Source = {
    key: `group:${title}`,
    title,
    kind: "group",
    from: [],
    steps: [],
    children: [],
  };
  groups.push(group);
  return group;
}

function nearest<Found>(path: readonly string[], byPath: Map<string, Found>): Found | undefined {
  for (let length = path.length - 1; length > 0; length -= 1) {
    const found = byPath.get(path.slice(0, length).join("."));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Values that flows work out are said to be texts; the sample knows better. */
function kindWithSample(kind: Kind, sample: unknown): ValueKind {
  if (sample === undefined || sample === null || kind !== "text") return kind;
  const found = kindOfValue(sample);
  return found === "any" ? kind : found;
}

export function kindOfValue(value: unknown): ValueKind {
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "boolean";
  if (Array.isArray(value)) return "list";
  return typeof value === "object" && value !== null ? "object" : "any";
}

/** What nobody has described is read from the sample. */
function withSamples(source: Source, depth: number): Source {
  if (depth > DEPTH_MAX) return source;
  const children = source.children.length === 0 ? fromSample(source) : source.children;
  return { ...source, children: children.map((child) => withSamples(child, depth + 1)) };
}

function fromSample(source: Source): Source[] {
  const { sample } = source;
  if (Array.isArray(sample)) {
    if (source.steps.length > 0) return [];
    const records = sample.slice(0, ITEMS_LOOKED_AT).filter(isRecord);
    const names = [...new Set(records.flatMap(Object.keys))].slice(0, FIELDS_MAX);
    return names.map((name) => {
      const values = sample.map((item) => (isRecord(item) ? item[name] : undefined));
      return itemField(source, name, name, { sample: values });
    });
  }
  if (!isRecord(sample) || source.kind === "group") return [];
  return Object.entries(sample)
    .slice(0, FIELDS_MAX)
    .map(([name, value]) => {
      const from = [...source.from, name];
      const kind = kindOfValue(value);
      return {
        key: pathText(from),
        title: name,
        kind,
        from,
        steps: [],
        sample: value,
        children: [],
      };
    });
}

/** The fields of an item, of every item at once: a list of them. */
function itemFields(list: Source, items: readonly Variable[]): Source[] {
  return items.map((item) => {
    const values = Array.isArray(list.sample)
      ? list.sample.map((each) => valueIn(each, item.path.split(".")))
      : undefined;
    return itemField(list, item.path, item.title, {
      ...(values === undefined ? {} : { sample: values }),
      ...(item.choices === undefined ? {} : { choices: item.choices }),
    });
  });
}

function itemField(
  list: Source,
  field: string,
  title: string,
  more: Pick<Partial<Source>, "sample" | "choices">,
): Source {
  return {
    key: itemKey(list.key, field),
    title,
    kind: "list",
    from: list.from,
    steps: [{ kind: "pluck", field }],
    ...more,
    children: [],
  };
}

export function itemKey(list: string, field: string): string {
  return `${list}[].${field}`;
}

/** The same fields as one item has them: for a target that is filled for each item of this list. */
export function fieldOfItem(source: Source): { list: string; from: Path } | null {
  const [step] = source.steps;
  if (step?.kind !== "pluck" || source.steps.length !== 1) return null;
  return { list: pathText(source.from), from: [ITEM, ...step.field.split(".")] };
}

/** The kind of one item's field, from what the samples show. */
export function kindOfItem(source: Source): ValueKind {
  const one = Array.isArray(source.sample) ? source.sample.find((each) => each != null) : undefined;
  return one === undefined ? "any" : kindOfValue(one);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function valueIn(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((found, name) => (isRecord(found) ? found[name] : undefined), value);
}

// --- finding -------------------------------------------------------------------------------------

export function flat(sources: readonly Source[]): Source[] {
  return sources.flatMap((source) => [source, ...flat(source.children)]);
}

export function indexOf(sources: readonly Source[]): Map<string, Source> {
  return new Map(flat(sources).map((source) => [source.key, source]));
}

/** Where a line begins in the tree: at the very value, at a field of a list's items, or at what stands above it. */
export function originOf(
  entry: Entry,
  known: ReadonlyMap<string, Source>,
  list: string | null = null,
): { key: string; exact: boolean } | null {
  if (entry.kind !== "link" && entry.kind !== "each") return null;
  const inside = list !== null && entry.from[0] === ITEM;
  const [first] = entry.steps;
  const plucked =
    first?.kind === "pluck" ? itemKey(pathText(entry.from), first.field) : pathText(entry.from);
  const exact = inside
    ? entry.from.length > 1
      ? itemKey(list, entry.from.slice(1).join("."))
      : list
    : plucked;
  if (known.has(exact)) return { key: exact, exact: true };
  const path = inside ? [] : entry.from;
  for (let length = path.length; length > 0; length -= 1) {
    const key = pathText(path.slice(0, length));
    if (known.has(key)) return { key, exact: false };
  }
  return inside && known.has(list) ? { key: list, exact: false } : null;
}

/** What an expression written by hand reads of the tree. */
export function readBy(
  text: string,
  known: ReadonlyMap<string, Source>,
  list: string | null = null,
): string[] {
  const found = namesIn(text).flatMap((from) => {
    const origin = originOf({ kind: "link", from, steps: [] }, known, list);
    return origin === null ? [] : [origin.key];
  });
  return [...new Set(found)];
}

/** The tree with only what has these words, and all that stands above it. */
export function matching(sources: readonly Source[], search: string): Source[] {
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...sources];
  const kept = (source: Source, above: string): Source[] => {
    const own = source.kind === "group" ? source.title : `${source.title} ${source.key}`;
    const text = `${above} ${own}`.toLowerCase();
    const hit = source.kind !== "group" && words.every((word) => text.includes(word));
    if (hit) return [source];
    const children = source.children.flatMap((child) => kept(child, text));
    return children.length === 0 ? [] : [{ ...source, children }];
  };
  return sources.flatMap((source) => kept(source, ""));
}

/** Key of each but the outermost → that of what it is a part of. */
export function keysAbove(sources: readonly Source[], above?: string): Map<string, string> {
  const all = new Map<string, string>();
  for (const source of sources) {
    if (above !== undefined) all.set(source.key, above);
    for (const [key, parent] of keysAbove(source.children, source.key)) all.set(key, parent);
  }
  return all;
}

/** Long lists begin folded: what is always there, and what lies inside of records that have a hundred fields. */
const LONG = 12;

export function foldedAtFirst(sources: readonly Source[]): ReadonlySet<string> {
  const all = flat(sources);
  if (all.length <= 2 * LONG) return new Set();
  return new Set(
    all
      .filter(({ kind, children }) => kind !== "group" && children.length > LONG)
      .map(({ key }) => key),
  );
}
