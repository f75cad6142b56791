// What a test run can be told about nodes that wait: which way people or the world decide. Pure.

import {
  eventOf,
  eventsOf,
  type FlowDocument,
  type FlowNode,
  type NodeTypes,
  portsOf,
} from "./document";
import { exitTitle, type Words } from "./sentence";

/** The time comes, or nothing: nobody decides. */
export const NOBODY = "";

export interface Choice {
  value: string;
  label: string;
}

export interface Question {
  node: FlowNode;
  choices: Choice[];
  first: string;
}

/** A question for every node where a person, a message or a signal decides. */
export function questionsOf(
  document: FlowDocument,
  types: NodeTypes,
  words: Words,
  nobody: string,
  goesOn: string,
): Question[] {
  return document.nodes.flatMap((node): Question[] => {
    const type = types.get(node.type);
    const receives =
      type?.ports_from != null &&
      type.settings.properties?.[type.ports_from]?.["x-widget"] === "events";
    const told = eventsOf(node).filter((event) => ["message", "signal"].includes(event.kind));
    const decides = node.type === "approval" || receives;
    if (!decides && told.length === 0) return [];
    const named = (port: string): Choice => ({
      value: port,
      label: exitTitle(node, port, types, words),
    });
    const own = decides ? portsOf(node, types).map((port) => named(port.name)) : [];
    const choices = [
      ...own,
      ...told.map((event) => named(event.id)),
      { value: NOBODY, label: decides ? nobody : goesOn },
    ];
    const first = !decides
      ? NOBODY
      : node.type === "approval"
        ? "approved"
        : (own[0]?.value ?? NOBODY);
    return [{ node, choices, first }];
  });
}

/** As the server is told. A node that goes on by itself is not named. */
export function decisionsFrom(
  questions: readonly Question[],
  chosen: Readonly<Record<string, string>>,
): Record<string, { port: string | null }> {
  return Object.fromEntries(
    questions.flatMap(({ node, first }) => {
      const port = chosen[node.id] ?? first;
      if (port === NOBODY && first === NOBODY) return [];
      const timer = isTimer(node, port);
      return [[node.id, { port: port === NOBODY || timer ? null : port }] as const];
    }),
  );
}

/** A time comes by itself when nobody decides. */
export function isTimer(node: FlowNode, port: string): boolean {
  const events = (node.settings["events"] ?? []) as { id: string; kind: string }[];
  const own = Array.isArray(events) ? events.find((event) => event.id === port) : undefined;
  return (eventOf(node, port) ?? own)?.kind === "timer";
}
