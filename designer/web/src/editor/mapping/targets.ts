// The form that is to be filled: its fields with what each takes, and whether a value fits there, at once or with a step between.

import type { JsonSchema } from "../../schema";
import { helpOf, titleOf } from "../../ui/form/kinds";
import type { Text } from "../document";
import { choicesOf, kindOf, type ShowText } from "../variables";
import { type Entry, type Field, readEntry } from "./entry";
import type { CodeRow, Step, ValueKind } from "./steps";

export interface Target {
  /** Its place: names from the outside in. */
  path: readonly string[];
  key: string;
  title: string;
  help: string;
  kind: ValueKind;
  required: boolean;
  choices?: { value: unknown; title: string }[];
  /** Fields of a record; of a list: of each of its items. */
  children: Target[];
  /** Not in the form: somebody has written it there. */
  own?: boolean;
}

const DEPTH_MAX = 4;
const SEPARATOR = "/";

export function keyOf(path: readonly string[]): string {
  return path.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1")).join(SEPARATOR);
}

export function ofSchema(
  schema: JsonSchema,
  text: ShowText,
  above: readonly string[] = [],
  depth = 0,
): Target[] {
  if (depth > DEPTH_MAX) return [];
  const names = Object.keys(schema.properties ?? {});
  const order = (schema["x-order"] ?? []).filter((name) => names.includes(name));
  return [...order, ...names.filter((name) => !order.includes(name))].map((name) => {
    const property = schema.properties?.[name] ?? {};
    const path = [...above, name];
    const choices = choicesOf(property, text);
    const inner = property.properties !== undefined ? property : property.items;
    return {
      path,
      key: keyOf(path),
      title: titleOf(name, property, text),
      help: helpOf(property, text),
      kind: property.type === undefined && choices === undefined ? "any" : kindOf(property),
      required: schema.required?.includes(name) ?? false,
      ...(choices === undefined ? {} : { choices }),
      children: inner === undefined ? [] : ofSchema(inner, text, path, depth + 1),
    };
  });
}

/** A field of a table, or a column of a decision table. */
export interface Named {
  name: string;
  kind?: string;
  title?: Text;
  help?: Text;
  required?: boolean;
  /** Of a decision table: may be left out. */
  optional?: boolean;
  options?: { value: string; title?: Text }[];
}

const KINDS: Record<string, ValueKind> = {
  integer: "number",
  decimal: "number",
  money: "number",
  number: "number",
  enum: "choice",
  choice: "choice",
  yes_no: "boolean",
  date: "date",
  date_time: "date",
  list: "list",
  json: "any",
};

export function ofFields(fields: readonly Named[], text: ShowText): Target[] {
  return fields.map((field) => ({
    path: [field.name],
    key: keyOf([field.name]),
    title: text(field.title) || field.name,
    help: text(field.help),
    kind: field.kind === undefined ? "any" : (KINDS[field.kind] ?? "text"),
    required: field.required ?? false,
    ...(field.options === undefined || field.options.length === 0
      ? {}
      : {
          choices: field.options.map((option) => ({
            value: option.value,
            title: text(option.title) || option.value,
          })),
        }),
    children: [],
  }));
}

/** The form with whatever else is filled already, so that nothing written is out of sight. */
export function withOwn(
  targets: readonly Target[],
  fields: readonly Field[],
  above: readonly string[] = [],
): Target[] {
  const known = new Set(targets.map((target) => target.path.at(-1) ?? ""));
  const names = fields.map(({ name }) => name).filter((name) => name !== "" && !known.has(name));
  const own = [...new Set(names)].map((name) => ownTarget([...above, name], "any"));
  return [...targets, ...own].map((target) => {
    const given = fields.find(({ name }) => name === target.path.at(-1));
    const entry: Entry | null = given === undefined ? null : readEntry(given.text);
    const inside = entry?.kind === "record" || entry?.kind === "each" ? entry.fields : [];
    const children = withOwn(target.children, inside, target.path);
    if (!target.own || target.kind !== "any") return { ...target, children };
    const kind = entry?.kind === "each" ? "list" : entry?.kind === "record" ? "object" : "any";
    return { ...target, kind, children };
  });
}

function ownTarget(path: readonly string[], kind: ValueKind): Target {
  const title = path.at(-1) ?? "";
  return {
    path,
    key: keyOf(path),
    title,
    help: "",
    kind,
    required: false,
    children: [],
    own: true,
  };
}

/** With fields of these names, as one writes them: `buyer.name`, `lines[].sku`. */
export function withNames(targets: readonly Target[], names: readonly string[]): Target[] {
  return names.reduce<Target[]>((all, name) => withPath(all, partsOf(name), []), [...targets]);
}

interface Part {
  name: string;
  list: boolean;
}

export function partsOf(name: string): Part[] {
  return name
    .split(".")
    .map((part) => ({ name: part.replace(/\[\]$/, ""), list: part.endsWith("[]") }));
}

function withPath(targets: Target[], parts: readonly Part[], above: readonly string[]): Target[] {
  const [part, ...rest] = parts;
  if (part === undefined || part.name === "" || above.length > DEPTH_MAX) return targets;
  const path = [...above, part.name];
  const kind = part.list ? "list" : rest.length > 0 ? "object" : "any";
  const before = targets.find((target) => target.path.at(-1) === part.name);
  const target = before ?? ownTarget(path, kind);
  const next = { ...target, children: withPath(target.children, rest, path) };
  return before === undefined
    ? [...targets, next]
    : targets.map((each) => (each === before ? next : each));
}

/** The names of an example: what stands in its records, and in the records of its lists. */
export function namesOfExample(example: unknown, above = "", depth = 0): string[] {
  if (typeof example !== "object" || example === null || depth > DEPTH_MAX) return [];
  if (Array.isArray(example)) return namesOfExample(example[0], above, depth);
  return Object.entries(example).flatMap(([name, value]) => {
    if (/[.[\]]/.test(name) || name === "") return [];
    const path = `${above}${name}`;
    const items = Array.isArray(value) && namesOfExample(value[0]).length > 0;
    const inside =
      Array.isArray(value) && !items
        ? []
        : namesOfExample(value, `${path}${items ? "[]" : ""}.`, depth + 1);
    return inside.length > 0 ? inside : [path];
  });
}

export function flat(targets: readonly Target[]): Target[] {
  return targets.flatMap((target) => [target, ...flat(target.children)]);
}

// --- does it fit? ----------------------------------------------------------------------------------

/** Each but the outermost → the one it is a part of. */
export function parentsOf(targets: readonly Target[], above?: Target): Map<string, Target> {
  const all = new Map<string, Target>();
  for (const target of targets) {
    if (above !== undefined) all.set(target.key, above);
    for (const [key, parent] of parentsOf(target.children, target)) all.set(key, parent);
  }
  return all;
}

/** How one would write the names of a field of one's own, and of those in it. */
export function namesUnder(target: Target, above: ReadonlyMap<string, Target>): string[] {
  const whole = (one: Target): string => {
    const up = above.get(one.key);
    const name = one.path.at(-1) ?? "";
    return up === undefined ? name : `${whole(up)}${up.kind === "list" ? "[]" : ""}.${name}`;
  };
  const leaves = flat([target]).filter(({ children }) => children.length === 0);
  return leaves.map(whole);
}

/** A name that may be and is not taken, as like the wanted one as can be. */
export function freeName(
  wanted: string,
  targets: readonly Target[],
  own: RegExp | undefined,
): string {
  const plain = wanted
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "_")
    .replace(/^[^a-z]+/, "");
  const start = own === undefined || own.test(plain) ? plain || "field" : "field";
  const taken = new Set(targets.map(({ key }) => key));
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? start : `${start}_${count}`;
    if (!taken.has(name)) return name;
  }
}

export type Fit = { steps: Step[] } | { from: ValueKind; to: ValueKind };

interface Given {
  kind: ValueKind;
  choices?: readonly { value: unknown; title: string }[] | undefined;
}

/** The steps a value needs to fit there, none where it fits as it is; or the two kinds that do not go together. */
export function fitFor(given: Given, target: Pick<Target, "kind" | "choices">): Fit {
  const { kind } = given;
  const no: Fit = { from: kind, to: target.kind };
  if (kind === "any" || target.kind === "any") return { steps: [] };
  switch (target.kind) {
    case "choice":
    case "text": {
      const codes = target.kind === "choice" ? codesFor(given, target) : null;
      if (kind === "text" || kind === "choice" || kind === "date")
        return { steps: codes === null ? [] : [codes] };
      if (kind === "number") return { steps: [{ kind: "text" }] };
      if (target.kind === "choice") return no;
      if (kind === "boolean") return { steps: [{ kind: "text" }] };
      return kind === "list" ? { steps: [{ kind: "join", by: ", " }] } : no;
    }
    case "number":
      if (kind === "number") return { steps: [] };
      if (kind === "text" || kind === "choice") return { steps: [{ kind: "number" }] };
      return kind === "list" ? { steps: [{ kind: "count" }] } : no;
    case "date":
      if (kind === "date" || kind === "text") return { steps: [] };
      return kind === "number" ? { steps: [{ kind: "from_unix" }] } : no;
    case "list":
      if (kind === "list") return { steps: [] };
      return kind === "text" ? { steps: [{ kind: "split", by: "," }] } : no;
    case "object":
      if (kind === "object") return { steps: [] };
      return kind === "list" ? { steps: [{ kind: "first" }] } : no;
    case "boolean":
      return kind === "boolean" ? { steps: [] } : no;
  }
}

export function fits(found: Fit): found is { steps: Step[] } {
  return "steps" in found;
}

/** Codes of one side to codes of the other, where both are known and differ; the same ones and those of the same name are filled in. */
function codesFor(given: Given, target: Pick<Target, "choices">): Step | null {
  if (!given.choices?.length || !target.choices?.length) return null;
  const taken = target.choices;
  if (given.choices.every(({ value }) => taken.some((one) => one.value === value))) return null;
  const rows = given.choices.map(({ value, title }): CodeRow => {
    const same =
      taken.find((one) => one.value === value) ??
      taken.find((one) => alike(one.title, title) || alike(String(one.value), String(value)));
    return { from: String(value), to: same === undefined ? "" : (same.value as string) };
  });
  return { kind: "codes", rows, otherwise: { kind: "wrong" } };
}

function alike(one: string, other: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/[\s_-]/g, "");
  return plain(one) !== "" && plain(one) === plain(other);
}
