// A new name for a node.

import type { Command } from "../command";
import { nodeOf, sameValue, type Text, withNode } from "../document";

export interface RenameNode {
  node: string;
  name: Text;
}

export const renameNode: Command<RenameNode> = {
  name: "renameNode",
  run: (document, { node: id, name }) => {
    const node = nodeOf(document, id);
    if (node === undefined || sameValue(node.name, name)) return document;
    return withNode(document, id, { name });
  },
  burst: ({ node }) => `name ${node}`,
};
