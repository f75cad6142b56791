// Steps one after the other, with their settings, on a line, behind an exit, or free: what was typed, as one change.

import { joinUp, mainPort } from "../behaviours";
import type { Command } from "../command";
import {
  edgeOf,
  type FlowDocument,
  firstSettings,
  freshName,
  type NodeTypes,
  nodeOf,
  type Position,
  type Settings,
  type Text,
  takesMany,
  withNode,
  withoutEdges,
} from "../document";
import { whyNotAdd, whyNotAppend, whyNotConnect } from "../rules";
import { addNode } from "./addNode";

export type NewStep = { to: string } | { id: string; type: string; name: Text; settings: Settings };

export interface AddSteps {
  /** Ids are chosen by the caller (`freshNodeId`). `to`, at the end only: the way leads to this node, which is there. */
  steps: readonly NewStep[];
  from: { edge: string } | { node: string; port: string } | { position: Position };
}

interface Exit {
  node: string;
  port: string;
}

export const addSteps: Command<AddSteps> = {
  name: "addSteps",
  run: (document, { steps, from }, types) => {
    let exit: Exit | null = exitOf(document, from);
    let drawn = document;
    const [first] = steps;
    if (exit !== null && first !== undefined && "type" in first && types.get(first.type)?.starts)
      return begunBy(document, first, steps.slice(1), exit, types);
    let position = "position" in from ? from.position : undefined;
    for (const step of steps) {
      if ("to" in step) {
        const wish = exit && { from: exit.node, port: exit.port, to: step.to };
        if (wish === null) return document;
        const taken = drawn.edges.some(
          (edge) => edge.from === wish.from && edge.port === wish.port && edge.to === wish.to,
        );
        if (!taken && whyNotConnect(drawn, wish, types) !== null) return document;
        return taken ? drawn : joinUp(drawn, wish, types);
      }
      if (whyNotAdd(drawn, step.type, types) !== null) return document;
      if (exit !== null && whyNotAppend(step.type, types) !== null) return document;
      drawn = put(drawn, step, exit, position, types);
      position = undefined;
      const port = onward(drawn, step.id, types);
      exit = port === undefined ? null : { node: step.id, port };
    }
    return drawn;
  },
};

/** Another beginning in place of the one that is there: "when order.paid" right behind the start of an empty flow. */
function begunBy(
  document: FlowDocument,
  first: Exclude<NewStep, { to: string }>,
  others: readonly NewStep[],
  exit: Exit,
  types: NodeTypes,
): FlowDocument {
  const former = nodeOf(document, exit.node);
  const wholly = types.get(first.type)?.ports[0]?.name;
  if (former === undefined || wholly === undefined || !types.get(former.type)?.starts)
    return document;
  const next = document.edges.find(({ from, port }) => from === former.id && port === exit.port);
  const freed: FlowDocument = {
    ...document,
    nodes: document.nodes.filter(({ id }) => id !== former.id),
    edges: document.edges.filter(({ from }) => from !== former.id),
  };
  const begun = put(freed, first, null, former.position, types);
  const way = { from: first.id, port: wholly, to: next?.to ?? "" };
  const led = next === undefined ? begun : joinUp(begun, way, types);
  if (others.length === 0) return led;
  return addSteps.run(led, { steps: others, from: { node: first.id, port: wholly } }, types);
}

function exitOf(document: FlowDocument, from: AddSteps["from"]): Exit | null {
  if ("position" in from) return null;
  if ("node" in from) return from;
  const edge = edgeOf(document, from.edge);
  return edge === undefined ? null : { node: edge.from, port: edge.port };
}

function put(
  document: FlowDocument,
  { id, type, name, settings }: Exclude<NewStep, { to: string }>,
  exit: Exit | null,
  position: Position | undefined,
  types: NodeTypes,
): FlowDocument {
  const kind = types.get(type);
  if (kind === undefined) return document;
  const single = exit !== null && !takesMany(nodeOf(document, exit.node), exit.port, types);
  const next = single
    ? document.edges.find((edge) => edge.from === exit.node && edge.port === exit.port)?.to
    : undefined;
  const added = addNode.run(
    document,
    {
      id,
      type,
      settings: { ...firstSettings(kind), ...settings },
      ...(exit === null ? {} : { after: exit }),
      ...(position === undefined ? {} : { position }),
    },
    types,
  );
  const named = withNode(added, id, { name: freshName(document, name) });
  const main = mainPort(named, id, types);
  const port = onward(named, id, types);
  if (next === undefined || main === port || port === undefined) return named;
  // What followed follows where nothing else is said: behind a choice, that is where no branch fits.
  const moved = withoutEdges(
    named,
    (edge) => edge.from === id && edge.port === main && edge.to === next,
  );
  return joinUp(moved, { from: id, port, to: next }, types);
}

/** Where the line goes on: of a choice, where none of its branches fits. */
function onward(document: FlowDocument, id: string, types: NodeTypes): string | undefined {
  const type = types.get(nodeOf(document, id)?.type ?? "");
  if (type !== undefined && type.ports_from !== null && type.ports[0] !== undefined)
    return type.ports[0].name;
  return mainPort(document, id, types);
}
