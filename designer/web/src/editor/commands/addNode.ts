// A new node, free or behind another one.

import { freePlace, joinUp, mainPort, makeRoom } from "../behaviours";
import type { Command } from "../command";
import {
  eventOf,
  type FlowDocument,
  firstSettings,
  freshName,
  GAP_X,
  isUndoing,
  NODE_WIDTH,
  type NodeTypes,
  nodeOf,
  PORT_HEIGHT,
  type Position,
  portsOf,
  type Settings,
  sizeOf,
  snapped,
  takesMany,
  withoutEdges,
} from "../document";
import { whyNotAdd, whyNotAppend } from "../rules";

export interface AddNode {
  /** Chosen by the caller (`freshNodeId`), so that the new node can be selected afterwards. */
  id: string;
  type: string;
  /** Left out: to the right of `after`, or in a free place. */
  position?: Position;
  settings?: Settings;
  /** Where it is connected from; what followed there follows the new node. */
  after?: { node: string; port: string };
}

/** Room for the words of the line that comes down from an event. */
const BELOW_EVENT = 70;

export const addNode: Command<AddNode> = {
  name: "addNode",
  run: (document, { id, type: typeName, position, settings, after }, types) => {
    const type = types.get(typeName);
    if (type === undefined || whyNotAdd(document, typeName, types) !== null) return document;
    const added: FlowDocument = {
      ...document,
      nodes: [
        ...document.nodes,
        {
          id,
          type: typeName,
          name: freshName(document, type.title),
          position: snapped(position ?? place(document, after, !type.ends, types)),
          settings: settings ?? firstSettings(type),
        },
      ],
    };
    if (after === undefined || whyNotAppend(typeName, types) !== null) return added;
    return behind(added, id, after, types);
  },
};

function behind(
  document: FlowDocument,
  id: string,
  after: { node: string; port: string },
  types: NodeTypes,
): FlowDocument {
  const many = takesMany(nodeOf(document, after.node), after.port, types);
  const former = many
    ? undefined
    : document.edges.find((edge) => edge.from === after.node && edge.port === after.port);
  const way = { from: after.node, port: after.port, to: id };
  // Who undoes a node has nothing behind it: the new one takes the place of the former.
  if (former === undefined || isUndoing(document, way)) return joinUp(document, way, types);
  const port = mainPort(document, id, types);
  if (port === undefined) return joinUp(document, way, types);
  const freed = withoutEdges(document, (edge) => edge.id === former.id);
  const connected = joinUp(joinUp(freed, way, types), { from: id, port, to: former.to }, types);
  return makeRoom(connected, id, former.to);
}

function place(
  document: FlowDocument,
  after: AddNode["after"],
  goesOn: boolean,
  types: NodeTypes,
): Position {
  const previous = after === undefined ? undefined : nodeOf(document, after.node);
  if (after === undefined || previous === undefined) {
    const lowest = document.nodes.reduce((low, node) => Math.max(low, node.position.y), -110);
    const left = document.nodes.reduce((min, node) => Math.min(min, node.position.x), 0);
    return { x: left, y: lowest + 110 };
  }
  if (eventOf(previous, after.port) !== undefined) {
    const below = previous.position.y + sizeOf(previous, types).height + BELOW_EVENT;
    return freePlace(document, { x: previous.position.x + 180, y: below }, types);
  }
  const x = previous.position.x + NODE_WIDTH + GAP_X;
  const next = following(document, after);
  const takesItsPlace = goesOn && next !== undefined && next.position.x > previous.position.x;
  if (takesItsPlace && next.position.x <= x + NODE_WIDTH) return { x, y: next.position.y };
  const ports = portsOf(previous, types);
  const index = Math.max(
    0,
    ports.findIndex((port) => port.name === after.port),
  );
  const below = ports.length > 1 ? index * (PORT_HEIGHT + 90) : 0;
  return freePlace(document, { x, y: previous.position.y + below }, types);
}

/** The node that follows there now; it will move to the right. */
function following(document: FlowDocument, after: { node: string; port: string }) {
  const edge = document.edges.find((each) => each.from === after.node && each.port === after.port);
  return edge === undefined ? undefined : nodeOf(document, edge.to);
}
