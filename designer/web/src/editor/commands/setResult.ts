// The variable under which the output of a node is stored; empty: its id.

import type { Command } from "../command";
import { nodeOf } from "../document";

export interface SetResult {
  node: string;
  result: string;
}

export const setResult: Command<SetResult> = {
  name: "setResult",
  run: (document, { node: id, result }) => {
    const node = nodeOf(document, id);
    if (node === undefined || (node.result ?? "") === result) return document;
    const { result: _, ...rest } = node;
    const changed = result === "" ? rest : { ...rest, result };
    return {
      ...document,
      nodes: document.nodes.map((each) => (each.id === id ? changed : each)),
    };
  },
  burst: ({ node }) => `result ${node}`,
};
