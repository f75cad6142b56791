// A case told without JSON: decisions from the ways out, answers field by field; and JSON for who wants it.

import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { begin } from "../history";
import type { Words } from "../sentence";
import { useEditor } from "../store";
import { refundFlow, types } from "../testing";
import { type Answers, AnswersForm } from "./AnswersForm";
import type { Read } from "./answers";
import { ValueEditor, WrongFields } from "./ValueEditor";

const text = (value: unknown) => Object.values((value ?? {}) as Record<string, string>)[0] ?? "";
const words = { text, t: (key: string) => key } as unknown as Words;

// What opens below a list measures itself; there is nothing to measure here.
vi.stubGlobal(
  "ResizeObserver",
  class {
    observe() {}
    unobserve() {}
    disconnect() {}
  },
);
vi.setConfig({ testTimeout: 30_000 });
beforeEach(() => useEditor.setState({ history: begin(refundFlow()), types }));
afterEach(cleanup);

test("what is said with a decision is written beside it, and nothing else of it is lost", () => {
  const { told } = show({ decisions: { ask: { port: "rejected", seen_by: "ann" } } });

  write("case-decisions-ask-0-comment", "no");

  const ask = { port: "rejected", seen_by: "ann", comment: "no" };
  expect(told()).toEqual({ decisions: { ask } });
});

test("several visits are told one by one", () => {
  const { told } = show({ decisions: { ask: "returned" } });

  fireEvent.click(screen.getByTestId("case-decisions-ask-next"));
  write("case-decisions-ask-1-comment", "again");

  const again = { port: "returned", comment: "again" };
  expect(told()).toEqual({ decisions: { ask: [{ port: "returned" }, again] } });
});

test("a node that is gone from the drawing can be forgotten", () => {
  const { told } = show({ decisions: { ask: "approved", old: "approved" } });

  fireEvent.click(screen.getByTestId("case-decisions-old-drop"));

  expect(told()).toEqual({ decisions: { ask: "approved" } });
});

test("a value is filled in field by field, and the same as JSON", () => {
  const { value } = showValue({ left: 3 });

  write("it.left-value", "12");
  write("it-name", "sku");
  fireEvent.click(screen.getByTestId("it-add"));
  write("it.sku-value", "007");
  expect(value()).toEqual({ left: 12, sku: "007" });

  fireEvent.change(screen.getByTestId("it.left-kind"), { target: { value: "text" } });
  expect(value()).toEqual({ left: "12", sku: "007" });

  fireEvent.click(screen.getByTestId("it-as"));
  write("it-json", '{"left": [1, {"a": true}]}');
  fireEvent.click(screen.getByTestId("it-as"));
  fireEvent.change(screen.getByTestId("it.left.1.a-value"), { target: { value: "no" } });
  fireEvent.click(screen.getByTestId("it.left.0-drop"));
  expect(value()).toEqual({ left: [{ a: false }] });
});

test("what the flow reads is put in with one press", () => {
  const { value } = showValue(undefined, [
    { path: "body.left", kind: "number" },
    { path: "ok", kind: "boolean" },
  ]);

  fireEvent.click(screen.getByTestId("it-read"));

  expect(value()).toEqual({ body: { left: 0 }, ok: false });
  expect(screen.queryByTestId("it-read")).toBeNull();
});

test("what cannot be read is marked and changes nothing", () => {
  const { value, wrong } = showValue({ left: 3 });

  const field = write("it.left-value", "3x");
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect(wrong).toHaveBeenLastCalledWith(expect.any(String), true);
  expect(value()).toEqual({ left: 3 });

  write("it.left-value", "3");
  expect(wrong).toHaveBeenLastCalledWith(expect.any(String), false);
});

function write(testId: string, value: string): HTMLElement {
  const place = screen.getByTestId(testId);
  const field = place.matches("input, textarea") ? place : place.querySelector("input");
  if (field === null) throw new Error(`Expected a field in ${testId}`);
  fireEvent.change(field, { target: { value } });
  return field as HTMLElement;
}

function show(start: Answers = {}) {
  let now = start;
  function Frame() {
    const [answers, setAnswers] = useState(start);
    return (
      <AnswersForm
        answers={answers}
        words={words}
        onChange={(part, told) => {
          const { [part]: _, ...rest } = now;
          now = told === undefined ? rest : { ...rest, [part]: told };
          setAnswers(now);
        }}
      />
    );
  }
  render(<Frame />);
  return { told: () => now };
}

function showValue(start: unknown, read: Read[] = []) {
  let now = start;
  const wrong = vi.fn();
  function Frame() {
    const [value, setValue] = useState(start);
    return (
      <WrongFields.Provider value={wrong}>
        <ValueEditor
          value={value}
          onChange={(next) => {
            now = next;
            setValue(next);
          }}
          label="It"
          testId="it"
          read={read}
        />
      </WrongFields.Provider>
    );
  }
  render(<Frame />);
  return { value: () => now, wrong };
}
