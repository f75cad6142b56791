// Takes hold of one end of a line and leads it elsewhere; the line keeps its id.

import type { Command } from "../command";
import { edgeOf, nodeOf, takesMany, withoutEdges } from "../document";
import { type Wish, whyNotConnect } from "../rules";

export interface Reconnect extends Wish {
  edge: string;
}

export const reconnect: Command<Reconnect> = {
  name: "reconnect",
  run: (document, { edge: id, from, port, to }, types) => {
    if (edgeOf(document, id) === undefined) return document;
    if (whyNotConnect(document, { from, port, to }, types) !== null) return document;
    const many = takesMany(nodeOf(document, from), port, types);
    const freed = withoutEdges(
      document,
      (edge) => edge.id !== id && !many && edge.from === from && edge.port === port,
    );
    return {
      ...freed,
      edges: freed.edges.map((edge) => (edge.id === id ? { id, from, port, to } : edge)),
    };
  },
};
