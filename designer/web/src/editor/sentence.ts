// Settings read back as people say them: "amount > 200 and region is Tibet", "wait 24 hours", "role: finance manager".

import type { TFunction } from "i18next";
import type { JsonSchema } from "../schema";
import { sentenceOf } from "./approval/assignee";
import { voteInShort } from "./approval/vote";
import type {
  FlowDocument,
  FlowEdge,
  FlowEvent,
  FlowNode,
  NodeTypes,
  Settings,
  Text,
} from "./document";
import { eventOf, nodeOf, portsOf } from "./document";
import type { ShowText, Variable } from "./variables";

export interface Rule {
  field: string;
  operator: string;
  value?: unknown;
  valueSource?: "value" | "field";
}

export interface Tree {
  combinator: "and" | "or";
  not?: boolean;
  rules: (Rule | Tree)[];
}

export type When = Tree | { expression: string };

export interface Words {
  t: TFunction<"editor">;
  text: ShowText;
  /** Title of a variable by its path; the path itself where nobody gave it one. */
  titleOf: (path: string) => string;
  choiceOf?: (path: string, value: unknown) => string | undefined;
  /** Titles of roles and names of people by their keys. */
  roleOf?: (key: string) => string;
  userOf?: (id: string) => string;
  postOf?: (id: string) => string;
  departmentOf?: (id: string) => string;
  rotaOf?: (id: string) => string;
  flowOf?: (key: string) => string;
  connectionOf?: (key: string) => string;
  /** What a node of this flow is called. */
  nodeOf?: (id: string) => string;
  /** The same object as long as all but `nodeOf` is. */
  fixed?: object;
}

const SYMBOLS: Record<string, string> = {
  "=": "=",
  "!=": "≠",
  "<": "<",
  "<=": "≤",
  ">": ">",
  ">=": "≥",
};

export function titlesFrom(variables: readonly Variable[]): Pick<Words, "titleOf" | "choiceOf"> {
  const byPath = new Map(variables.map((variable) => [variable.path, variable]));
  return {
    titleOf: (path) => byPath.get(path)?.title ?? path,
    choiceOf: (path, value) =>
      byPath.get(path)?.choices?.find((choice) => choice.value === value)?.title,
  };
}

/** Titles of the start's fields; enough for the canvas, where no single node's variables are at hand. */
export function inputTitles(
  input: JsonSchema,
  text: ShowText,
): Pick<Words, "titleOf" | "choiceOf"> {
  const find = (path: string): JsonSchema | undefined =>
    path
      .split(".")
      .reduce<JsonSchema | undefined>((schema, name) => schema?.properties?.[name], input);
  return {
    titleOf: (path) => {
      const schema = find(path);
      return withoutUnit(text(schema?.["x-title"]) || schema?.title || path);
    },
    choiceOf: (path, value) => text(find(path)?.["x-enum-titles"]?.[String(value)]) || undefined,
  };
}

/** "Amount (yuan)" is "amount" where there is little room. */
function withoutUnit(title: string): string {
  return title.replace(/\s*[（(][^（()）]*[)）]$/, "") || title;
}

export function conditionSentence(when: unknown, words: Words): string {
  if (typeof when !== "object" || when === null) return "";
  if ("expression" in when) return String((when as { expression: unknown }).expression ?? "");
  if (!("rules" in when) || !Array.isArray((when as Tree).rules)) return "";
  return treeSentence(when as Tree, words, false);
}

function treeSentence(tree: Tree, words: Words, inner: boolean): string {
  const parts = tree.rules
    .map((rule) => ("rules" in rule ? treeSentence(rule, words, true) : ruleSentence(rule, words)))
    .filter((part) => part !== "");
  const joined = parts.join(words.t(tree.combinator === "or" ? "sentence.or" : "sentence.and"));
  const framed = inner && parts.length > 1 ? words.t("sentence.group", { inner: joined }) : joined;
  return tree.not && framed !== "" ? words.t("sentence.not", { inner: joined }) : framed;
}

function ruleSentence(rule: Rule, words: Words): string {
  if (!rule.field || rule.field === "~") return "";
  const field = words.titleOf(rule.field);
  const show = (value: unknown) =>
    rule.valueSource === "field"
      ? words.titleOf(String(value))
      : (words.choiceOf?.(rule.field, value) ?? valueWords(value, words));
  if (rule.operator === "null" || rule.operator === "notNull")
    return words.t(`sentence.${rule.operator}`, { field });
  if (rule.operator === "between") {
    const [low, high] = listOf(rule.value);
    return words.t("sentence.between", { field, low: show(low), high: show(high) });
  }
  if (rule.operator === "in" || rule.operator === "notIn") {
    const list = listOf(rule.value).map(show).join(words.t("sentence.comma"));
    return words.t(`sentence.${rule.operator}`, { field, list });
  }
  const symbol = SYMBOLS[rule.operator];
  if (symbol !== undefined) return `${field} ${symbol} ${show(rule.value)}`;
  return words.t(`sentence.${rule.operator as "contains"}`, { field, value: show(rule.value) });
}

export function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string" && value !== "") return value.split(",").map((each) => each.trim());
  return value === undefined || value === null || value === "" ? [] : [value];
}

function valueWords(value: unknown, words: Words): string {
  if (value === true) return words.t("sentence.yes");
  if (value === false) return words.t("sentence.no");
  if (value === undefined || value === null || value === "") return "…";
  return String(value);
}

// --- durations ---

const DURATION = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
export const UNITS = ["W", "D", "H", "M", "S"] as const;
export type Unit = (typeof UNITS)[number];

/** `PT24H` → [[24, "H"]]; null when it is not a duration we can show by number and unit. */
export function durationParts(duration: unknown): [number, Unit][] | null {
  const match = typeof duration === "string" ? DURATION.exec(duration) : null;
  if (match === null) return null;
  const parts = UNITS.flatMap((unit, index): [number, Unit][] => {
    const digits = match[index + 1];
    return digits === undefined ? [] : [[Number(digits), unit]];
  });
  return parts.length === 0 ? null : parts;
}

export function durationFrom(count: number, unit: Unit): string {
  return unit === "W" || unit === "D" ? `P${count}${unit}` : `PT${count}${unit}`;
}

export function durationSentence(duration: unknown, t: TFunction<"editor">): string {
  const parts = durationParts(duration);
  if (parts === null) return String(duration ?? "");
  return parts.map(([count, unit]) => t(`unit.${unit}`, { count })).join(" ");
}

// --- cron ---

/** The usual calendars in words; what is not usual is shown as it is written. */
export function cronSentence(cron: unknown, t: TFunction<"editor">): string {
  const parts = String(cron ?? "")
    .trim()
    .split(/\s+/);
  if (parts.length !== 5) return String(cron ?? "");
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = parts;
  const everyMinutes = /^\*\/(\d+)$/.exec(minute)?.[1];
  const rest = hour === "*" && day === "*" && month === "*" && weekday === "*";
  if (minute === "*" && rest) return t("cron.every_minute");
  if (everyMinutes !== undefined && rest) return t("cron.every_minutes", { n: everyMinutes });
  if (!/^\d+$/.test(minute) || month !== "*") return parts.join(" ");
  if (hour === "*" && day === "*" && weekday === "*") return t("cron.hourly", { minute });
  if (!/^\d+$/.test(hour)) return parts.join(" ");
  const time = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
  if (day === "*" && weekday === "*") return t("cron.daily", { time });
  if (day === "*" && weekday === "1-5") return t("cron.workdays", { time });
  if (day === "*" && /^[0-7]$/.test(weekday))
    return t("cron.weekly", { time, day: t(`weekday.${Number(weekday) % 7}` as "weekday.1") });
  if (/^\d+$/.test(day) && weekday === "*") return t("cron.monthly", { time, day });
  return parts.join(" ");
}

// --- people ---

export function assigneesSentence(assignees: unknown, words: Words): string {
  return sentenceOf(assignees, words);
}

// --- a node in one line, an edge in a few words ---

export function nodeSentence(node: FlowNode, types: NodeTypes, words: Words): string {
  const { settings } = node;
  const { t } = words;
  const string = (name: string) =>
    typeof settings[name] === "string" ? (settings[name] as string) : "";
  switch (node.type) {
    case "condition":
      return t(settings["mode"] === "all" ? "summary.condition_all" : "summary.condition", {
        count: listOf(settings["branches"]).length,
      });
    case "split":
      return Number(settings["copies"] ?? 1) > 1
        ? t("summary.split_copies", { count: Number(settings["copies"]) })
        : t("summary.split");
    case "join":
      return joinSentence(settings, t);
    case "receive":
      return (listOf(settings["events"]) as FlowEvent[])
        .map((event) => eventSentence(event, words))
        .join(t("sentence.or"));
    case "publish":
      return string("name") === ""
        ? ""
        : t(settings["kind"] === "signal" ? "summary.publish_signal" : "summary.publish", {
            name: string("name"),
          });
    case "message_start":
      return string("name") === "" ? "" : t("event.sentence_message", { name: string("name") });
    case "milestone":
      return [
        string("node") === ""
          ? ""
          : t("summary.milestone", { name: words.nodeOf?.(string("node")) ?? string("node") }),
        conditionSentence(settings["condition"], words),
      ]
        .filter((part) => part !== "")
        .join(t("sentence.and"));
    case "lock":
    case "unlock":
      return string("key") === "" ? "" : t(`summary.${node.type}`, { key: string("key") });
    case "cancel":
      return nodesSentence(settings["nodes"], words);
    case "compensate":
      if (string("back_to") !== "")
        return t("summary.compensate_back", {
          name: words.nodeOf?.(string("back_to")) ?? string("back_to"),
        });
      return nodesSentence(settings["nodes"], words) || t("summary.compensate_all");
    case "approval":
      return [assigneesSentence(settings["assignees"], words), voteInShort(settings, words)]
        .filter((part) => part !== "")
        .join(" · ");
    case "timer":
      if (settings["mode"] === "until" || settings["duration"] === undefined)
        return string("until") === "" ? "" : t("summary.until", { until: string("until") });
      return t(settings["days"] === "business" ? "summary.wait_business" : "summary.wait", {
        duration: durationSentence(settings["duration"], t),
      });
    case "notification":
      return [
        t(`channel.${string("channel") || "in_app"}` as "channel.mail", {
          defaultValue: string("channel"),
        }),
        assigneesSentence(settings["to"], words) || string("title"),
      ]
        .filter((part) => part !== "")
        .join(" · ");
    case "connector":
      return [
        words.connectionOf?.(string("connection")) ?? string("connection"),
        string("method"),
        string("path"),
      ]
        .filter((part) => part !== "")
        .join(" ");
    case "set_values":
      return listOf(settings["values"])
        .map((each) => (each as { name?: string }).name ?? "")
        .filter((name) => name !== "")
        .join(t("sentence.comma"));
    case "subflow":
      return string("flow") === ""
        ? ""
        : [
            words.flowOf?.(string("flow")) ?? string("flow"),
            settings["version"] === undefined ? "" : `v${settings["version"]}`,
            settings["window"] === undefined
              ? ""
              : t("summary.window", { count: Number(settings["window"]) }),
          ]
            .filter((part) => part !== "")
            .join(" · ");
    case "schedule":
      return cronSentence(settings["cron"], t);
    case "webhook":
      return t("summary.webhook");
    case "record":
      return string("table") === ""
        ? ""
        : t(`summary.record_${string("operation") || "create"}` as "summary.record_create", {
            table: string("table"),
          });
    case "end":
      if (settings["terminate"] === true) return t("summary.terminate");
      return string("result") === ""
        ? ""
        : t(`end_result.${string("result")}` as "end_result.completed", {
            defaultValue: string("result"),
          });
    case "start":
      return t("summary.start");
    default:
      return firstText(settings) || words.text(types.get(node.type)?.help as Text | undefined);
  }
}

/** When a join goes on, in one sentence. */
export function joinSentence(settings: Settings, t: TFunction<"editor">): string {
  const mode = String(settings["mode"] ?? "all");
  const n = Number(settings["n"] ?? 1);
  return t(`join.${mode}` as "join.all", {
    count: n,
    percent: Number(settings["percent"] ?? 100),
    defaultValue: mode,
  });
}

function nodesSentence(nodes: unknown, words: Words): string {
  return listOf(nodes)
    .map((id) => words.nodeOf?.(String(id)) ?? String(id))
    .join(words.t("sentence.comma"));
}

function firstText(settings: Record<string, unknown>): string {
  const found = Object.values(settings).find((value) => typeof value === "string" && value !== "");
  return typeof found === "string" ? found : "";
}

/** The condition of a branch in words, for the node itself. */
export function branchSentence(node: FlowNode, port: string, words: Words): string {
  const branches = listOf(node.settings["branches"]) as { id?: string; when?: unknown }[];
  return conditionSentence(branches.find((each) => each.id === port)?.when, words);
}

/** "after 24 hours", "message order.paid", "on error: out_of_stock". */
export function eventSentence(event: FlowEvent, words: Words): string {
  const named = words.text(event.title);
  if (named !== "") return named;
  const { t } = words;
  switch (event.kind) {
    case "timer":
      return event.at !== undefined
        ? t("event.sentence_at", { at: event.at })
        : t("event.sentence_after", { duration: durationSentence(event.after ?? "…", t) });
    case "message":
    case "signal":
      return t(`event.sentence_${event.kind}`, { name: event.name ?? "…" });
    case "error":
      return event.codes === undefined || event.codes.length === 0
        ? t("event.sentence_error")
        : t("event.sentence_error_codes", { codes: event.codes.join(t("sentence.comma")) });
    case "compensation":
      return t("event.sentence_compensation");
  }
}

/** What stands on a line: the branch's condition, or the name of the way; nothing where there is but one way. */
export function edgeSentence(
  document: FlowDocument,
  edge: FlowEdge,
  types: NodeTypes,
  words: Words,
): string {
  return lineSentence(nodeOf(document, edge.from), edge, types, words);
}

/** The same, for whoever has its source at hand. */
export function lineSentence(
  from: FlowNode | undefined,
  edge: FlowEdge,
  types: NodeTypes,
  words: Words,
): string {
  if (from === undefined) return "";
  const event = eventOf(from, edge.port);
  if (event !== undefined) return eventSentence(event, words);
  const ports = portsOf(from, types);
  if (ports.length < 2) return "";
  return branchSentence(from, edge.port, words) || exitTitle(from, edge.port, types, words);
}

/** What an exit is called: its title, or for an event what it waits for. */
export function exitTitle(node: FlowNode, port: string, types: NodeTypes, words: Words): string {
  const own = eventOf(node, port);
  if (own !== undefined) return eventSentence(own, words);
  const title = words.text(portsOf(node, types).find((each) => each.name === port)?.title);
  if (title !== "") return title;
  const list = types.get(node.type)?.ports_from;
  const items = list ? (listOf(node.settings[list]) as FlowEvent[]) : [];
  const event = items.find((each) => each.id === port && typeof each.kind === "string");
  return event === undefined ? port : eventSentence(event, words);
}
