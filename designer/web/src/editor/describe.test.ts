import { expect, test } from "vitest";
import { type Answers, BEGINS, DECIDES, described, THENS, USUAL } from "./describe";
import { refersOnlyToItself } from "./testing";

const answers: Answers = {
  name: { zh: "退款", en: "Refund" },
  begins: "form",
  knows: USUAL,
  decides: "both",
  role: "finance_manager",
  above: 500,
  afterwards: ["tell"],
};

const cases = BEGINS.flatMap((begins) =>
  DECIDES.flatMap((decides) => [[], THENS].map((afterwards) => ({ begins, decides, afterwards }))),
);

test.each(cases)("$begins, $decides, $afterwards is a whole flow", (given) => {
  const flow = described("refund", { ...answers, ...given });

  refersOnlyToItself(flow);
  const places = flow.nodes.map(({ position }) => `${position.x} ${position.y}`);
  expect(new Set(places).size).toBe(flow.nodes.length);
  const last = flow.nodes.filter((node) => node.type === "end").map((node) => node.id);
  const reached = new Set(flow.edges.map((edge) => edge.to));
  expect(last.every((id) => reached.has(id))).toBe(true);
});

test("a large amount is decided twice, a small one once", () => {
  const flow = described("refund", answers);

  const from = (id: string) => flow.edges.filter((edge) => edge.from === id).map((e) => e.to);
  expect(from("superior")).toEqual(["large", "tell_refused"]);
  expect(from("large").sort()).toEqual(["approval", "tell"]);
});
