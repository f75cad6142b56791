// A new step at a place of the vertical look, with what it needs: where a refusal leads, branches that meet again.

import { completed, type Place, putIn } from "../blocks";
import type { Command } from "../command";
import { nodeOf, withNode } from "../document";

export interface InsertStep {
  place: Place;
  id: string;
  type: string;
  /** A choice that takes all branches that hold. */
  inclusive?: boolean;
}

export const insertStep: Command<InsertStep> = {
  name: "insertStep",
  run: (document, { place, id, type, inclusive }, types) => {
    const put = putIn(document, place, { id, type }, types);
    const node = nodeOf(put, id);
    if (put === document || node === undefined) return document;
    const said = inclusive
      ? withNode(put, id, { settings: { ...node.settings, mode: "all" } })
      : put;
    return completed(said, id, types);
  },
};
