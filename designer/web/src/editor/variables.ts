// Which values a node can use: the fields of the start, what the nodes before it answer, and what is always there.

import type { TFunction } from "i18next";
import type { JsonSchema } from "../schema";
import {
  askedInput,
  eventsOf,
  type FlowDocument,
  type FlowNode,
  isHandler,
  type NodeType,
  type NodeTypes,
  type Text,
  upstream,
} from "./document";

export type Kind = "text" | "number" | "boolean" | "date" | "list" | "object" | "choice";

export interface Variable {
  /** As written in an expression: `order.amount`. */
  path: string;
  title: string;
  kind: Kind;
  /** Where it comes from: the heading it is listed under. */
  source: string;
  sample?: unknown;
  choices?: { value: unknown; title: string }[];
  /** Of a list of records: the fields of one item, by their names in it. */
  items?: Variable[];
}

export type ShowText = (value: Text | string | null | undefined) => string;

const DEPTH_MAX = 4;

export function variablesAt(
  document: FlowDocument,
  nodeId: string | null,
  types: NodeTypes,
  t: TFunction<"editor">,
  text: ShowText,
  known: Readonly<Record<string, unknown>> = {},
): Variable[] {
  const values = { ...document.sample, ...known };
  const before =
    nodeId === null
      ? document.nodes
      : upstream(document, nodeId).filter((node) => node.id !== nodeId);
  const found = [
    ...brought(document, nodeId, types, t, values),
    ...fieldsOf(askedInput(document), "", t("variable.input"), text, values),
    ...before.flatMap((node) => outputOf(node, types, t, text, values)),
    ...before.flatMap((node) => payloadsOf(node, types, t, text, values)),
    ...(nodeId !== null && isHandler(document, nodeId) ? undone(t) : []),
    ...always(t),
  ];
  const seen = new Set<string>();
  return found.filter((each) => !seen.has(each.path) && seen.add(each.path));
}

/** What only this node knows: what a message or a call has brought. */
function brought(
  document: FlowDocument,
  nodeId: string | null,
  types: NodeTypes,
  t: TFunction<"editor">,
  values: Readonly<Record<string, unknown>>,
): Variable[] {
  const type = types.get(document.nodes.find(({ id }) => id === nodeId)?.type ?? "");
  const { "x-variables": all = [], properties } = type?.settings ?? {};
  const mapped = properties?.["values"]?.["x-variables"] ?? [];
  return [...new Set([...all, ...mapped])].map((name) => ({
    path: name,
    title: name,
    kind: "object",
    source: t("variable.brought"),
    ...(values[name] === undefined ? {} : { sample: values[name] }),
  }));
}

function always(t: TFunction<"editor">): Variable[] {
  const source = t("variable.always");
  return [
    { path: "instance.id", title: t("variable.instance_id"), kind: "text", source },
    { path: "instance.business_key", title: t("variable.business_key"), kind: "text", source },
    { path: "instance.started_at", title: t("variable.started_at"), kind: "date", source },
    { path: "instance.initiator", title: t("variable.initiator"), kind: "text", source },
    { path: "now", title: t("variable.now"), kind: "date", source },
  ];
}

function fieldsOf(
  schema: JsonSchema,
  prefix: string,
  source: string,
  text: ShowText,
  values: unknown,
  above = "",
  depth = 0,
): Variable[] {
  if (depth > DEPTH_MAX) return [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const own = text(property["x-title"]) || property.title || name;
    const title = above === "" ? own : `${above} · ${own}`;
    const value = valueAt(values, [name]);
    const variable: Variable = { path, title, kind: kindOf(property), source };
    if (value !== undefined) variable.sample = value;
    const choices = choicesOf(property, text);
    if (choices !== undefined) variable.choices = choices;
    if (property.items?.properties !== undefined)
      variable.items = fieldsOf(property.items, "", source, text, undefined, "", depth + 1);
    return [variable, ...fieldsOf(property, path, source, text, value, title, depth + 1)];
  });
}

export function kindOf(schema: JsonSchema): Kind {
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (schema.format === "money" || type === "number" || type === "integer") return "number";
  if (type === "boolean") return "boolean";
  if (schema.format === "date-time" || schema.format === "date") return "date";
  if (schema.enum !== undefined || schema.oneOf?.every((one) => one.const !== undefined))
    return "choice";
  if (type === "array") return "list";
  if (type === "object") return "object";
  return "text";
}

export function choicesOf(
  schema: JsonSchema,
  text: ShowText,
): { value: unknown; title: string }[] | undefined {
  if (schema.enum !== undefined) {
    const titles = schema["x-enum-titles"] ?? {};
    return schema.enum.map((value) => ({
      value,
      title: text(titles[String(value)]) || String(value),
    }));
  }
  const constants = schema.oneOf?.filter((one) => one.const !== undefined);
  if (constants === undefined || constants.length === 0) return undefined;
  return constants.map((one) => ({
    value: one.const,
    title: text(one["x-title"]) || one.title || String(one.const),
  }));
}

export function nameOf(node: FlowNode, types: NodeTypes, text: ShowText): string {
  return text(node.name) || text(types.get(node.type)?.title) || node.id;
}

/** What came with an event is kept under the event's id. */
function payloadsOf(
  node: FlowNode,
  types: NodeTypes,
  t: TFunction<"editor">,
  text: ShowText,
  values: unknown,
): Variable[] {
  const source = nameOf(node, types, text);
  return eventsOf(node).flatMap((event): Variable[] => {
    const title = text(event.title) || t(`event.kind_${event.kind}`);
    const sample = valueAt(values, [event.id]);
    const variable = (path: string, name: string, kind: Kind): Variable => ({
      path: path === "" ? event.id : `${event.id}.${path}`,
      title: path === "" ? name : `${title} · ${name}`,
      kind,
      source,
      ...(path === "" && sample !== undefined ? { sample } : {}),
    });
    if (event.kind === "error")
      return [
        variable("code", t("output.error_code"), "text"),
        variable("message", t("output.error_message"), "text"),
        variable("unknown", t("output.error_unknown"), "boolean"),
      ];
    return ["message", "signal"].includes(event.kind) ? [variable("", title, "object")] : [];
  });
}

/** What a node that undoes another can see of it. */
function undone(t: TFunction<"editor">): Variable[] {
  const source = t("variable.undone");
  return [
    { path: "compensated.output", title: t("variable.undone_output"), kind: "object", source },
    { path: "compensated.key", title: t("variable.undone_key"), kind: "text", source },
    { path: "compensated.node", title: t("variable.undone_node"), kind: "text", source },
  ];
}

type Field = [path: string, titleKey: string, kind: Kind];

/** What nodes answer, for types that do not say it themselves. */
const OUTPUTS: Record<string, Field[]> = {
  approval: [
    ["decision", "output.decision", "choice"],
    ["by", "output.by", "text"],
    ["comment", "output.comment", "text"],
    ["votes", "output.votes", "list"],
  ],
  connector: [
    ["status", "output.status", "number"],
    ["body", "output.body", "object"],
  ],
  record: [["", "output.record", "object"]],
  subflow: [["", "output.children", "object"]],
};

function outputOf(
  node: FlowNode,
  types: NodeTypes,
  t: TFunction<"editor">,
  text: ShowText,
  values: unknown,
): Variable[] {
  const source = nameOf(node, types, text);
  const root = node.result ?? node.id;
  const type = types.get(node.type) as (NodeType & { output?: JsonSchema }) | undefined;
  const own = valueAt(values, [root]);
  const set = valuesSet(node).map((name): Variable => {
    const sample = valueAt(values, [name]);
    return {
      path: name,
      title: name,
      kind: "text",
      source,
      ...(sample === undefined ? {} : { sample }),
    };
  });
  if (type?.output !== undefined) {
    return [...set, ...fieldsOf(type.output, root, source, text, own, "", 1)];
  }
  const fields = (OUTPUTS[node.type] ?? []).map(([path, titleKey, kind]): Variable => {
    const sample = valueAt(own, path === "" ? [] : path.split("."));
    return {
      path: path === "" ? root : `${root}.${path}`,
      title: t(titleKey as "output.decision"),
      kind,
      source,
      ...(path === "decision" ? { choices: decisions(type, text) } : {}),
      ...(sample === undefined ? {} : { sample }),
    };
  });
  const form = node.settings["form"] as JsonSchema | undefined;
  const filled =
    node.type === "approval" && form !== undefined
      ? fieldsOf(form, `${root}.form`, source, text, valueAt(own, ["form"]))
      : [];
  return [...set, ...fields, ...filled];
}

function decisions(type: NodeType | undefined, text: ShowText) {
  return (type?.ports ?? []).map((port) => ({
    value: port.name,
    title: text(port.title) || port.name,
  }));
}

/** `values` of a set_values, webhook or schedule node become variables at the root. */
function valuesSet(node: FlowNode): string[] {
  if (!["set_values", "webhook", "schedule", "message_start"].includes(node.type)) return [];
  const values = node.settings["values"];
  if (!Array.isArray(values)) return [];
  return values.flatMap((each) => (typeof each?.name === "string" && each.name ? [each.name] : []));
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (found, name) =>
      typeof found === "object" && found !== null && !Array.isArray(found)
        ? (found as Record<string, unknown>)[name]
        : undefined,
    value,
  );
}

/** A sample as short as a line: `"A-1001"`, `{ 3 }`. */
export function shortSample(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  const json = JSON.stringify(value);
  return json.length > 40 ? `${json.slice(0, 39)}…` : json;
}
