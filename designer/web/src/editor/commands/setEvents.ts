// The boundary events of a node as they are said now; lines of events that are gone go too.

import { dropLooseEdges } from "../behaviours";
import type { Command } from "../command";
import { eventsOf, type FlowEvent, nodeOf, sameValue, withNode } from "../document";

export interface SetEvents {
  node: string;
  events: FlowEvent[];
}

export const setEvents: Command<SetEvents> = {
  name: "setEvents",
  run: (document, { node: id, events }, types) => {
    const node = nodeOf(document, id);
    if (node === undefined || sameValue(eventsOf(node), events)) return document;
    if (events.length > 0) return dropLooseEdges(withNode(document, id, { events }), id, types);
    const { events: _, ...bare } = node;
    const changed = {
      ...document,
      nodes: document.nodes.map((each) => (each.id === id ? bare : each)),
    };
    return dropLooseEdges(changed, id, types);
  },
  burst: ({ node, events }) => `events ${node} ${events.length}`,
};
