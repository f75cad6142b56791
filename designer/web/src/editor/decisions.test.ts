import { expect, test } from "vitest";
import { addEvent } from "./commands/addEvent";
import { decisionsFrom, NOBODY, questionsOf } from "./decisions";
import type { Words } from "./sentence";
import { refundFlow, types } from "./testing";

const words = {
  text: (value: unknown) => String(value ?? ""),
  t: (key: string) => key,
} as unknown as Words;
const asked = (document = refundFlow()) => questionsOf(document, types, words, "nobody", "goes on");

test("an approval is asked for, and approved unless one says otherwise", () => {
  const [question] = asked();

  expect(question?.choices.map((choice) => choice.value)).toEqual([
    "approved",
    "rejected",
    "returned",
    NOBODY,
  ]);
  expect(decisionsFrom(asked(), {})).toEqual({ ask: { port: "approved" } });
});

test("nobody decides: the step is left waiting until its time comes", () => {
  expect(decisionsFrom(asked(), { ask: NOBODY })).toEqual({ ask: { port: null } });
});

test("a message may come instead of a decision, a time is no choice of its own", () => {
  const flow = ["message", "timer"].reduce(
    (document, kind) =>
      addEvent.run(document, { node: "ask", id: kind, kind: kind as "message" }, types),
    refundFlow(),
  );

  const values = asked(flow)[0]?.choices.map((choice) => choice.value);
  expect(values).toContain("message");
  expect(values).not.toContain("timer");
  expect(decisionsFrom(asked(flow), { ask: "message" })).toEqual({ ask: { port: "message" } });
});
