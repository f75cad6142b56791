// Deletes what is selected; the line closes over a deleted node.

import { takeOut } from "../behaviours";
import type { Command } from "../command";
import { nodeOf, notesOf, withoutEdges } from "../document";

export interface RemoveSelection {
  nodes: readonly string[];
  edges: readonly string[];
  notes: readonly string[];
}

export const removeSelection: Command<RemoveSelection> = {
  name: "removeSelection",
  run: (document, { nodes, edges, notes }, types) => {
    const withoutSelected = withoutEdges(document, (edge) => edges.includes(edge.id));
    const withoutNodes = nodes
      .filter((id) => nodeOf(document, id) !== undefined)
      .reduce((rest, id) => takeOut(rest, id, types), withoutSelected);
    const kept = notesOf(withoutNodes).filter((note) => !notes.includes(note.id));
    return kept.length === notesOf(withoutNodes).length
      ? withoutNodes
      : { ...withoutNodes, notes: kept };
  },
};
