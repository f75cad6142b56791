// A new node in front of another: every line that led there now leads to the new one.

import { joinUp, mainPort } from "../behaviours";
import type { Command } from "../command";
import {
  downstream,
  firstSettings,
  freshName,
  GAP_X,
  isHandler,
  NODE_WIDTH,
  nodeOf,
  type Settings,
  snapped,
} from "../document";
import { whyNotInsert } from "../rules";

export interface InsertBefore {
  node: string;
  id: string;
  type: string;
  settings?: Settings;
}

export const insertBefore: Command<InsertBefore> = {
  name: "insertBefore",
  run: (document, { node: nextId, id, type: typeName, settings }, types) => {
    const next = nodeOf(document, nextId);
    const type = types.get(typeName);
    if (next === undefined || type === undefined) return document;
    if (whyNotInsert(typeName, types) !== null || types.get(next.type)?.starts) return document;
    if (isHandler(document, nextId)) return document;

    const shift = NODE_WIDTH + GAP_X;
    const moving = new Set([nextId, ...downstream(document, nextId).map((node) => node.id)]);
    const changed = {
      ...document,
      nodes: [
        ...document.nodes.map((node) =>
          moving.has(node.id) && node.position.x >= next.position.x
            ? { ...node, position: { x: node.position.x + shift, y: node.position.y } }
            : node,
        ),
        {
          id,
          type: typeName,
          name: freshName(document, type.title),
          position: snapped(next.position),
          settings: settings ?? firstSettings(type),
        },
      ],
      edges: document.edges.map((edge) => (edge.to === nextId ? { ...edge, to: id } : edge)),
    };
    const port = mainPort(changed, id, types);
    return port === undefined ? document : joinUp(changed, { from: id, port, to: nextId }, types);
  },
};
