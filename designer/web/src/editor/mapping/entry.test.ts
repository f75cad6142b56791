import fc from "fast-check";
import { expect, test } from "vitest";
import { type Entry, fieldsIn, isName, pathText, readEntry, textOf } from "./entry";
import samples from "./samples.json";
import type { Constant, Step } from "./steps";

const word = fc.constantFrom("order", "订单", "a1", "_x", "items", "from", "class", "收 件", "__k");
const root = word.filter(isName);
const path = fc
  .tuple(root, fc.array(fc.oneof(word, fc.string({ maxLength: 6 }), fc.nat(20)), { maxLength: 4 }))
  .map(([first, rest]) => [first, ...rest]);
const text = fc.string({ maxLength: 12, unit: "binary" });
const constant: fc.Arbitrary<Constant> = fc.oneof(
  text,
  fc.integer({ min: -1_000_000, max: 1_000_000 }),
  fc.constantFrom(0.5, 12.25, -3.75),
  fc.boolean(),
  fc.constant(null),
);
const codes = fc.record({
  kind: fc.constant("codes" as const),
  rows: fc
    .uniqueArray(text, { maxLength: 4 })
    .chain((keys) =>
      fc
        .tuple(...keys.map((from) => constant.map((to) => ({ from, to }))))
        .map((rows) => [...rows]),
    ),
  otherwise: fc.oneof(
    fc.constantFrom({ kind: "wrong" as const }, { kind: "same" as const }),
    constant.map((value) => ({ kind: "value" as const, value })),
  ),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .constantFrom(
      ...(["upper", "lower", "trim", "text", "number", "to_fen", "to_yuan", "from_unix"] as const),
      ...(["first", "last", "count", "sum", "unique"] as const),
    )
    .map((kind) => ({ kind })),
  fc.nat(20).map((digits) => ({ kind: "round" as const, digits })),
  fc.record(
    { kind: fc.constant("date" as const), pattern: text, zone: text },
    { requiredKeys: ["kind", "pattern"] },
  ),
  fc.record({ kind: fc.constant("moment" as const), zone: text }, { requiredKeys: ["kind"] }),
  fc.record({ kind: fc.constantFrom("join" as const, "split" as const), by: text }),
  fc.record({ kind: fc.constant("replace" as const), old: text, new: text }),
  text.map((field) => ({ kind: "pluck" as const, field })),
  constant.map((value) => ({ kind: "default" as const, value })),
  codes,
);
// A missing code and a missing value are one call of default(…): the first of the two says it.
const steps = fc.array(step, { maxLength: 5 }).filter((all) =>
  all.every((each, at) => {
    const before = all[at - 1];
    return !(
      each.kind === "default" &&
      before?.kind === "codes" &&
      before.otherwise.kind === "wrong"
    );
  }),
);
const entry: fc.Arbitrary<Entry> = fc.letrec<{ entry: Entry }>((tie) => {
  const fields = fc
    .uniqueArray(text, { maxLength: 4 })
    .chain((names) =>
      fc
        .tuple(...names.map((name) => tie("entry").map((each) => ({ name, text: textOf(each) }))))
        .map((all) => [...all]),
    );
  return {
    entry: fc.oneof(
      { maxDepth: 3 },
      fc.record({ kind: fc.constant("link" as const), from: path, steps }),
      constant.map((value) => ({ kind: "fixed" as const, value })),
      fields.map((all) => ({ kind: "record" as const, fields: all })),
      fc.record({ kind: fc.constant("each" as const), from: path, steps, fields }),
    ),
  };
}).entry;

test("what is written is read back as the same, whatever it is", () => {
  fc.assert(
    fc.property(entry, (made) => {
      expect(readEntry(textOf(made))).toEqual(made);
    }),
    { numRuns: 600 },
  );
});

test("any text at all is read as something, and what is no record keeps its letters", () => {
  const letters = fc.constantFrom(..."abit.,:()[]{}'\"*/+-=<> 100", "round(", "default(", "each(");
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 30 }), (all) => {
      const source = all.join("");

      const found = readEntry(source);

      if (found.kind === "expression") expect(found.text).toBe(source);
      // Written and read once more, it stays what it was.
      expect(readEntry(textOf(found)).kind).toBe(found.kind);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["order.amount", "link"],
  ["  order . amount ", "link"],
  ['order["收件人"].name', "link"],
  ["upper(trim(order.name))", "link"],
  ["round(amount * 100)", "link"],
  ["amount / 100", "link"],
  ["{'WAIT': 'new'}[state]", "link"],
  ["'fixed'", "fixed"],
  ["-12.5", "fixed"],
  ["True", "fixed"],
  ["{'a': 1, 'b': {'c': x}}", "record"],
  ["each(lines, {'sku': it.sku})", "each"],
  // Sums, choices and calls of several values are for who writes by hand.
  ["a + b", "expression"],
  ["amount * 100", "expression"],
  ["(a + b) / 100", "expression"],
  ["a if b else c", "expression"],
  ["default(a, b)", "expression"],
  ["default({'A': 1}[a], b)", "expression"],
  ["{'A': x}[a]", "expression"],
  ["each(lines, it.sku)", "expression"],
  ["round(amount, digits)", "expression"],
  ["items[index]", "expression"],
  ["'a' 'b'", "expression"],
  ["'''it is {'''", "expression"],
  ["f'{a}'", "expression"],
  ["{'a': 1, 'a': 2}", "expression"],
  ["{a: 1}", "expression"],
  ["12345678901234567890", "expression"],
  ["1.50", "expression"],
  ["todo('x')", "expression"],
  ["true.x", "expression"],
  ["a # why", "expression"],
  ["", "expression"],
])("%s is read as %s", (source, kind) => {
  expect(readEntry(source).kind).toBe(kind);
});

test("fields of a record keep what is written in them, letter by letter", () => {
  expect(fieldsIn("{ 'a' :  x+1 , \"b\": [1,  2] }")).toEqual([
    { name: "a", text: "x+1" },
    { name: "b", text: "[1,  2]" },
  ]);
});

test("names the language cannot say go into brackets", () => {
  expect(pathText(["body", "from", "收 件", 0, "sku"])).toBe('body["from"]["收 件"][0].sku');
});

test.each(samples)("$text is a line, and is written as it stands", ({ text }) => {
  const entry = readEntry(text);

  expect(entry.kind).not.toBe("expression");
  expect(textOf(entry)).toBe(text);
});
