// May this be? Each rule answers with the reason why not, as a code the screen translates, or null. Pure.

import {
  type EventKind,
  eventOf,
  eventsOf,
  exitsOf,
  type FlowDocument,
  type FlowNode,
  isHandler,
  leaving,
  type NodeType,
  type NodeTypes,
  nodeOf,
} from "./document";

export type Reason =
  | "unknown_node"
  | "unknown_port"
  | "to_itself"
  | "to_a_start"
  | "already_connected"
  | "from_an_end"
  | "no_way_out"
  | "only_one_start"
  | "from_a_handler"
  | "to_a_handler"
  | "no_handler_kind"
  | "handler_goes_on"
  | "handler_is_reached";

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
  if (!exitsOf(from, types).some((port) => port.name === wish.port)) return "unknown_port";
  const same = document.edges.some(
    (edge) => edge.from === wish.from && edge.port === wish.port && edge.to === wish.to,
  );
  if (same) return "already_connected";
  if (isHandler(document, wish.from)) return "from_a_handler";
  if (eventOf(from, wish.port)?.kind === "compensation") return whyNotUndo(document, wish, types);
  return isHandler(document, wish.to) ? "to_a_handler" : null;
}

/** Who undoes a node stands beside the way: nothing else leads there, and nothing follows. */
function whyNotUndo(document: FlowDocument, { from, port, to }: Wish, types: NodeTypes) {
  const node = nodeOf(document, to);
  if (whyNotHandle(types.get(node?.type ?? "")) !== null) return "no_handler_kind";
  if (leaving(document, to).length > 0) return "handler_goes_on";
  const reached = document.edges.some(
    (edge) => edge.to === to && !(edge.from === from && edge.port === port),
  );
  return reached ? "handler_is_reached" : null;
}

/** May a node of this type undo another? */
export function whyNotHandle(type: NodeType | undefined): Reason | null {
  if (type === undefined) return "unknown_node";
  return type.starts || type.ends || type.joins || type.splits ? "no_handler_kind" : null;
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

/** May this happen at a node? What comes from outside needs a node that waits; undoing needs a way to have been done. */
export function whyNotEvent(
  node: FlowNode,
  kind: EventKind,
  types: NodeTypes,
): "unknown_node" | "never_waits" | "one_undo" | null {
  const type = types.get(node.type);
  if (type === undefined) return "unknown_node";
  if (type.starts || type.ends) return "never_waits";
  if (kind === "compensation")
    return eventsOf(node).some((event) => event.kind === kind) ? "one_undo" : null;
  if (kind === "error") return null;
  return type.waits || type.in_worker ? null : "never_waits";
}
