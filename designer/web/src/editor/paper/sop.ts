// The flow as a document people can work by: its steps in words and in order, who does them, by when, and what if not. Pure.

import type { JsonSchema } from "../../schema";
import { deadlinesSentence } from "../approval/deadlines";
import { voteSentence } from "../approval/vote";
import {
  entering,
  eventsOf,
  exitsOf,
  type FlowDocument,
  type FlowNode,
  handlersOf,
  inputOf,
  inReadingOrder,
  leaving,
  type NodeTypes,
  nodeOf,
  notesOf,
} from "../document";
import {
  assigneesSentence,
  edgeSentence,
  eventSentence,
  nodeSentence,
  type Words,
} from "../sentence";
import { nameOf } from "../variables";

export interface SopStep {
  id: string;
  number: number;
  name: string;
  kind: string;
  /** What is done, in a sentence. */
  what: string;
  who: string;
  how: string;
  limit: string;
  /** "If the amount > 200: go to step 3". */
  next: string[];
  /** "After 24 hours: go to step 5". */
  exceptions: string[];
}

export interface Sop {
  title: string;
  about: string;
  starts: string[];
  fields: { name: string; kind: string; required: boolean }[];
  steps: SopStep[];
  people: { who: string; steps: number[] }[];
  notes: string[];
}

export function sopOf(document: FlowDocument, types: NodeTypes, words: Words): Sop {
  const { text } = words;
  const ordered = inOrderOfWork(document, types);
  const working = ordered.filter((node) => !types.get(node.type)?.starts);
  const numbers = new Map(working.map((node, index) => [node.id, index + 1]));
  const steps = working.map((node) => stepOf(node, document, types, words, numbers));
  return {
    title: text(document.name) || document.key,
    about: text(document.description),
    starts: ordered
      .filter((node) => types.get(node.type)?.starts)
      .map((node) => startSentence(node, document, types, words, numbers)),
    fields: fieldsOf(inputOf(document), words),
    steps,
    people: peopleOf(steps),
    notes: notesOf(document).flatMap((note) => (note.text.trim() === "" ? [] : [note.text.trim()])),
  };
}

/** What comes before stands before: a step is told once all ways to it have been (loops aside), so ends come last. */
function inOrderOfWork(document: FlowDocument, types: NodeTypes): FlowNode[] {
  const done: FlowNode[] = [];
  const seen = new Set<string>();
  const visit = (first: string) => {
    const stack: { id: string; next: string[] }[] = [];
    const enter = (id: string) => {
      if (seen.has(id)) return;
      seen.add(id);
      const node = nodeOf(document, id);
      const ports = node === undefined ? [] : exitsOf(node, types).map((port) => port.name);
      const next = leaving(document, id)
        .sort((a, b) => ports.indexOf(b.port) - ports.indexOf(a.port))
        .map((edge) => edge.to);
      stack.push({ id, next });
    };
    enter(first);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.next.shift();
      if (next !== undefined) {
        enter(next);
        continue;
      }
      stack.pop();
      const node = nodeOf(document, top.id);
      if (node !== undefined) done.push(node);
    }
  };
  for (const node of inReadingOrder(document, types).reverse()) {
    if (!types.get(node.type)?.starts && entering(document, node.id).length > 0) continue;
    visit(node.id);
  }
  for (const node of document.nodes) visit(node.id);
  return done.reverse();
}

/** "Refund of {{ amount }}" is told with the field's name. */
function told(template: unknown, words: Words): string {
  return String(template ?? "").replace(
    /{{\s*([\w.]+)[^}]*}}/g,
    (_, path: string) => `[${words.titleOf(path)}]`,
  );
}

type Numbers = ReadonlyMap<string, number>;

function stepOf(
  node: FlowNode,
  document: FlowDocument,
  types: NodeTypes,
  words: Words,
  numbers: Numbers,
): SopStep {
  const { t } = words;
  const type = types.get(node.type);
  const approval = node.type === "approval";
  const who = assigneesSentence(node.settings[approval ? "assignees" : "to"], words);
  const events = new Set(eventsOf(node).map((event) => event.id));
  const ways = leaving(document, node.id);
  const ports = exitsOf(node, types).filter((port) => !events.has(port.name));
  const to = (edge: { to: string }) => stepWords(edge.to, document, types, words, numbers);
  const undoing = handlersOf(document).has(node.id);
  const before = undoing ? nodeOf(document, entering(document, node.id)[0]?.from ?? "") : undefined;
  return {
    id: node.id,
    number: numbers.get(node.id) ?? 0,
    name: nameOf(node, types, words.text),
    kind: words.text(type?.title),
    what: before
      ? t("canvas:sop.undoes", { name: nameOf(before, types, words.text) })
      : approval || node.type === "notification"
        ? told(node.settings["title"], words)
        : type?.ports_from
          ? ""
          : told(nodeSentence(node, types, words), words),
    who,
    how: approval ? voteSentence(node.settings, words) : "",
    limit: approval ? deadlinesSentence(node.settings, words) : "",
    next: ways
      .filter((edge) => !events.has(edge.port))
      .map((edge) => {
        const when = ports.length > 1 ? edgeSentence(document, edge, types, words) : "";
        return when === ""
          ? t("canvas:sop.then", { step: to(edge) })
          : t("canvas:sop.when", { when, step: to(edge) });
      }),
    exceptions: eventsOf(node).map((event) => {
      const edge = ways.find((each) => each.port === event.id);
      const when = eventSentence(event, words);
      return edge === undefined ? when : t("canvas:sop.when", { when, step: to(edge) });
    }),
  };
}

/** "step 3 (Approval)". */
function stepWords(
  id: string,
  document: FlowDocument,
  types: NodeTypes,
  words: Words,
  numbers: Numbers,
): string {
  const node = nodeOf(document, id);
  if (node === undefined) return id;
  return words.t("canvas:sop.step", {
    number: numbers.get(id) ?? 0,
    name: nameOf(node, types, words.text),
  });
}

function startSentence(
  node: FlowNode,
  document: FlowDocument,
  types: NodeTypes,
  words: Words,
  numbers: Numbers,
): string {
  const how = [nameOf(node, types, words.text), nodeSentence(node, types, words)]
    .filter((part, index, all) => part !== "" && all.indexOf(part) === index)
    .join(" · ");
  const [edge] = leaving(document, node.id);
  if (edge === undefined) return how;
  const step = stepWords(edge.to, document, types, words, numbers);
  return words.t("canvas:sop.when", { when: how, step });
}

function fieldsOf(schema: JsonSchema, words: Words): Sop["fields"] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    name: words.text(field["x-title"]) || field.title || name,
    kind: words.t(`form.kind_${kindOf(field)}` as "form.kind_text"),
    required: required.has(name),
  }));
}

function kindOf(field: JsonSchema): string {
  if (field.enum !== undefined || field.oneOf !== undefined) return "choice";
  if (field.format === "date") return "date";
  if (field.format === "date-time") return "datetime";
  if (field["x-widget"] === "money") return "money";
  switch (Array.isArray(field.type) ? field.type[0] : field.type) {
    case "number":
    case "integer":
      return "number";
    case "boolean":
      return "boolean";
    case "object":
    case "array":
      return "other";
    default:
      return "text";
  }
}

function peopleOf(steps: readonly SopStep[]): Sop["people"] {
  const found = new Map<string, number[]>();
  for (const { who, number } of steps) {
    if (who !== "") found.set(who, [...(found.get(who) ?? []), number]);
  }
  return [...found].map(([who, numbers]) => ({ who, steps: numbers }));
}

/** As Markdown, for a wiki or a mail. */
export function markdownOf(sop: Sop, t: Words["t"]): string {
  const lines = [`# ${sop.title}`, ""];
  if (sop.about !== "") lines.push(sop.about, "");
  lines.push(`## ${t("canvas:sop.starts")}`, "", ...sop.starts.map((each) => `- ${each}`), "");
  if (sop.fields.length > 0) {
    lines.push(`## ${t("canvas:sop.fields")}`, "");
    for (const field of sop.fields) {
      const needed = field.required ? ` · ${t("canvas:sop.required")}` : "";
      lines.push(`- ${field.name} (${field.kind}${needed})`);
    }
    lines.push("");
  }
  lines.push(`## ${t("canvas:sop.steps")}`, "");
  for (const step of sop.steps) {
    lines.push(`### ${step.number}. ${step.name} (${step.kind})`, "");
    for (const [label, said] of saidOf(step, t)) lines.push(`- **${label}**: ${said}`);
    lines.push(...step.next.map((each) => `- → ${each}`));
    lines.push(...step.exceptions.map((each) => `- ⚠ ${each}`), "");
  }
  if (sop.people.length > 0) {
    lines.push(`## ${t("canvas:sop.people")}`, "");
    lines.push(...sop.people.map(({ who, steps }) => `- ${who}: ${steps.join(", ")}`), "");
  }
  if (sop.notes.length > 0) {
    lines.push(`## ${t("canvas:sop.notes")}`, "", ...sop.notes.map((note) => `> ${note}`), "");
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

/** What is said of a step, under its label; what nobody said is left out. */
export function saidOf(step: SopStep, t: Words["t"]): [label: string, said: string][] {
  const said: [string, string][] = [
    [t("canvas:sop.what"), step.what],
    [t("canvas:sop.who"), step.who],
    [t("canvas:sop.how"), step.how],
    [t("canvas:sop.limit"), step.limit],
  ];
  return said.filter(([, words]) => words !== "");
}
