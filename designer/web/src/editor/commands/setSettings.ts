// New settings for one node; lines of branches that are gone go too.

import { dropLooseEdges } from "../behaviours";
import type { Command } from "../command";
import { nodeOf, type Settings, sameValue, withNode } from "../document";

export interface SetSettings {
  node: string;
  settings: Settings;
}

export const setSettings: Command<SetSettings> = {
  name: "setSettings",
  run: (document, { node: id, settings }, types) => {
    const node = nodeOf(document, id);
    if (node === undefined || sameValue(node.settings, settings)) return document;
    return dropLooseEdges(withNode(document, id, { settings }), id, types);
  },
  burst: ({ node }) => `settings ${node}`,
};
