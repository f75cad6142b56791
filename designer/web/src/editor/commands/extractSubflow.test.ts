import { expect, test } from "vitest";
import { parted, whyNotApart } from "../subflow";
import { doneUndoneRedone, expectOneEdgeEach, lines, refundFlow, types } from "../testing";
import { extractSubflow } from "./extractSubflow";
import { inlineSubflow } from "./inlineSubflow";

const wish = { nodes: ["check", "ask"], id: "subflow", flow: "decide", name: { en: "Decide" } };

test("one node stands in their place, and is given what they use", () => {
  const after = doneUndoneRedone(extractSubflow, wish);

  expect(lines(after)).toEqual(["start.out → subflow", "subflow.out → done"]);
  const node = after.nodes.find((each) => each.id === "subflow");
  expect(node?.settings).toMatchObject({
    flow: "decide",
    input: [{ name: "amount", value: "amount" }],
  });
});

test("the flow of its own has a start, an end and the same way between them", () => {
  const flow = { key: "decide", name: { en: "Decide" }, node: "subflow" };
  const inner = parted(refundFlow(), ["check", "ask"], flow, types)?.inner;

  expect(inner && lines(inner)).toEqual([
    "ask.approved → end",
    "ask.rejected → end",
    "check.big → ask",
    "check.else → end",
    "start.out → check",
  ]);
  expect(Object.keys(inner?.input?.properties ?? {})).toEqual(["amount"]);
});

test("there and back again is the same way", () => {
  const flow = { key: "decide", name: { en: "Decide" }, node: "subflow" };
  const found = parted(refundFlow(), ["check", "ask"], flow, types);
  if (found === null) throw new Error("it can be parted");

  const back = inlineSubflow.run(found.outer, { node: "subflow", inner: found.inner }, types);

  expect(lines(back)).toEqual(lines(refundFlow()));
  expectOneEdgeEach(back);
});

test.each([
  ["nothing", []],
  ["a_start_or_end", ["start", "check"]],
  ["ways_out", ["check"]],
])("it says why not: %s", (reason, ids) => {
  expect(whyNotApart(refundFlow(), ids, types)).toBe(reason);
});

test("what later steps use of them keeps them here", () => {
  const flow = refundFlow();
  const last = flow.nodes[3];
  if (last) last.settings = { output: "{{ ask.decision }}" };

  expect(whyNotApart(flow, ["check", "ask"], types)).toBe("used_later");
  expect(extractSubflow.run(flow, wish, types)).toBe(flow);
});
