// One more branch: of a choice in front of "otherwise", of a split with a step on it. It leads where the others meet.

import { joinUp } from "../behaviours";
import { addWay } from "../blocks";
import type { Command } from "../command";
import { type Branch, newBranch, nodeOf, withNode } from "../document";

export interface AddBranch {
  node: string;
  /** Where the branches meet, if they do. */
  to?: string;
  /** For a split: the step on the new way. */
  step?: { id: string; type: string };
}

export const addBranch: Command<AddBranch> = {
  name: "addBranch",
  run: (document, { node: id, to, step }, types) => {
    const node = nodeOf(document, id);
    const type = types.get(node?.type ?? "");
    if (node === undefined || type === undefined) return document;
    if (type.splits) {
      if (step === undefined) return document;
      return addWay(document, { node: id, ...step, ...(to === undefined ? {} : { to }) }, types);
    }
    if (type.ports_from !== "branches") return document;
    const branches = (node.settings["branches"] ?? []) as Branch[];
    const added = newBranch(branches);
    const settings = { ...node.settings, branches: [...branches, added] };
    const drawn = withNode(document, id, { settings });
    return to === undefined ? drawn : joinUp(drawn, { from: id, port: added.id, to }, types);
  },
};
