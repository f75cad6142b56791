// A branch goes with everything on it; a choice or split that has one way left is none.

import { dissolved } from "../blocks";
import type { Command } from "../command";
import { type Branch, leaving, nodeOf, withNode } from "../document";

export interface RemoveBranch {
  node: string;
  port: string;
  edge: string | null;
  /** The steps on it that are reached from nowhere else. */
  nodes: readonly string[];
}

export const removeBranch: Command<RemoveBranch> = {
  name: "removeBranch",
  run: (document, { node: id, port, edge, nodes }, types) => {
    const node = nodeOf(document, id);
    const type = types.get(node?.type ?? "");
    if (node === undefined || type === undefined) return document;
    const branches = node.settings["branches"] as Branch[] | undefined;
    const named = branches?.some((branch) => branch.id === port) ?? false;
    if (!type.splits && !named) return document;
    const inside = new Set(nodes);
    const without = {
      ...document,
      nodes: document.nodes.filter((each) => !inside.has(each.id)),
      edges: document.edges.filter(
        (each) => each.id !== edge && !inside.has(each.from) && !inside.has(each.to),
      ),
    };
    if (type.splits)
      return leaving(without, id).length === 1 ? dissolved(without, id, types) : without;
    const left = branches?.filter((branch) => branch.id !== port) ?? [];
    if (left.length === 0 && leaving(without, id).length === 1)
      return dissolved(without, id, types);
    if (left.length === 0) return document;
    return withNode(without, id, { settings: { ...node.settings, branches: left } });
  },
};
