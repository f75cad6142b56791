// What is asked of all commands together: each has its own test, and any walk can be walked back.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Command } from "./command";
import { moveNodes } from "./commands/moveNodes";
import { begin, HISTORY_MAX, type History, record, redo, undo } from "./history";
import { refundFlow, types } from "./testing";
import { expectWhole, move } from "./walks";

const files = Object.keys(import.meta.glob("./commands/*.ts"));

test("every command has a test beside it", () => {
  const commands = files.filter((file) => !file.endsWith(".test.ts"));

  const untested = commands.filter((file) => !files.includes(file.replace(/\.ts$/, ".test.ts")));

  expect(commands.length).toBeGreaterThan(15);
  expect(untested).toEqual([]);
});

test("a command is named like its file", async () => {
  const modules = import.meta.glob<Record<string, Command<unknown>>>([
    "./commands/*.ts",
    "!./commands/*.test.ts",
  ]);

  expect(Object.keys(modules).length).toBeGreaterThan(15);
  for (const [file, load] of Object.entries(modules)) {
    const name = file.replace(/^.*\/|\.ts$/g, "");
    expect((await load())[name]?.name, file).toBe(name);
  }
});

test("after any walk: undo all is the start, redo all is the end, and every line has two ends", () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
      const start = refundFlow();
      let history: History = begin(start);
      for (const [at, each] of moves.entries()) {
        const [label, after] = each(history.present);
        history = record(history, label, after, at * 5_000);
      }
      const end = history.present;

      expectWhole(end);
      let back = history;
      for (let step = 0; step < moves.length; step += 1) back = undo(back);
      expect(back.present).toBe(start);
      let again = back;
      for (let step = 0; step < moves.length; step += 1) again = redo(again);
      expect(again.present).toBe(end);
    }),
    { numRuns: 150 },
  );
});

test("the history forgets what is too long ago", () => {
  let history = begin(refundFlow());

  for (let at = 0; at < HISTORY_MAX + 20; at += 1) {
    const after = moveNodes.run(history.present, { positions: { ask: { x: at, y: 1 } } }, types);
    history = record(history, "moveNodes", after, at);
  }

  expect(history.past).toHaveLength(HISTORY_MAX);
});
