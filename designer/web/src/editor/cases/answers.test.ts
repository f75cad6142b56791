import { expect, test } from "vitest";
import { questionsOf } from "../decisions";
import type { FlowDocument, FlowNode } from "../document";
import type { Words } from "../sentence";
import { types as plainTypes, refundFlow } from "../testing";
import {
  brings,
  decided,
  errorsOf,
  formOf,
  pinnable,
  portShown,
  readOf,
  rowsOf,
  trimmed,
  unsaid,
  visitsOf,
  withRead,
  withVisits,
} from "./answers";

const words = { text: (value: unknown) => String(value ?? ""), t: (key: string) => key };
const types = new Map(
  [...plainTypes.values()].flatMap((each) =>
    each.name === "set_values"
      ? [each, { ...each, name: "connector", in_worker: true }].map(
          (one) => [one.name, one] as const,
        )
      : [[each.name, each] as const],
  ),
);

/** … → pay (a connector), read in two places. */
function withPay(settings: Record<string, unknown> = {}): FlowDocument {
  const flow = refundFlow();
  const node = (id: string, type: string, x: number, more = {}): FlowNode => ({
    id,
    type,
    position: { x, y: 0 },
    settings: {},
    ...more,
  });
  return {
    ...flow,
    nodes: [
      ...flow.nodes,
      node("pay", "connector", 1_600),
      node("after", "set_values", 2_000, { settings }),
    ],
  };
}

function the(flow: FlowDocument, id: string): FlowNode {
  const found = flow.nodes.find((node) => node.id === id);
  if (found === undefined) throw new Error(`Expected a node ${id}`);
  return found;
}
const ask = the(refundFlow(), "ask");

test("one answer, a list of them and a short word are all answers by visit, and go back as they came", () => {
  const told = { ask: "approved", pay: [{ output: 1 }, null], one: { port: null } };

  expect(visitsOf(told, "ask", "decisions")).toEqual([{ port: "approved" }]);
  expect(visitsOf(told, "pay", "mocks")).toEqual([{ output: 1 }, {}]);
  expect(visitsOf(told, "other", "mocks")).toEqual([]);
  // A pinned list is one output, not a list of visits.
  expect(visitsOf({ goods: [1, 2] }, "goods", "pins")).toEqual([{ output: [1, 2] }]);

  const next = withVisits(told, "pay", [{ output: 2 }]);
  expect(Object.entries(next ?? {})).toEqual([
    ["ask", "approved"],
    ["pay", { output: 2 }],
    ["one", { port: null }],
  ]);
  expect(withVisits({ ask: "approved" }, "ask", [])).toBeUndefined();
});

test("what no form shows stays with the answer", () => {
  const [visit = {}] = visitsOf({ ask: { port: "approved", votes_seen: 3 } }, "ask", "decisions");

  expect(decided(visit, ask, "rejected")).toEqual({
    port: "rejected",
    votes_seen: 3,
  });
});

test("nobody decides: nothing is said, and the time comes", () => {
  const visit = { port: "approved", comment: "fine", after_ms: 5 };

  expect(decided(visit, ask, "")).toEqual({ port: null });
  expect(portShown({ port: null })).toBe("");
  expect(portShown({})).toBeUndefined();
  expect(trimmed({ port: "approved", comment: "", after_ms: undefined })).toEqual({
    port: "approved",
  });
});

test("rows are the nodes that can be told something, and those of a case that are gone", () => {
  const flow = withPay();
  const asked = questionsOf(flow, types, words as unknown as Words, "nobody", "goes on");

  expect(rowsOf("decisions", { old: "approved" }, flow, types, asked)).toEqual(["ask", "old"]);
  expect(rowsOf("mocks", undefined, flow, types, asked)).toEqual(["pay"]);
  expect(rowsOf("pins", { check: {} }, flow, types, asked)).toEqual(["check"]);
  const free = pinnable(flow, types, { check: {} }).map(({ id }) => id);
  expect(free).toEqual(["ask", "pay", "after"]);
});

test("a message brings something along, an approval does not", () => {
  const node: FlowNode = {
    ...ask,
    events: [{ id: "paid", kind: "message" }],
  };
  expect([brings(node, "paid"), brings(node, "approved"), brings(node, "")]).toEqual([
    true,
    false,
    false,
  ]);
});

test("the form of an approval is its own or one of the flow", () => {
  const schema = { type: "object", properties: { why: { type: "string" } } };
  const own = { ...ask, settings: { form: schema } };
  const used = { ...ask, settings: { form: { use: "refund_form" } } };
  const flow = { ...refundFlow(), forms: { refund_form: { schema } } };

  expect(formOf(flow, own)).toEqual(schema);
  expect(formOf(flow, used)).toEqual(schema);
  expect(formOf(flow, ask)).toBeUndefined();
});

test("errors that ways out are drawn for come first", () => {
  const node: FlowNode = {
    ...ask,
    events: [{ id: "out", kind: "error", codes: ["sold_out"] }],
  };
  expect(errorsOf(node)[0]).toBe("sold_out");
});

test("what the flow reads of an answer is found, with its kind, and filled in where it is missing", () => {
  const flow = withPay({
    values: [
      { name: "left", value: "pay.body.stock.left - 1" },
      { name: "state", value: "'{{ pay.body.state }}'" },
      { name: "other", value: "repay.body.nothing + upper(pay.body.state)" },
    ],
    when: { combinator: "and", rules: [{ field: "pay.ok", operator: "=", value: true }] },
    whole: "pay.body",
  });
  const pay = the(flow, "pay");

  const read = readOf(flow, pay);

  expect(read).toEqual([
    { path: "body.state", kind: "text" },
    { path: "body.stock.left", kind: "number" },
    { path: "ok", kind: "boolean" },
  ]);
  const half = { body: { state: "paid" } };
  expect(unsaid(half, read).map(({ path }) => path)).toEqual(["body.stock.left", "ok"]);
  expect(withRead(half, read)).toEqual({
    body: { state: "paid", stock: { left: 0 } },
    ok: false,
  });
  // A text where the flow reads fields is left alone: it may be meant so.
  expect(unsaid("busy", read)).toEqual([]);
});
