// Something that may happen while a token waits at a node: one more exit at its lower edge.

import type { Command } from "../command";
import { type EventKind, eventsOf, type FlowEvent, nodeOf, withNode } from "../document";
import { whyNotEvent } from "../rules";

export interface AddEvent {
  node: string;
  /** Chosen by the caller (`freshEventId`), so that it can be connected afterwards. */
  id: string;
  kind: EventKind;
}

/** What an event starts with; the rest its person says. */
const FIRST: Record<EventKind, Partial<FlowEvent>> = {
  timer: { after: "PT24H" },
  message: {},
  signal: {},
  error: {},
  compensation: {},
};

export const addEvent: Command<AddEvent> = {
  name: "addEvent",
  run: (document, { node: id, id: event, kind }, types) => {
    const node = nodeOf(document, id);
    if (node === undefined || whyNotEvent(node, kind, types) !== null) return document;
    const added = { id: event, kind, ...FIRST[kind] };
    return withNode(document, id, { events: [...eventsOf(node), added] });
  },
};
