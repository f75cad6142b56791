// Typed branches: "More than paid: Amount > Payments.Paid; Amount > 200 and Channel is Tmall". What fits none goes on. Pure.

import type { Text } from "../document";
import type { Variable } from "../variables";
import type { TypedStep } from "./step";
import { pathOf } from "./values";
import { comparisonIn, plain, split2 } from "./words";
import type { World } from "./world";

interface Rule {
  field: string;
  operator: string;
  value: unknown;
  valueSource: "value" | "field";
}

interface Branch {
  id: string;
  name: Text;
  when: { combinator: "and" | "or"; rules: Rule[] } | { expression: string };
}

export function conditionsIn(text: string, world: World): TypedStep | null {
  const parts = text.replace(/^(?:if\b|如果|若)\s*/i, "").split(/\s*[;；]\s*/);
  const branches: Branch[] = [];
  for (const part of parts.filter((each) => each !== "")) {
    const branch = branchIn(part, `branch_${branches.length + 1}`, world);
    if (branch === null) return null;
    branches.push(branch);
  }
  const [first] = branches;
  if (first === undefined) return null;
  const field = "rules" in first.when ? first.when.rules[0]?.field : undefined;
  const titled = world.variables.find(({ path }) => path === field)?.title;
  const about = titled ?? field ?? Object.values(first.name)[0] ?? "";
  const name = { zh: `判断${about}`, en: `Check ${about.toLowerCase()}` };
  return { type: "condition", base: "check", name, settings: { branches } };
}

function branchIn(text: string, id: string, world: World): Branch | null {
  const [head, tail] = split2(text, /\s*[:：]\s*/);
  const named = tail !== "" && comparisonIn(head) === null;
  const words = named ? tail : text;
  const title = named ? head : words;
  const or = /\s+or\s+|\s*(?:或者?)\s*/i;
  const and = /\s+and\s+|\s*(?:并且|且)\s*/i;
  const name = { [world.language]: title };
  // A call of a function is an expression: it stands as it was written.
  if (/\w\(/.test(words) && comparisonIn(words) !== null)
    return { id, name, when: { expression: words } };
  const combinator = !and.test(words) && or.test(words) ? "or" : "and";
  const rules = words.split(combinator === "or" ? or : and).map((each) => ruleIn(each, world));
  if (rules.includes(null)) return null;
  return { id, name, when: { combinator, rules: rules as Rule[] } };
}

function ruleIn(text: string, world: World): Rule | null {
  const found = comparisonIn(text);
  if (found === null) return null;
  const field = pathOf(found.left, world);
  if (field === null) return null;
  const rule = { field: field.path, operator: found.operator };
  const ordered = /[<>]/.test(found.operator);
  const literal = literalOf(found.right, "kind" in field && !ordered ? field : undefined);
  if (literal !== undefined) return { ...rule, value: literal, valueSource: "value" };
  const other = pathOf(found.right, world);
  if (other !== null) return { ...rule, value: other.path, valueSource: "field" };
  const kind = "kind" in field ? field.kind : "text";
  if (kind !== "text" && kind !== "choice" && kind !== "list") return null;
  return { ...rule, value: found.right.replace(/^(['"])(.*)\1$/, "$2"), valueSource: "value" };
}

/** A number, yes or no, a choice by its title; undefined where it is none of these. */
function literalOf(typed: string, variable: Variable | undefined): unknown {
  const number = typed.replace(/\s*(元|yuan|¥|件|%)$/i, "").replace(/^[¥￥]/, "");
  if (/^-?\d+(\.\d+)?$/.test(number) && variable?.kind !== "text" && variable?.kind !== "choice")
    return Number(number);
  const choice = variable?.choices?.find(({ title }) => plain(title) === plain(typed));
  if (choice !== undefined) return choice.value;
  if (/^(yes|true|是)$/i.test(typed)) return true;
  if (/^(no|false|否)$/i.test(typed)) return false;
  return undefined;
}
