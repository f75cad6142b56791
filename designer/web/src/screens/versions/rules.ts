// A rule as it stands in the form, and as the API takes it.

import type { Rule } from "./versions";

export interface DraftRule {
  kind: "weight" | "when";
  version: number | undefined;
  weight: number | null;
  operator: string;
  field: string;
  value: string;
  /** A condition the form cannot show; kept as it came until something is changed. */
  kept?: unknown;
}

export function emptyRule(version: number | undefined): DraftRule {
  return { kind: "weight", version, weight: 5, operator: "=", field: "", value: "" };
}

/** The rule for the API; null while something is missing. */
export function ruleOf(draft: DraftRule): Rule | null {
  if (draft.version === undefined) return null;
  if (draft.kind === "weight")
    return draft.weight === null ? null : { version: draft.version, weight: draft.weight };
  const weight = draft.weight === null || draft.weight === 100 ? {} : { weight: draft.weight };
  if (draft.kept !== undefined && draft.value === "" && draft.field === "")
    return { version: draft.version, when: draft.kept, ...weight };
  if (draft.value.trim() === "") return null;
  if (draft.operator === "expression")
    return { version: draft.version, when: { expression: draft.value }, ...weight };
  if (draft.field.trim() === "") return null;
  const value =
    draft.operator === "in"
      ? draft.value
          .split(/[,，]/)
          .map((one) => one.trim())
          .filter((one) => one !== "")
      : draft.value.trim();
  const rule = { field: draft.field.trim(), operator: draft.operator, value };
  return { version: draft.version, when: { combinator: "and", rules: [rule] }, ...weight };
}

export function ruleFrom(rule: Rule): DraftRule {
  const empty = emptyRule(rule.version);
  if (rule.when === undefined || rule.when === null)
    return { ...empty, weight: rule.weight ?? 100 };
  const weight = rule.weight ?? 100;
  const when = rule.when as { expression?: string; rules?: Record<string, unknown>[] };
  if (typeof when.expression === "string")
    return { ...empty, kind: "when", weight, operator: "expression", value: when.expression };
  const [only, ...more] = when.rules ?? [];
  if (only === undefined || more.length > 0 || typeof only["field"] !== "string")
    return { ...empty, kind: "when", weight, kept: rule.when };
  const value = only["value"];
  return {
    ...empty,
    kind: "when",
    weight,
    operator: String(only["operator"]),
    field: only["field"],
    value: Array.isArray(value) ? value.join(", ") : String(value ?? ""),
  };
}
