// A step goes with its branches and what hangs beside them; the line closes over it.

import { type Block, takeBlockOut } from "../blocks";
import type { Command } from "../command";
import { nodeOf } from "../document";

export const removeBlock: Command<Block> = {
  name: "removeBlock",
  run: (document, block) =>
    nodeOf(document, block.node) === undefined
      ? document
      : takeBlockOut(document, block, false).document,
};
