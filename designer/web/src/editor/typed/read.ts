// Steps that are typed: "find Payments -> Refund amount > 200 -> Finance manager, 24 h Supervisor -> tell who started it".
// Each phrase is one node with its settings, or the name of a node that is there. Pure; `docs/designer.md` has the phrases.

import type { JsonSchema } from "../../schema";
import { conditionsIn } from "./conditions";
import { approvalIn, tellingIn } from "./people";
import type { TypedStep } from "./step";
import { decisionIn, operationIn, recordIn } from "./things";
import { assignments, expressionOf } from "./values";
import { after, called, DURATION, durationOf, plain } from "./words";
import type { KnownNode, World } from "./world";

export type Reading = { steps: TypedStep[] } | { wrong: string };

const ARROW = /\s*(?:->|→|=>|⇒|\n)\s*/;

/** What was typed, phrase by phrase; `wrong` is the first phrase that says nothing known. Ids are free in this flow. */
export function readSteps(text: string, world: World): Reading {
  const phrases = text.split(ARROW).map((phrase) => phrase.trim());
  const steps: TypedStep[] = [];
  let seen = world;
  for (const [at, phrase] of phrases.entries()) {
    if (phrase === "" && at > 0 && at === phrases.length - 1) break;
    const read = readStep(phrase, seen);
    if (read === null || "to" in (steps.at(-1) ?? {})) return { wrong: phrase };
    for (const each of [read, ...followers(read, seen)]) {
      const step = "to" in each ? each : { ...each, base: freeId(each.base, seen) };
      steps.push(step);
      seen = withStep(seen, step);
    }
  }
  return steps.length === 0 ? { wrong: text } : { steps };
}

/** What a node answers is kept under its id: it must be no other value's name. */
function freeId(base: string, world: World): string {
  const taken = new Set([
    ...world.taken,
    ...world.nodes.map(({ id }) => id),
    ...world.variables.map(({ path }) => path.split(".")[0]),
  ]);
  let id = base;
  for (let number = 2; taken.has(id); number += 1) id = `${base}_${number}`;
  return id;
}

/** Whoever changes what they asked for means the change to count. */
function followers(step: TypedStep, world: World): TypedStep[] {
  if ("to" in step) return [];
  const form = step.settings["form"] as JsonSchema | undefined;
  if (step.type !== "approval" || form === undefined) return [];
  const id = freeId(step.base, world);
  const values = Object.keys(form.properties ?? {}).map((name) => ({
    name,
    value: form.required?.includes(name)
      ? `${id}.form.${name}`
      : `default(${id}.form.${name}, default(${name}, null))`,
  }));
  const name = { zh: "采用修改", en: "Take the change over" };
  return [{ type: "set_values", base: "apply_change", name, settings: { values } }];
}

/** Steps later in the line may name what steps before them found. */
function withStep(world: World, step: TypedStep): World {
  if ("to" in step) return world;
  const table = step.settings["table"];
  const node: KnownNode = {
    id: step.base,
    title: step.name,
    type: step.type,
    ...(typeof table === "string" ? { table } : {}),
  };
  const values = step.settings["values"];
  const sets = ["set_values", "message_start", "schedule"].includes(step.type);
  const known = new Set(world.variables.map(({ path }) => path));
  const named =
    sets && Array.isArray(values)
      ? values
          .filter(({ name }: { name: string }) => !known.has(name))
          .map(({ name }: { name: string }) => ({
            path: name,
            title: name,
            kind: "text" as const,
            source: "",
          }))
      : [];
  return { ...world, nodes: [...world.nodes, node], variables: [...world.variables, ...named] };
}

export function readStep(phrase: string, world: World): TypedStep | null {
  const [, title, text = ""] =
    /^(?:[[［【]\s*([^\]］】]+?)\s*[\]］】])?\s*(.*)$/s.exec(phrase.trim()) ?? [];
  if (text === "") return null;
  if (title !== undefined) return titled(readStep(text, world), title, world);
  const there = world.nodes.find((node) => called(node.title, node.id, text));
  if (there !== undefined) return { to: there.id, title: there.title };
  return (
    endIn(text) ??
    waitIn(text, world) ??
    startIn(text) ??
    setIn(text, world) ??
    recordIn(text, world) ??
    decisionIn(text, world) ??
    tellingIn(text, world) ??
    flowIn(text, world) ??
    conditionsIn(text, world) ??
    approvalIn(text, world) ??
    operationIn(text, world) ??
    kindIn(text, world)
  );
}

/** "[Not refunded] tell who started it": what the step is called. */
function titled(step: TypedStep | null, title: string, world: World): TypedStep | null {
  if (step === null || "to" in step) return step;
  const latin = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[_\d]+|_+$/g, "");
  return { ...step, base: latin || step.base, name: { [world.language]: title } };
}

function endIn(text: string): TypedStep | null {
  const how = after(text, /^(?:end\b|结束|完成$)\s*[:：]?\s*/i);
  if (how === null) return null;
  if (how === "")
    return { type: "end", base: "end", name: { zh: "结束", en: "End" }, settings: {} };
  const result = how.trim().toLowerCase().replace(/\s+/g, "_").slice(0, 64);
  const base = /^[a-z][a-z0-9_]*$/.test(result) ? result : "end";
  const name = how[0]?.toUpperCase() + how.slice(1);
  return { type: "end", base, name: { zh: name, en: name }, settings: { result } };
}

function waitIn(text: string, world: World): TypedStep | null {
  const what = after(text, /^(?:wait\b|等待|等到?)\s*(?:for\s+)?/i);
  if (what === null) return null;
  const name = { zh: `等待${what}`, en: `Wait ${what}` };
  const long = DURATION.exec(what);
  if (long !== null) {
    const settings = { mode: "for", duration: durationOf(long) };
    return { type: "timer", base: "wait", name, settings };
  }
  const until = expressionOf(what.replace(/^until\s+/i, ""), world);
  return until.startsWith("'")
    ? null
    : { type: "timer", base: "wait", name, settings: { mode: "until", until } };
}

/** "when order.paid", "every 15 min", "daily 00:10". */
function startIn(text: string): TypedStep | null {
  const message = after(text, /^(?:when\b|on\b|收到|当)\s*/i);
  if (message !== null && /^[a-z][\w.]*$/i.test(message)) {
    const about = message.startsWith("refund.") ? ["refund", "order"] : ["order"];
    const values = /^(order|refund)\./.test(message)
      ? about.map((name) => ({ name, value: `payload.${name}` }))
      : [];
    const settings = { name: message, ...(values.length > 0 ? { values } : {}) };
    const name = { zh: `收到 ${message}`, en: `When ${message}` };
    return { type: "message_start", base: message.replaceAll(".", "_"), name, settings };
  }
  const every = DURATION.exec(after(text, /^(?:every\b|每隔?)\s*/i) ?? "");
  const [, count = "", unit = ""] = every ?? [];
  const daily = /^(?:daily(?: at)?|every day(?: at)?|每天)\s*(\d{1,2}):(\d\d)$/i.exec(text);
  const cron =
    daily !== null
      ? `${Number(daily[2])} ${Number(daily[1])} * * *`
      : every === null
        ? null
        : /^(min|分)/i.test(unit)
          ? `*/${count} * * * *`
          : /^(h|个?小时)/i.test(unit)
            ? `0 */${count} * * *`
            : null;
  if (cron === null) return null;
  const settings = { cron, timezone: "Asia/Shanghai", misfire: "once" };
  return { type: "schedule", base: "schedule", name: { zh: text, en: text }, settings };
}

/** "set tag = focus, limit = 500" */
function setIn(text: string, world: World): TypedStep | null {
  const what = after(text, /^(?:set\b|设|设置|计算)\s*/i);
  if (what === null) return null;
  const values = assignments(what, world);
  if (values === null) return null;
  const names = values.map(({ name }) => name).join(", ");
  const name = { zh: `设置 ${names}`, en: `Set ${names}` };
  return { type: "set_values", base: "set_values", name, settings: { values } };
}

/** "run Buffers every night": a sub-flow, by its name. */
function flowIn(text: string, world: World): TypedStep | null {
  const what = after(text, /^(?:run\b|sub-?flow\b|子流程|运行)\s*/i);
  const flow = world.flows.find((one) => called(one.title, one.key, what ?? ""));
  if (flow === undefined) return null;
  return { type: "subflow", base: "subflow", name: flow.title, settings: { flow: flow.key } };
}

/** A kind of node by its plain name: "Split". */
function kindIn(text: string, world: World): TypedStep | null {
  const kind = world.kinds.find((one) => called(one.title, one.key, plain(text)));
  return kind === undefined
    ? null
    : { type: kind.key, base: kind.key, name: kind.title, settings: {} };
}
