// How often one instance may come to a node; empty: as often as it likes.

import type { Command } from "../command";
import { nodeOf } from "../document";

export interface SetVisitsMax {
  node: string;
  visits_max: number | null;
}

export const setVisitsMax: Command<SetVisitsMax> = {
  name: "setVisitsMax",
  run: (document, { node: id, visits_max }) => {
    const node = nodeOf(document, id);
    if (node === undefined || (node.visits_max ?? null) === visits_max) return document;
    const { visits_max: _, ...bare } = node;
    const changed = visits_max === null ? bare : { ...bare, visits_max };
    return {
      ...document,
      nodes: document.nodes.map((each) => (each.id === id ? changed : each)),
    };
  },
  burst: ({ node }) => `visits ${node}`,
};
