// Somebody else's draft taken into an open editor, with its history: an undo takes back what I did, and nothing of theirs. Pure.

import type { FlowDocument, NodeTypes } from "../document";
import type { History } from "../history";
import { type Conflict, merge } from "./merge";

export interface Adopted {
  history: History;
  conflicts: Conflict[];
}

/** `base` is what the server had when I last heard of it, `theirs` what it has now. */
export function adopted(
  history: History,
  base: FlowDocument,
  theirs: FlowDocument,
  types: NodeTypes,
): Adopted {
  const { document: present, conflicts } = merge(base, history.present, theirs, types);
  const seen = new Map<FlowDocument, FlowDocument>([[history.present, present]]);
  const carried = (document: FlowDocument): FlowDocument => {
    const known = seen.get(document);
    if (known !== undefined) return known;
    const found = merge(base, document, theirs, types, "mine").document;
    seen.set(document, found);
    return found;
  };
  const entry = <Entry extends { before: FlowDocument; after: FlowDocument }>(each: Entry) => ({
    ...each,
    before: carried(each.before),
    after: carried(each.after),
    burst: null,
  });
  return {
    history: { past: history.past.map(entry), present, future: history.future.map(entry) },
    conflicts,
  };
}
