import { expect, test } from "vitest";
import { doneUndoneRedone, lines, refundFlow, types } from "../testing";
import { inlineSubflow } from "./inlineSubflow";

const outer = (settings: object) => {
  const flow = refundFlow();
  const nodes = flow.nodes.map((node) =>
    node.id === "ask"
      ? { ...node, type: "subflow", settings: { flow: "refund", ...settings } }
      : node,
  );
  const edges = flow.edges
    .filter((edge) => edge.id !== "e5")
    .map((edge) => (edge.id === "e4" ? { ...edge, port: "out" } : edge));
  return { ...flow, nodes, edges };
};

test("its steps stand where the node stood, under names of their own", () => {
  const after = doneUndoneRedone(
    inlineSubflow,
    { node: "ask", inner: refundFlow() },
    outer({ input: [{ name: "amount", value: "amount" }] }),
  );

  expect(lines(after)).toEqual([
    "ask.approved → done",
    "ask.rejected → done",
    "check.big → check_2",
    "check.else → done",
    "check_2.big → ask",
    "check_2.else → done",
    "start.out → check",
  ]);
});

test("what it was given under another name is set first", () => {
  const after = doneUndoneRedone(
    inlineSubflow,
    { node: "ask", inner: refundFlow() },
    outer({ input: [{ name: "amount", value: "total * 2" }] }),
  );

  expect(lines(after)).toContain("check.big → set_values");
  expect(lines(after)).toContain("set_values.out → check_2");
});

test("what is started for each of a list stays a flow of its own", () => {
  const flow = outer({ for_each: "orders" });

  expect(inlineSubflow.run(flow, { node: "ask", inner: refundFlow() }, types)).toBe(flow);
});
