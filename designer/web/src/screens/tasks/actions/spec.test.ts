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
  const silent = { ...filled, words: "" };

  expect(argsOf("transfer", filled)).toEqual({ to: "ben", reason: "on leave" });
  expect(argsOf("add_sign", silent)).toEqual({ people: ["ben"], where: "before" });
  expect(argsOf("cc", silent)).toEqual({ people: ["ben"], confirm: false });
  expect(argsOf("urge", filled)).toEqual({});
});

test("a return names where to and what follows; about votes only what was said", () => {
  const filled = { ...EMPTY, node: "lead", after: "back", words: "Why?" };

  expect(argsOf("return", filled)).toEqual({ to: "lead", after: "back", comment: "Why?" });
  expect(argsOf("return", { ...filled, keepVotes: false })).toHaveProperty("keep_votes", false);
});

test("where there is one way back it is taken; else one must choose", () => {
  const task = {} as TaskDetail;
  const one = offer("return", {
    choices: { nodes: [{ id: "a", name: "A", after: ["back", "forward"] }] },
  });
  const two = offer("return", {
    choices: {
      nodes: [
        { id: "a", name: "A" },
        { id: "b", name: "B" },
      ],
    },
  });

  expect(started(one, task, "")).toMatchObject({ node: "a", after: "back" });
  expect(missing("return", { ...started(two, task, ""), words: "x" })).toEqual(["node"]);
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

test("seats to take out are those the server names; else whoever is asked", () => {
  const task = {
    seats: [
      { seat: 1, name: "Ann", status: "open" },
      { seat: 2, name: "Ben", status: "waiting" },
      { seat: 3, name: "Cat", status: "done" },
    ],
  } as TaskDetail;
  const named = (action: TaskAction) => seatChoices(action, task).map((seat) => seat.name);

  expect(named(offer("reduce_sign", { choices: { seats: [{ seat: 2, name: "Ben" }] } }))).toEqual([
    "Ben",
  ]);
  expect(named(offer("reassign"))).toEqual(["Ann", "Ben"]);
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
