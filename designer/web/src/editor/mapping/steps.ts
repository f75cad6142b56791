// What can be done to a value on its way from a source to a target: each is one call of our expression language.

import type { Kind } from "../variables";
import { quoted } from "./tokens";

/** What a value is, as far as it is known. */
export type ValueKind = Kind | "any";

export type Constant = string | number | boolean | null;

export type Step =
  | { kind: Plain }
  | { kind: "round"; digits: number }
  | { kind: "date"; pattern: string; zone?: string }
  | { kind: "moment"; zone?: string }
  | { kind: "join"; by: string }
  | { kind: "split"; by: string }
  | { kind: "replace"; old: string; new: string }
  | { kind: "pluck"; field: string }
  | { kind: "default"; value: Constant }
  | { kind: "codes"; rows: CodeRow[]; otherwise: Otherwise };

export type StepKind = Step["kind"];

/** A code and what it becomes. */
export interface CodeRow {
  from: string;
  to: Constant;
}

/** What becomes of a code that is not listed: it is wrong, stays as it is, or is this. */
export type Otherwise = { kind: "wrong" } | { kind: "same" } | { kind: "value"; value: Constant };

/** Those without a word more, by the function that does it. */
export const FUNCTION_OF = {
  upper: "upper",
  lower: "lower",
  trim: "trim",
  text: "text",
  number: "number",
  to_fen: "",
  to_yuan: "",
  from_unix: "from_unix",
  first: "first",
  last: "last",
  count: "len",
  sum: "sum",
  unique: "unique",
} as const;

export type Plain = keyof typeof FUNCTION_OF;

const TEXTS: ValueKind[] = ["text", "choice", "any"];
const LISTS: ValueKind[] = ["list", "any"];
const NUMBERS: ValueKind[] = ["number", "any"];

interface About {
  takes: ValueKind[] | "all";
  gives: ValueKind | "same";
}

/** In the order in which they are offered. */
export const STEPS: Record<StepKind, About> = {
  default: { takes: "all", gives: "same" },
  codes: { takes: TEXTS, gives: "any" },
  trim: { takes: TEXTS, gives: "text" },
  upper: { takes: TEXTS, gives: "text" },
  lower: { takes: TEXTS, gives: "text" },
  replace: { takes: TEXTS, gives: "text" },
  text: { takes: ["text", "number", "boolean", "date", "choice", "any"], gives: "text" },
  number: { takes: [...TEXTS, "number"], gives: "number" },
  to_fen: { takes: NUMBERS, gives: "number" },
  to_yuan: { takes: NUMBERS, gives: "number" },
  round: { takes: NUMBERS, gives: "number" },
  date: { takes: ["date", "text", "any"], gives: "text" },
  moment: { takes: ["date", ...TEXTS], gives: "date" },
  from_unix: { takes: NUMBERS, gives: "date" },
  pluck: { takes: LISTS, gives: "list" },
  first: { takes: LISTS, gives: "any" },
  last: { takes: LISTS, gives: "any" },
  count: { takes: ["list", "object", "text", "any"], gives: "number" },
  sum: { takes: LISTS, gives: "number" },
  unique: { takes: LISTS, gives: "list" },
  join: { takes: LISTS, gives: "text" },
  split: { takes: TEXTS, gives: "list" },
};

export const STEP_KINDS = Object.keys(STEPS) as StepKind[];

export function takes(step: StepKind, kind: ValueKind): boolean {
  const about = STEPS[step];
  return about.takes === "all" || about.takes.includes(kind);
}

/** What a value of this kind has become after these steps. */
export function kindAfter(kind: ValueKind, steps: readonly Step[]): ValueKind {
  return steps.reduce<ValueKind>((now, step) => {
    const given = STEPS[step.kind].gives;
    return given === "same" ? now : given;
  }, kind);
}

/** A step as it begins, before its words are filled in. */
export function freshStep(kind: StepKind): Step {
  switch (kind) {
    case "round":
      return { kind, digits: 2 };
    case "date":
      return { kind, pattern: "YYYY-MM-DD" };
    case "moment":
      return { kind, zone: "Asia/Shanghai" };
    case "join":
      return { kind, by: ", " };
    case "split":
      return { kind, by: "," };
    case "replace":
      return { kind, old: "-", new: "" };
    case "pluck":
      return { kind, field: "" };
    case "default":
      return { kind, value: "" };
    case "codes":
      return { kind, rows: [], otherwise: { kind: "same" } };
    default:
      return { kind };
  }
}

/**
 * The steps with one more. A missing value is filled first (a later step would stumble over it), unless something is taken from
 * a list: that the list is empty shows only then. A code is looked up by its text.
 */
export function withStep(steps: readonly Step[], kind: StepKind, from: ValueKind): Step[] {
  const fresh = freshStep(kind);
  if (kind === "default") {
    const taken = steps.findLastIndex((step) => step.kind === "first" || step.kind === "last");
    return [...steps.slice(0, taken + 1), fresh, ...steps.slice(taken + 1)];
  }
  const now = kindAfter(from, steps);
  if (takes(kind, now)) return [...steps, fresh];
  if (takes("text", now) && takes(kind, "text")) return [...steps, { kind: "text" }, fresh];
  return [...steps, fresh];
}

/** Whether this step may come next: what it needs is there, or a text of it. */
export function mayFollow(kind: StepKind, now: ValueKind): boolean {
  return takes(kind, now) || (kind === "codes" && takes("text", now));
}

export function printed(steps: readonly Step[], from: string): string {
  return steps.reduce((inner, step) => printedStep(step, inner), from);
}

function printedStep(step: Step, inner: string): string {
  switch (step.kind) {
    case "to_fen":
      return `round(${inner} * 100)`;
    case "to_yuan":
      return `${inner} / 100`;
    case "round":
      return step.digits === 0 ? `round(${inner})` : `round(${inner}, ${step.digits})`;
    case "date":
      return `format_date(${inner}, ${quoted(step.pattern)}${zone(step.zone)})`;
    case "moment":
      return `date(${inner}${zone(step.zone)})`;
    case "join":
      return `join(${inner}, ${quoted(step.by)})`;
    case "split":
      return `split(${inner}, ${quoted(step.by)})`;
    case "replace":
      return `replace(${inner}, ${quoted(step.old)}, ${quoted(step.new)})`;
    case "pluck":
      return `pluck(${inner}, ${quoted(step.field)})`;
    case "default":
      return `default(${inner}, ${constant(step.value)})`;
    case "codes": {
      const rows = step.rows.map((row) => `${quoted(row.from)}: ${constant(row.to)}`);
      const found = `{${rows.join(", ")}}[${inner}]`;
      if (step.otherwise.kind === "wrong") return found;
      const other = step.otherwise.kind === "same" ? inner : constant(step.otherwise.value);
      return `default(${found}, ${other})`;
    }
    default:
      return `${FUNCTION_OF[step.kind]}(${inner})`;
  }
}

function zone(name: string | undefined): string {
  return name === undefined ? "" : `, ${quoted(name)}`;
}

export function constant(value: Constant): string {
  return typeof value === "string" ? quoted(value) : String(value);
}
