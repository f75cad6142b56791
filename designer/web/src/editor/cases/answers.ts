// What a test case tells its nodes — decisions, answers of other systems, pinned outputs — as rows that a form can show, and back.
// What no form shows (another key, a shape of one's own) stays as it was. Pure.

import type { JsonSchema } from "../../schema";
import { isTimer, NOBODY, type Question } from "../decisions";
import {
  eventsOf,
  type FlowDocument,
  type FlowNode,
  formsOf,
  inReadingOrder,
  type NodeTypes,
  nodeOf,
  usedForm,
} from "../document";

/** One answer of a node: `{port, comment…}`, `{output, port}` or `{error, code}`. */
export type Visit = Record<string, unknown>;

export type Told = Record<string, unknown>;

/** The parts of a case that say how nodes answer. */
export const PARTS = ["decisions", "mocks", "pins"] as const;
export type Part = (typeof PARTS)[number];

/** What an answer that is no record stands for: `"approved"` is short for `{port: "approved"}`. */
const SHORT: Record<Part, string> = { decisions: "port", mocks: "output", pins: "output" };

/** One for each visit, the last one repeats; none: the node answers as it would by itself. */
export function visitsOf(told: Told | undefined, node: string, part: Part): Visit[] {
  const found = told?.[node];
  if (found === undefined) return [];
  const all = Array.isArray(found) && part !== "pins" ? found : [found];
  return all.map((one) => (isRecord(one) ? one : one === null ? {} : { [SHORT[part]]: one }));
}

/** The whole part with other answers of one node; nothing at all where no node is told anything. */
export function withVisits(
  told: Told | undefined,
  node: string,
  visits: readonly Visit[],
): Told | undefined {
  const rest = Object.entries(told ?? {}).filter(([id]) => id !== node);
  const one = visits.length === 1 ? visits[0] : [...visits];
  const was = Object.keys(told ?? {});
  const all = visits.length === 0 ? rest : [...rest, [node, one] as [string, unknown]];
  if (all.length === 0) return undefined;
  // Whoever is told something else stays where it stood.
  const order = (id: string) => (was.includes(id) ? was.indexOf(id) : was.length);
  return Object.fromEntries(all.sort(([a], [b]) => order(a) - order(b)));
}

/** An answer without what is empty. */
export function trimmed(visit: Visit): Visit {
  const said = Object.entries(visit).filter(
    ([name, value]) => value !== undefined && !(name === "comment" && value === ""),
  );
  return Object.fromEntries(said);
}

/** The nodes a part has a row for: those that may be told something, and those that are, in the order of the work. */
export function rowsOf(
  part: Part,
  told: Told | undefined,
  document: FlowDocument,
  types: NodeTypes,
  questions: readonly Question[],
): string[] {
  const asked = questions.map(({ node }) => node.id);
  const may = (node: FlowNode) =>
    part === "decisions"
      ? asked.includes(node.id)
      : part === "mocks" && (types.get(node.type)?.in_worker || node.type === "subflow");
  const named = Object.keys(told ?? {});
  const drawn = inReadingOrder(document, types);
  const rows = drawn.filter((node) => may(node) || named.includes(node.id)).map(({ id }) => id);
  return [...rows, ...named.filter((id) => nodeOf(document, id) === undefined)];
}

/** Starts, ends and joins are what a token moves by: they cannot be pinned. */
export function pinnable(document: FlowDocument, types: NodeTypes, told: Told = {}): FlowNode[] {
  return inReadingOrder(document, types).filter(({ id, type: name }) => {
    const type = types.get(name);
    return told[id] === undefined && !type?.starts && !type?.ends && !type?.joins;
  });
}

/** What a decision is shown as: a way out, nobody, or undefined where none is named. */
export function portShown(visit: Visit | undefined): string | undefined {
  if (visit === undefined || !("port" in visit)) return undefined;
  return visit["port"] === null ? NOBODY : String(visit["port"]);
}

/** The decision with this way out; a time comes by itself when nobody decides. */
export function decided(visit: Visit, node: FlowNode | undefined, port: string): Visit {
  const nobody = port === NOBODY || (node !== undefined && isTimer(node, port));
  if (!nobody) return { ...visit, port };
  const { comment: _comment, form: _form, output: _output, after_ms: _after, ...others } = visit;
  return { ...others, port: null };
}

/** Does this way out bring something along: a message or a signal? */
export function brings(node: FlowNode | undefined, port: string | undefined): boolean {
  if (node === undefined || port === undefined || port === NOBODY) return false;
  const own = (node.settings["events"] ?? []) as { id?: string; kind?: string }[];
  const all = [...eventsOf(node), ...(Array.isArray(own) ? own : [])];
  return all.some(({ id, kind }) => id === port && (kind === "message" || kind === "signal"));
}

/** The form of an approval, whether it is its own or one of the flow. */
export function formOf(document: FlowDocument, node: FlowNode | undefined): JsonSchema | undefined {
  if (node?.type !== "approval") return undefined;
  const used = usedForm(node);
  const own = node.settings["form"] as (JsonSchema & { schema?: JsonSchema }) | undefined;
  const schema = used === undefined ? (own?.schema ?? own) : formsOf(document)[used]?.schema;
  return Object.keys(schema?.properties ?? {}).length > 0 ? schema : undefined;
}

/** The errors that ways out of the node are drawn for, first; then those that calls end with everywhere. */
const USUAL_ERRORS = ["http_400", "http_500", "no_answer", "breaker_open", "outcome_unknown"];

export function errorsOf(node: FlowNode | undefined): string[] {
  const own = node === undefined ? [] : eventsOf(node).flatMap((event) => event.codes ?? []);
  return [...new Set([...own, ...USUAL_ERRORS])];
}

// --- what the flow reads of an answer ---

export interface Read {
  /** Below the answer: `body.status`. */
  path: string;
  kind: "text" | "number" | "boolean";
}

const READ_MAX = 30;

/** Which parts of a node's answer the drawing looks at, and of what kind they seem to be. */
export function readOf(document: FlowDocument, node: FlowNode): Read[] {
  const root = node.result ?? node.id;
  const found = new Map<string, Read["kind"]>();
  const tell = (path: string, kind: Read["kind"]) => {
    if (!found.has(path) || found.get(path) === "text") found.set(path, kind);
  };
  const named = new RegExp(`(?<![\\w.])${root.replace(/\W/g, "\\$&")}((?:\\.[A-Za-z_]\\w*)+)`, "g");
  const look = (value: unknown): void => {
    if (typeof value === "string") {
      for (const match of value.matchAll(named)) {
        const after = value.slice(match.index + match[0].length);
        if (!after.startsWith("(")) tell((match[1] ?? "").slice(1), kindBy(after));
      }
    } else if (Array.isArray(value)) value.forEach(look);
    else if (isRecord(value)) {
      const field = value["field"];
      if (typeof field === "string" && field.startsWith(`${root}.`)) {
        const kind = typeof value["value"];
        const plain = kind === "number" || kind === "boolean" ? kind : "text";
        tell(field.slice(root.length + 1), plain);
      }
      Object.values(value).forEach(look);
    }
  };
  for (const each of document.nodes) {
    look(each.settings);
    look(each.events);
  }
  // `body` alone says nothing where `body.status` is read, too.
  const paths = [...found.keys()];
  return [...found]
    .filter(([path]) => !paths.some((other) => other.startsWith(`${path}.`)))
    .map(([path, kind]) => ({ path, kind }))
    .sort((a, b) => a.path.localeCompare(b.path))
    .slice(0, READ_MAX);
}

function kindBy(after: string): Read["kind"] {
  if (/^\s*[=!]=\s*(true|false)\b/.test(after)) return "boolean";
  return /^\s*(?:[<>]=?|[*/-]|[=!]=\s*-?\d)/.test(after) ? "number" : "text";
}

/** The answer with what the flow reads and it does not say yet, to be filled in. */
export function withRead(value: unknown, read: readonly Read[]): unknown {
  return read.reduce((whole, { path, kind }) => placed(whole, path.split("."), kind), value);
}

function placed(value: unknown, path: readonly string[], kind: Read["kind"]): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value ?? (kind === "number" ? 0 : kind === "boolean" ? false : "");
  if (value !== undefined && value !== null && !isRecord(value)) return value;
  const record = value ?? {};
  return { ...record, [name]: placed((record as Visit)[name], rest, kind) };
}

/** What the flow reads and this answer does not say. */
export function unsaid(value: unknown, read: readonly Read[]): Read[] {
  return read.filter(({ path }) => {
    let found: unknown = value;
    for (const name of path.split(".")) {
      if (found !== undefined && found !== null && !isRecord(found)) return false;
      found = isRecord(found) ? found[name] : undefined;
    }
    return found === undefined;
  });
}

export function isRecord(value: unknown): value is Visit {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
