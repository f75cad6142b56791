import { expect, test } from "vitest";
import type { TaskAction, TaskDetail } from "../task";
import {
  argsOf,
  EMPTY,
  excluded,
  GROUPS,
  missing,
  SPECS,
  seatChoices,
  started,
  undoOf,
} from "./spec";

const BEN = { id: "ben", name: "Ben" };
const offer = (action: string, more: Partial<TaskAction> = {}): TaskAction => ({
  action,
  allowed: true,
  ...more,
});

test("what is sent is what the action takes, and nothing else", () => {
  const filled = { ...EMPTY, people: [BEN], words: " on leave ", where: "before" as const };

  expect(argsOf("transfer", filled)).toEqual({ to: "ben", reason: "on leave" });
  expect(argsOf("add_sign", filled)).toEqual({ people: ["ben"], where: "before" });
  expect(argsOf("cc", filled)).toEqual({ people: ["ben"], confirm: false });
  expect(argsOf("urge", filled)).toEqual({});
});

test("a return names where to, what follows, and whether votes are kept where that is a choice", () => {
  const filled = { ...EMPTY, node: "lead", after: "back", keepVotes: true, words: "Why?" };

  expect(argsOf("return", filled, { keep_votes: false })).toEqual({
    to: "lead",
    after: "back",
    keep_votes: true,
    comment: "Why?",
  });
  expect(argsOf("return", filled)).not.toHaveProperty("keep_votes");
});

test("where there is one way back it is taken; else one must choose", () => {
  const one = offer("return", { choices: { nodes: [{ id: "a", name: "A" }], after: ["back"] } });
  const two = offer("return", {
    choices: {
      nodes: [
        { id: "a", name: "A" },
        { id: "b", name: "B" },
      ],
    },
  });

  expect(started(one, "")).toMatchObject({ node: "a", after: "back" });
  expect(missing("return", { ...started(two, ""), words: "x" })).toEqual(["node"]);
});

test("what must be said is asked for, blanks are not words", () => {
  expect(missing("transfer", { ...EMPTY, people: [BEN], words: "  " })).toEqual(["words"]);
  expect(missing("delegate", { ...EMPTY, people: [BEN] })).toEqual([]);
  expect(missing("reassign", EMPTY)).toEqual(["seats", "people", "words"]);
});

test("a task is not handed to who has it already, but they can be asked", () => {
  const task = {
    seats: [
      { seat: 1, user_id: "ann", status: "open" },
      { seat: 2, user_id: "cat", status: "done" },
    ],
  } as TaskDetail;

  expect(excluded("transfer", task, "me")).toEqual(["me", "ann"]);
  expect(excluded("ask", task, "me")).toEqual(["me"]);
});

test("only seats that were added and are not decided can be taken out", () => {
  const task = {
    seats: [
      { seat: 1, name: "Ann", status: "open", origin: "assigned" },
      { seat: 2, name: "Ben", status: "open", origin: "added_after" },
      { seat: 3, name: "Cat", status: "done", origin: "added_parallel" },
    ],
  } as TaskDetail;

  expect(seatChoices(offer("reduce_sign"), task)).toEqual([{ seat: 2, name: "Ben" }]);
});

test("an added signer can be taken out again at once, where that is allowed", () => {
  const before = { seats: [{ seat: 1 }] } as TaskDetail;
  const after = {
    seats: [{ seat: 1 }, { seat: 2 }],
    actions: [offer("reduce_sign")],
  } as TaskDetail;

  expect(undoOf("add_sign", before, after)).toEqual({
    action: "reduce_sign",
    args: { seats: [2] },
  });
  expect(undoOf("add_sign", before, { ...after, actions: [] })).toBeNull();
  expect(undoOf("transfer", before, after)).toBeNull();
});

test("every action that stands in a group has its form", () => {
  expect(GROUPS.flatMap(([, actions]) => actions).sort()).toEqual(Object.keys(SPECS).sort());
});
