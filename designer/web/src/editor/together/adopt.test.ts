// Somebody else's changes come in while I draw: my undo takes back mine, and mine alone.

import fc from "fast-check";
import { expect, test } from "vitest";
import { addNode } from "../commands/addNode";
import { moveNodes } from "../commands/moveNodes";
import { setSettings } from "../commands/setSettings";
import { nodeOf, sameValue } from "../document";
import { begin, record, redo, undo } from "../history";
import { refundFlow, types } from "../testing";
import { move } from "../walks";
import { adopted } from "./adopt";

const base = refundFlow();

test("an undo after somebody else's change keeps their change", () => {
  const mine = addNode.run(base, { id: "timer_mine", type: "timer" }, types);
  const theirs = addNode.run(base, { id: "timer_theirs", type: "timer" }, types);
  const history = record(begin(base), "addNode", mine, 1);

  const { history: next, conflicts } = adopted(history, base, theirs, types);

  expect(conflicts).toEqual([]);
  expect(nodeOf(next.present, "timer_mine") && nodeOf(next.present, "timer_theirs")).toBeTruthy();
  const back = undo(next);
  expect(sameValue(back.present, theirs)).toBe(true);
  expect(redo(back).present).toBe(next.present);
});

test("a step of mine that somebody else goes on with is still taken back by my undo", () => {
  const mine = addNode.run(base, { id: "timer_mine", type: "timer" }, types);
  const theirs = setSettings.run(mine, { node: "timer_mine", settings: { note: "x" } }, types);
  const history = record(begin(base), "addNode", mine, 1);

  const { history: next } = adopted(history, mine, theirs, types);

  expect(sameValue(next.present, theirs)).toBe(true);
  expect(nodeOf(undo(next).present, "timer_mine")).toBeUndefined();
});

test("the history still leads from entry to entry, whatever both have done", () => {
  const walk = fc.array(move, { maxLength: 12 });
  fc.assert(
    fc.property(walk, walk, fc.nat(12), (left, right, steps) => {
      let history = begin(base);
      for (const [at, each] of left.entries()) {
        const [label, after] = each(history.present);
        history = record(history, label, after, at * 5_000);
      }
      for (let step = 0; step < steps; step += 1) history = undo(history);
      const theirs = right.reduce((document, each) => each(document)[1], base);

      const { history: next } = adopted(history, base, theirs, types);

      expect(next.past).toHaveLength(history.past.length);
      expect(next.future).toHaveLength(history.future.length);
      const states = [...next.past, ...next.future];
      for (const [index, entry] of states.entries()) {
        const following = states[index + 1];
        if (following !== undefined) expect(following.before).toBe(entry.after);
      }
      if (next.past.length > 0) expect(next.past.at(-1)?.after).toBe(next.present);
      if (next.future.length > 0) expect(next.future[0]?.before).toBe(next.present);
    }),
    { numRuns: 60 },
  );
});

test("a burst does not go on over somebody else's change", () => {
  const step = (x: number) =>
    moveNodes.run(base, { positions: { [base.nodes[0]?.id ?? ""]: { x, y: 0 } } }, types);
  const history = record(begin(base), "moveNodes", step(10), 1, "move");
  const theirs = addNode.run(base, { id: "timer_theirs", type: "timer" }, types);

  const { history: next } = adopted(history, base, theirs, types);
  const after = record(next, "moveNodes", step(20), 2, "move");

  expect(after.past).toHaveLength(2);
});
