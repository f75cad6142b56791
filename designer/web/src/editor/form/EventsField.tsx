// The events a node waits for, as one of its settings: whichever comes first is the way out.

import type { EventKind, FlowEvent } from "../document";
import type { FieldProps } from "./context";
import { EventList } from "./EventList";

const KINDS: EventKind[] = ["message", "signal", "timer"];

export function EventsField({ path, value, onChange }: FieldProps) {
  const events = (Array.isArray(value) ? value : []) as FlowEvent[];
  const add = (kind: EventKind) => {
    const taken = new Set(events.map((event) => event.id));
    let number = 1;
    while (taken.has(`${kind}_${number}`)) number += 1;
    const id = taken.has(kind) ? `${kind}_${number}` : kind;
    onChange([...events, { id, kind, ...(kind === "timer" ? { after: "PT24H" } : {}) }]);
  };
  return <EventList events={events} kinds={KINDS} path={path} onChange={onChange} onAdd={add} />;
}
