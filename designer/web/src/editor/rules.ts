// May this be? Each rule answers with the reason why not, as a code the screen translates, or null. Pure.

import { type FlowDocument, type NodeTypes, nodeOf, portsOf } from "./document";

export type Reason =
  | "unknown_node"
  | "unknown_port"
  | "to_itself"
  | "to_a_start"
  | "already_connected"
  | "from_an_end"
  | "no_way_out"
  | "only_one_start";

export interface Wish {
  from: string;
  port: string;
  to: string;
}

/** An occupied port is no reason: connecting it again leads it elsewhere (behaviours.ts). */
export function whyNotConnect(document: FlowDocument, wish: Wish, types: NodeTypes): Reason | null {
  const from = nodeOf(document, wish.from);
  const to = nodeOf(document, wish.to);
  if (from === undefined || to === undefined) return "unknown_node";
  if (wish.from === wish.to) return "to_itself";
  if (types.get(to.type)?.starts) return "to_a_start";
  if (types.get(from.type)?.ends) return "from_an_end";
  if (!portsOf(from, types).some((port) => port.name === wish.port)) return "unknown_port";
  const same = document.edges.some(
    (edge) => edge.from === wish.from && edge.port === wish.port && edge.to === wish.to,
  );
  return same ? "already_connected" : null;
}

/** May a node of this type stand in the middle of a line? It needs a way in and a way out. */
export function whyNotInsert(typeName: string, types: NodeTypes): Reason | null {
  const type = types.get(typeName);
  if (type === undefined) return "unknown_node";
  if (type.starts) return "to_a_start";
  if (type.ends) return "no_way_out";
  return null;
}

/** May a node of this type follow another? */
export function whyNotAppend(typeName: string, types: NodeTypes): Reason | null {
  const type = types.get(typeName);
  if (type === undefined) return "unknown_node";
  return type.starts ? "to_a_start" : null;
}

/** May this kind of node be added at all? One plain start is enough; webhooks and schedules may stand beside it. */
export function whyNotAdd(
  document: FlowDocument,
  typeName: string,
  types: NodeTypes,
): Reason | null {
  if (!types.has(typeName)) return "unknown_node";
  const taken = typeName === "start" && document.nodes.some((node) => node.type === "start");
  return taken ? "only_one_start" : null;
}
