// A new node (or one that stands there already) in the middle of a line; what follows makes room.

import { joinUp, mainPort, makeRoom } from "../behaviours";
import type { Command } from "../command";
import {
  edgeOf,
  firstSettings,
  freshName,
  isUndoing,
  NODE_WIDTH,
  nodeOf,
  type Settings,
  snapped,
  withoutEdges,
} from "../document";
import { whyNotInsert } from "../rules";

export interface InsertOnEdge {
  edge: string;
  id: string;
  type: string;
  settings?: Settings;
}

export const insertOnEdge: Command<InsertOnEdge> = {
  name: "insertOnEdge",
  run: (document, { edge: edgeId, id, type: typeName, settings }, types) => {
    const edge = edgeOf(document, edgeId);
    const type = types.get(typeName);
    if (edge === undefined || type === undefined || whyNotInsert(typeName, types) !== null)
      return document;
    if (isUndoing(document, edge)) return document;
    const present = nodeOf(document, id);
    if (present !== undefined && (edge.from === id || edge.to === id)) return document;
    const from = nodeOf(document, edge.from);
    const to = nodeOf(document, edge.to);
    if (from === undefined || to === undefined) return document;

    const backwards = to.position.x <= from.position.x;
    const position = backwards
      ? {
          x: (from.position.x + to.position.x) / 2,
          y: Math.max(from.position.y, to.position.y) + 120,
        }
      : {
          x: Math.max(
            from.position.x + NODE_WIDTH + 60,
            (from.position.x + to.position.x + NODE_WIDTH) / 2 - NODE_WIDTH / 2,
          ),
          y: to.position.y,
        };
    const withIt =
      present !== undefined
        ? document
        : {
            ...document,
            nodes: [
              ...document.nodes,
              {
                id,
                type: typeName,
                name: freshName(document, type.title),
                position: snapped(position),
                settings: settings ?? firstSettings(type),
              },
            ],
          };
    const port = mainPort(withIt, id, types);
    if (port === undefined) return document;
    const freed = withoutEdges(withIt, (each) => each.id === edgeId);
    const first = joinUp(freed, { from: edge.from, port: edge.port, to: id }, types);
    const both = joinUp(first, { from: id, port, to: edge.to }, types);
    return present !== undefined || backwards ? both : makeRoom(both, id, edge.to);
  },
};
