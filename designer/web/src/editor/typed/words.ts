// How typed words are compared, and the small words and operators people write. Pure.

import type { Text } from "../document";

/** Letters only, small, without a unit in brackets: "Order no. (ours)" is "order no". */
export function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/\s*[（(][^（()）]*[)）]\s*$/, "")
    .replace(/[.。:：]$/, "")
    .replace(/[_\s]+/g, " ")
    .trim();
}

export function called(title: Text | undefined, key: string, typed: string): boolean {
  const wanted = plain(typed);
  if (wanted === "") return false;
  return [key, ...Object.values(title ?? {})].some((name) => plain(name) === wanted);
}

/** `24 h`, `2 天`, `30 minutes` → `PT24H`. */
export const DURATION =
  /(\d+)\s*(minutes?|mins?|min|分钟|hours?|h|个?小时|days?|d|天|weeks?|w|周)(?![a-z])/i;

export function durationOf(found: RegExpExecArray): string {
  const [, count = "0", unit = ""] = found;
  if (/^(h|个?小时)/i.test(unit)) return `PT${count}H`;
  if (/^(min|分)/i.test(unit)) return `PT${count}M`;
  return /^(w|周)/i.test(unit) ? `P${count}W` : `P${count}D`;
}

/** Longest first: "not less than" is not "less than". */
const OPERATORS: readonly [RegExp, string][] = [
  [/\s*(?:>=|≥|大于等于|不小于|不低于|至少)\s*|\s+(?:is\s+)?(?:at least|not less than)\s+/i, ">="],
  [/\s*(?:<=|≤|小于等于|不大于|不超过|至多)\s*|\s+(?:is\s+)?(?:at most|not more than)\s+/i, "<="],
  [/\s*(?:!=|<>|≠|不等于|不是)\s*|\s+is not\s+/i, "!="],
  [/\s*(?:>|大于|超过|高于)\s*|\s+(?:is\s+)?(?:more than|greater than|above|over)\s+/i, ">"],
  [/\s*(?:<|小于|低于|不足)\s*|\s+(?:is\s+)?(?:less than|below|under)\s+/i, "<"],
  [/\s*(?:==?|等于)\s*|\s+is\s+|(?<=[^不])是(?!否)/i, "="],
  [/\s*包含\s*|\s+contains\s+/i, "contains"],
];

export interface Comparison {
  left: string;
  operator: string;
  right: string;
}

/** The first comparison in a text; null where there is none. */
export function comparisonIn(text: string): Comparison | null {
  for (const [pattern, operator] of OPERATORS) {
    const found = pattern.exec(text);
    if (found === null || found.index === 0) continue;
    const left = text.slice(0, found.index).trim();
    const right = text.slice(found.index + found[0].length).trim();
    if (left !== "" && right !== "") return { left, operator, right };
  }
  return null;
}

/** A whole phrase that begins with one of these words; what follows, else null. */
export function after(text: string, words: RegExp): string | null {
  const found = words.exec(text);
  return found === null ? null : text.slice(found[0].length).trim();
}

/** The first `:` that is no part of a quoted text. */
export function split2(text: string, at: RegExp): [head: string, tail: string] {
  const found = at.exec(text);
  return found === null
    ? [text.trim(), ""]
    : [text.slice(0, found.index).trim(), text.slice(found.index + found[0].length).trim()];
}

export function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
