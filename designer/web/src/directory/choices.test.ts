// Whom a flow asks its initiator to choose.

import { expect, test } from "vitest";
import { choicesOf, unanswered, withChosen } from "./choices";

const node = (id: string, ...assignees: unknown[]) => ({
  id,
  name: { en: id },
  settings: { assignees },
});

test("each name is asked for once, as narrow as the narrowest step", () => {
  const choices = choicesOf([
    node("ask", { kind: "role", id: "boss" }, { kind: "chosen", name: "approvers" }),
    node("again", { kind: "chosen", name: "approvers", min: 2, max: 3 }),
    node("read", { kind: "chosen", name: "readers", among: [{ kind: "role", id: "cs" }] }),
    { id: "start", settings: {} },
  ]);

  expect(choices).toEqual([
    { name: "approvers", node: "ask", title: { en: "ask" }, least: 2, most: 3, among: [] },
    {
      name: "readers",
      node: "read",
      title: { en: "read" },
      least: 1,
      most: null,
      among: [{ kind: "role", id: "cs" }],
    },
  ]);
});

test("too few and too many are unanswered", () => {
  const choices = choicesOf([node("ask", { kind: "chosen", name: "a", min: 1, max: 2 })]);

  expect(unanswered(choices, {})?.name).toBe("a");
  expect(unanswered(choices, { a: ["x", "y", "z"] })?.name).toBe("a");
  expect(unanswered(choices, { a: ["x"] })).toBeUndefined();
});

test("the people go along only where the flow asks for some", () => {
  const choices = choicesOf([node("ask", { kind: "chosen", name: "a" })]);

  expect(withChosen({ amount: 1 }, [], {})).toEqual({ amount: 1 });
  expect(withChosen({ amount: 1 }, choices, { a: ["x"] })).toEqual({
    amount: 1,
    chosen: { a: ["x"] },
  });
});
