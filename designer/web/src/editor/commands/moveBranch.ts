// A branch changes places with its neighbour: it is tested earlier or later.

import type { Command } from "../command";
import { type Branch, nodeOf, withNode } from "../document";

export interface MoveBranch {
  node: string;
  /** For a choice: the branch. For a split: the line. */
  branch: string;
  by: 1 | -1;
}

export const moveBranch: Command<MoveBranch> = {
  name: "moveBranch",
  run: (document, { node: id, branch, by }, types) => {
    const node = nodeOf(document, id);
    if (node === undefined) return document;
    if (types.get(node.type)?.splits) {
      const places = document.edges.flatMap((edge, index) => (edge.from === id ? index : []));
      const from = places.findIndex((index) => document.edges[index]?.id === branch);
      const edges = swapped(document.edges, places[from], places[from + by]);
      return edges === null || from < 0 ? document : { ...document, edges };
    }
    const branches = node.settings["branches"];
    if (!Array.isArray(branches)) return document;
    const from = (branches as Branch[]).findIndex((each) => each.id === branch);
    const order = swapped(branches as Branch[], from, from + by);
    if (order === null) return document;
    return withNode(document, id, { settings: { ...node.settings, branches: order } });
  },
};

function swapped<Each>(list: readonly Each[], a = -1, b = -1): Each[] | null {
  const [first, second] = [list[a], list[b]];
  if (first === undefined || second === undefined) return null;
  return list.map((each, index) => (index === a ? second : index === b ? first : each));
}
