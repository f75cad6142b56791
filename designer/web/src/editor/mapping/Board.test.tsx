import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { api } from "../../api/client";
import type { Variable } from "../variables";
import { Board, type Deed } from "./Board";
import type { Fields } from "./mapping";
import { sourcesFrom } from "./sources";
import { ofFields } from "./targets";

// CodeMirror measures what a page of tests does not have; the field itself has tests in the browser.
vi.mock("../form/CodeInput", () => ({
  CodeInput: ({ value, testId }: { value: string; testId: string }) => (
    <output data-testid={testId}>{value}</output>
  ),
}));

afterEach(() => {
  cleanup();
});
beforeEach(() => {
  // The page of tests has no CSS and no room to scroll in.
  vi.stubGlobal("CSS", { escape: (text: string) => text.replace(/["\\\]]/g, "\\$&") });
  Element.prototype.scrollIntoView = () => undefined;
  vi.spyOn(api, "post").mockResolvedValue({ items: [] });
});

const VARIABLES: Variable[] = [
  { path: "no", title: "Order number", kind: "text", source: "Start", sample: "A-1" },
  { path: "amount", title: "Amount", kind: "number", source: "Start" },
  { path: "buyer", title: "Buyer", kind: "object", source: "Start" },
  { path: "buyer.name", title: "Buyer · Name", kind: "text", source: "Start" },
];
const TARGETS = ofFields(
  [
    { name: "order_no", kind: "text", title: { en: "Order no." }, required: true },
    { name: "total", kind: "text", title: { en: "Total" } },
    { name: "vip", kind: "yes_no", title: { en: "Member" } },
  ],
  (text) => (typeof text === "string" ? text : (text?.en ?? "")),
);
/** The first page of a busy machine takes its time. */
vi.setConfig({ testTimeout: 30_000 });

const deeds: [Deed, Fields][] = [];

function Shown({ first = [], own }: { first?: Fields; own?: RegExp }) {
  const [fields, setFields] = useState<Fields>(first);
  return (
    <Board
      sources={sourcesFrom(VARIABLES)}
      targets={TARGETS}
      fields={fields}
      onFields={(next, deed) => {
        deeds.push([deed, next]);
        setFields(next);
      }}
      variables={VARIABLES}
      sample={{}}
      inTurn
      own={own}
      disabled={false}
    />
  );
}

function show(first?: Fields, own?: RegExp) {
  deeds.length = 0;
  render(<Shown {...(first ? { first } : {})} {...(own ? { own } : {})} />);
}

const press = (key: string) => fireEvent.keyDown(document.activeElement as Element, { key });
const type = (testId: string, value: string) =>
  fireEvent.change(screen.getByTestId(testId), { target: { value } });

test("a source and a field pressed one after the other are connected", () => {
  show();

  fireEvent.click(screen.getByTestId("map-source-no"));
  fireEvent.click(screen.getByTestId("map-target-order_no"));

  expect(deeds).toEqual([["mapField", [{ name: "order_no", text: "no" }]]]);
});

test("by keyboard alone: choose, go over, connect, and take it away again", async () => {
  show();
  screen.getByTestId("map-source-no").focus();

  press("ArrowDown");
  press("Enter");
  const armed = screen.getByTestId("map-source-amount").getAttribute("aria-selected");
  await vi.waitFor(() =>
    expect(document.activeElement).toBe(screen.getByTestId("map-target-order_no")),
  );
  press("ArrowDown");
  fireEvent.click(document.activeElement as Element);
  press("Delete");

  expect(armed).toBe("true");
  expect(deeds.map(([deed]) => deed)).toEqual(["mapField", "unmapField"]);
  expect(deeds[0]?.[1]).toEqual([{ name: "total", text: "text(amount)" }]);
});

test("what does not fit is greyed, says why, and takes nothing", () => {
  show();

  fireEvent.click(screen.getByTestId("map-source-buyer"));
  const row = screen.getByTestId("map-target-vip");
  fireEvent.click(row);

  expect(row.getAttribute("aria-disabled")).toBe("true");
  expect(row.textContent).toContain("why.record");
  expect(deeds).toEqual([]);
});

test("Escape lets go of a source before it closes anything", () => {
  show();
  const outside = vi.fn();
  document.addEventListener("keydown", outside);

  screen.getByTestId("map-source-no").focus();
  fireEvent.click(screen.getByTestId("map-source-no"));
  press("Escape");

  expect(screen.getByTestId("map-source-no").getAttribute("aria-selected")).toBe("false");
  expect(document.activeElement).toBe(screen.getByTestId("map-source-no"));
  document.removeEventListener("keydown", outside);
});

test("names that are alike are shown first and filled in one step", () => {
  show();

  fireEvent.click(screen.getByTestId("map-alike-open"));
  expect(deeds).toEqual([]);
  fireEvent.click(screen.getByTestId("map-alike-take"));

  expect(deeds.map(([deed]) => deed)).toEqual(["mapAutomatically"]);
  expect(deeds[0]?.[1]).toContainEqual({ name: "order_no", text: "no" });
});

test("an expression written by hand is shown as it is and stays while others change", () => {
  const written = { name: "total", text: "amount  *  2" };
  show([written]);

  expect(screen.getByTestId("map-target-total").textContent).toContain("amount  *  2");
  fireEvent.click(screen.getByTestId("map-target-total"));
  expect(screen.getByTestId("map-expression").textContent).toBe("amount  *  2");
  fireEvent.click(screen.getByTestId("map-source-no"));
  fireEvent.click(screen.getByTestId("map-target-order_no"));

  expect(deeds.at(-1)?.[1]).toEqual([written, { name: "order_no", text: "no" }]);
});

test("a search keeps what stands above, and says when nothing is found", () => {
  show();

  type("map-search", "name");
  expect(screen.getByTestId("map-source-buyer.name")).toBeTruthy();
  expect(screen.queryByTestId("map-source-no")).toBeNull();
  type("map-search", "name xyz");

  expect(screen.getByText("no_source")).toBeTruthy();
});

test("a field of one's own is made from a source", () => {
  show([], /^[a-z][a-z0-9_]*$/);

  fireEvent.click(screen.getByTestId("map-source-buyer.name"));
  fireEvent.click(screen.getByTestId("map-new"));

  expect(deeds).toEqual([["mapField", [{ name: "name", text: "buyer.name" }]]]);
});

test("codes are put side by side and written as a table", () => {
  show([{ name: "order_no", text: '{"A": "x"}[no]' }]);

  fireEvent.click(screen.getByTestId("map-target-order_no"));
  fireEvent.click(screen.getByTestId("map-code-add"));
  type("map-code-1-from", "B");
  type("map-code-1-to", "y");

  expect(deeds.at(-1)).toEqual([
    "changeTransform",
    [{ name: "order_no", text: '{"A": "x", "B": "y"}[no]' }],
  ]);
});
