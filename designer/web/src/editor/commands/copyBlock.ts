// The same step once more, right behind it, with its branches; its refusals lead where the first one's do.

import { type Block, type Place, putBlockIn } from "../blocks";
import type { Command } from "../command";
import { nodeOf, withEdge } from "../document";
import { whyNotAdd } from "../rules";
import { fragmentOf, paste } from "./paste";

export interface CopyBlock {
  block: Block;
  place: Place;
}

export const copyBlock: Command<CopyBlock> = {
  name: "copyBlock",
  run: (document, { block, place }, types) => {
    const fragment = fragmentOf(document, block.nodes, []);
    const whole = fragment.nodes.every((node) => whyNotAdd(document, node.type, types) === null);
    if (!whole || nodeOf(document, block.node) === undefined || block.outs.length === 0)
      return document;
    const pasted = paste.run(document, { fragment, offset: { x: 0, y: 0 } }, types);
    const copies = pasted.nodes.slice(document.nodes.length);
    const ids = new Map(fragment.nodes.map((node, index) => [node.id, copies[index]?.id ?? ""]));
    const copyOf = (id: string) => ids.get(id) ?? id;
    const goesOn = (from: string, port: string) =>
      block.outs.some((out) => out.from === from && out.port === port);
    // Events got ids of their own; their lines stay with the first one.
    const events = new Set(
      fragment.nodes.flatMap((node) =>
        (node.events ?? []).map((event) => `${node.id} ${event.id}`),
      ),
    );
    const led = document.edges
      .filter(
        ({ from, port, to }) =>
          ids.has(from) && !ids.has(to) && !goesOn(from, port) && !events.has(`${from} ${port}`),
      )
      .reduce(
        (found, { from, port, to }) => withEdge(found, { from: copyOf(from), port, to }),
        pasted,
      );
    const copy: Block = {
      node: copyOf(block.node),
      nodes: copies.map((node) => node.id),
      outs: block.outs.map(({ from, port }) => ({ from: copyOf(from), port })),
    };
    return putBlockIn(led, copy, place, types);
  },
};
