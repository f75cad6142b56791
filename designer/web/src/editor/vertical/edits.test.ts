// Whatever is done in the vertical look: the document stays whole, fits the look, and can be walked back.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Command } from "../command";
import { addBranch } from "../commands/addBranch";
import { copyBlock } from "../commands/copyBlock";
import { insertStep } from "../commands/insertStep";
import { moveBlock } from "../commands/moveBlock";
import { moveBranch } from "../commands/moveBranch";
import { removeBlock } from "../commands/removeBlock";
import { removeBranch } from "../commands/removeBranch";
import { exitsOf, type FlowDocument, freshNodeId } from "../document";
import { begin, type History, record, redo, undo } from "../history";
import { lines, types } from "../testing";
import { placesOf } from "./places";
import { built, shape } from "./testing";
import { blockOf, branchNodes, graphOf, itemsOf, meetingOf, readTree, type Tree } from "./tree";

const edit = fc.record({
  what: fc.nat(7),
  a: fc.nat(),
  b: fc.nat(),
  kind: fc.constantFrom("timer", "approval", "condition", "split"),
});

function edited(
  document: FlowDocument,
  tree: Tree,
  { what, a, b, kind }: { what: number; a: number; b: number; kind: string },
): [string, FlowDocument] {
  const items = [...itemsOf(tree)].filter((item) => !tree.starts.includes(item));
  const places = placesOf(tree);
  const item = items[a % Math.max(1, items.length)];
  const place = places[b % Math.max(1, places.length)];
  const blocks = items.filter((each) => each.columns.length > 0);
  const block = blocks[a % Math.max(1, blocks.length)];
  const column = block?.columns[b % Math.max(1, block.columns.length)];
  const done = <Args>(command: Command<Args>, args: Args): [string, FlowDocument] => [
    command.name,
    command.run(document, args, types),
  ];
  const id = freshNodeId(document, kind);
  if (item === undefined || place === undefined) return ["nothing", document];
  if (what === 1) return done(removeBlock, blockOf(document, item));
  if (what === 2) return done(moveBlock, { block: blockOf(document, item), place });
  if (what === 3 && block !== undefined) {
    const met = meetingOf(document, block);
    const step = { id: freshNodeId(document, "timer"), type: "timer" };
    return done(addBranch, { node: block.node, step, ...(met === undefined ? {} : { to: met }) });
  }
  if (what === 4 && block !== undefined && column !== undefined) {
    const { port, edge } = column.line;
    const nodes = branchNodes(document, column);
    return done(removeBranch, { node: block.node, port, edge, nodes });
  }
  if (what === 5 && block !== undefined && column !== undefined) {
    const branch = block.kind === "parallel" ? column.line.edge : column.line.port;
    return done(moveBranch, { node: block.node, branch: branch ?? "", by: b % 2 === 0 ? 1 : -1 });
  }
  if (what === 6) {
    const copied = blockOf(document, item);
    const behind = places.find((each) => each.after === item.node);
    if (behind !== undefined) return done(copyBlock, { block: copied, place: behind });
  }
  return done(insertStep, { place, id, type: kind, inclusive: b % 3 === 0 });
}

function expectWhole(document: FlowDocument, why: string): Tree {
  const nodes = new Map(document.nodes.map((node) => [node.id, node]));
  expect(nodes.size, why).toBe(document.nodes.length);
  expect(new Set(document.edges.map((edge) => edge.id)).size, why).toBe(document.edges.length);
  const taken = new Set<string>();
  for (const edge of document.edges) {
    const from = nodes.get(edge.from);
    const to = nodes.get(edge.to);
    expect(from && to, `${why}: ${edge.id} has two ends`).toBeTruthy();
    if (from === undefined) continue;
    expect(
      exitsOf(from, types).map((port) => port.name),
      why,
    ).toContain(edge.port);
    const many = types.get(from.type)?.splits;
    const place = `${edge.from}.${edge.port}${many ? edge.to : ""}`;
    expect(taken.has(place), `${why}: ${place} is taken once`).toBe(false);
    taken.add(place);
  }
  const { tree, misfits } = readTree(document, types);
  expect(misfits, `${why}: ${lines(document).join(", ")}`).toBeNull();
  if (tree === null) throw new Error("no tree");
  expect(graphOf(tree, document), why).toEqual({
    nodes: [...nodes.keys()].sort(),
    lines: lines(document),
  });
  return tree;
}

test("random edits leave a whole document that fits, undone and redone to the very same values", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(shape, fc.array(edit, { maxLength: 12 }), (items, edits) => {
      const [start] = built(items);
      let history: History = begin(start);
      for (const [at, each] of edits.entries()) {
        const tree = expectWhole(history.present, "before");
        const [label, after] = edited(history.present, tree, each);
        if (after !== history.present) seen.set(label, (seen.get(label) ?? 0) + 1);
        expectWhole(after, label);
        history = record(history, label, after, at * 5_000);
      }
      const end = history.present;
      let back = history;
      for (const _ of edits) back = undo(back);
      expect(back.present).toBe(start);
      for (const _ of edits) back = redo(back);
      expect(back.present).toBe(end);
    }),
    { numRuns: 60, interruptAfterTimeLimit: 20_000 },
  );
  // Every kind of edit did something.
  expect([...seen.keys()].sort()).toEqual([
    "addBranch",
    "copyBlock",
    "insertStep",
    "moveBlock",
    "moveBranch",
    "removeBlock",
    "removeBranch",
  ]);
}, 30_000);
