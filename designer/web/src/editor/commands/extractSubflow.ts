// The selected nodes become a flow of their own; one node that starts it stands in their place.

import type { Command } from "../command";
import { notesOf, type Text } from "../document";
import { parted } from "../subflow";

export interface ExtractSubflow {
  nodes: readonly string[];
  /** The new node, and the flow it starts. */
  id: string;
  flow: string;
  name: Text;
}

export const extractSubflow: Command<ExtractSubflow> = {
  name: "extractSubflow",
  run: (document, { nodes, id, flow, name }, types) => {
    const found = parted(document, nodes, { key: flow, name, node: id }, types);
    if (found === null) return document;
    const gone = new Set(nodes);
    const notes = notesOf(document).map((note) =>
      note.hides?.some((each) => gone.has(each))
        ? { ...note, hides: note.hides.filter((each) => !gone.has(each)) }
        : note,
    );
    return document.notes === undefined ? found.outer : { ...found.outer, notes };
  },
};
