import fc from "fast-check";
import { expect, test } from "vitest";
import { suggestions } from "./alike";
import { joined } from "./connect";
import { type Field, readEntry, textOf } from "./entry";
import { at, counted, type Fields, fieldsOfRows, put, rowsFrom } from "./mapping";
import { indexOf, matching, originOf, readBy, sourcesFrom } from "./sources";
import { kindAfter, withStep } from "./steps";
import { fitFor, keyOf, namesOfExample, ofFields, ofSchema, withNames, withOwn } from "./targets";

const show = (value: unknown) =>
  typeof value === "string" ? value : ((value as { en?: string } | undefined)?.en ?? "");
const schema = {
  type: "object",
  required: ["order_no", "buyer"],
  properties: {
    order_no: { type: "string", title: "Order number" },
    amount: { type: "integer" },
    buyer: {
      type: "object",
      required: ["name"],
      properties: { name: { type: "string" }, phone: { type: "string" } },
    },
    lines: {
      type: "array",
      items: { type: "object", properties: { sku: { type: "string" }, qty: { type: "integer" } } },
    },
  },
};
const targets = ofSchema(schema, show);

const name = fc.constantFrom("order_no", "amount", "buyer", "lines", "x y");
const written = fc.constantFrom(
  "a",
  "upper(a)",
  "a+b",
  "'x'",
  "{'name': b}",
  "{'name': a , }",
  "1",
);
const rows = fc.array(
  fc.record({ name: fc.oneof(name, fc.constant("")), value: written, note: fc.constant(1) }),
  { maxLength: 6 },
);
const place = fc.constantFrom(["order_no"], ["amount"], ["buyer"], ["buyer", "name"], ["x y", "z"]);

test("opening the mapping and closing it leaves the settings as they are", () => {
  fc.assert(
    fc.property(rows, (before) => {
      expect(rowsFrom(before, fieldsOfRows(before))).toEqual(before);
    }),
  );
});

test("whatever is put somewhere stands there, and everything else keeps its letters", () => {
  fc.assert(
    fc.property(rows, place, written, (before, path, text) => {
      const fields = fieldsOfRows(before).filter(
        (field, index, all) => all.findIndex((each) => each.name === field.name) === index,
      );
      const was = at(fields, path);

      const after = put(fields, path, text);

      if (was.covered === undefined) expect(at(after, path).text).toBe(text);
      else expect(after).toEqual(fields);
      const others = (all: Fields) => all.filter((field) => field.name !== path[0]);
      expect(others(after)).toEqual(others(fields));
    }),
  );
});

test("any walk of putting and taking away ends with the rows one would write by hand", () => {
  const move = fc.tuple(place, fc.option(written, { nil: undefined }));
  fc.assert(
    fc.property(fc.array(move, { maxLength: 20 }), (moves) => {
      let kept: unknown = [];
      let fields: Fields = [];
      for (const [path, text] of moves) {
        fields = put(fields, path, text);
        kept = rowsFrom(kept, fields);
        // What is read from the settings is what was put there.
        expect(fieldsOfRows(kept)).toEqual(fields);
      }
      const empty = moves.reduce<Fields>(
        (left, [path]) => put(left, path.slice(0, 1), undefined),
        fields,
      );
      expect(empty).toEqual([]);
    }),
  );
});

test("a field inside a record is made with the record, and takes it away when it was the last", () => {
  const one = put([], ["buyer", "name"], "order.name");
  const two = put(one, ["buyer", "phone"], "order.tel");

  expect(two).toEqual([{ name: "buyer", text: '{"name": order.name, "phone": order.tel}' }]);
  expect(put(put(two, ["buyer", "name"], undefined), ["buyer", "phone"], undefined)).toEqual([]);
});

test("a field of a list's items goes through the list", () => {
  const each = { at: 2, list: { from: ["order", "items"], steps: [] } };
  const one = put([], ["lines", "sku"], "it.sku", each);
  const two = put(one, ["lines", "qty"], "it.count", each);

  expect(two[0]?.text).toBe('each(order.items, {"sku": it.sku, "qty": it.count})');
  expect(at(two, ["lines", "qty"])).toMatchObject({ list: "order.items", text: "it.count" });
});

test("a place that is filled as a whole is not taken apart", () => {
  const whole: Field[] = [{ name: "buyer", text: "order.buyer" }];

  expect(put(whole, ["buyer", "name"], "x")).toEqual(whole);
  expect(at(whole, ["buyer", "name"]).covered).toEqual(["buyer"]);
});

test("required fields are counted, those of a record only where it is begun or needed", () => {
  const empty = counted([], targets);
  const begun = counted(put([], ["buyer", "phone"], "x"), targets);
  const whole = counted(put([], ["buyer"], "x"), targets);

  expect(empty.missing.map(({ key }) => key)).toEqual(["order_no", "buyer"]);
  expect(begun.missing.map(({ key }) => key)).toEqual(["order_no", "buyer/name"]);
  expect(whole).toMatchObject({ filled: 1, all: 4 });
});

test("what somebody wrote beside the form is shown with it", () => {
  const all = withOwn(targets, [
    { name: "buyer", text: "{'nick': x}" },
    { name: "more", text: "1" },
  ]);

  expect(all.at(-1)).toMatchObject({ key: "more", own: true });
  expect(all[2]?.children.at(-1)).toMatchObject({ key: keyOf(["buyer", "nick"]), own: true });
});

test.each([
  ["number", "text", ["text"]],
  ["text", "number", ["number"]],
  ["list", "text", ["join"]],
  ["list", "number", ["count"]],
  ["list", "object", ["first"]],
  ["text", "list", ["split"]],
  ["number", "date", ["from_unix"]],
  ["date", "text", []],
  ["any", "number", []],
  ["object", "text", null],
  ["text", "boolean", null],
  ["boolean", "number", null],
  ["date", "number", null],
] as const)("a %s for a %s: %j", (kind, to, steps) => {
  const found = fitFor({ kind }, { kind: to });

  expect("steps" in found ? found.steps.map((step) => step.kind) : null).toEqual(steps);
});

test("codes that differ are put side by side, those of one name already filled in", () => {
  const choices = (...values: string[]) => values.map((value) => ({ value, title: value }));

  const found = fitFor(
    { kind: "choice", choices: choices("WAIT_PAY", "Done") },
    { kind: "choice", choices: choices("wait-pay", "finished") },
  );

  expect(found).toEqual({
    steps: [
      {
        kind: "codes",
        rows: [
          { from: "WAIT_PAY", to: "wait-pay" },
          { from: "Done", to: "" },
        ],
        otherwise: { kind: "wrong" },
      },
    ],
  });
});

test("a missing value is filled before a later step stumbles over it", () => {
  const upper = withStep([], "upper", "text");

  expect(withStep(upper, "default", "text").map(({ kind }) => kind)).toEqual(["default", "upper"]);
  expect(
    withStep([{ kind: "first" }, { kind: "upper" }], "default", "list").map(({ kind }) => kind),
  ).toEqual(["first", "default", "upper"]);
  expect(withStep([], "codes", "number").map(({ kind }) => kind)).toEqual(["text", "codes"]);
  expect(kindAfter("list", [{ kind: "pluck", field: "price" }, { kind: "sum" }])).toBe("number");
});

const variables = [
  { path: "order", title: "Order", kind: "object" as const, source: "Start" },
  { path: "order.no", title: "Order · Order number", kind: "text" as const, source: "Start" },
  {
    path: "order.items",
    title: "Order · Lines",
    kind: "list" as const,
    source: "Start",
    sample: [{ sku: "A", price: 5 }, { sku: "B" }],
  },
  { path: "手机", title: "手机", kind: "text" as const, source: "Start" },
  { path: "answer", title: "Answer", kind: "text" as const, source: "Ask", sample: { from: 3 } },
];

test("the tree has what is known, what the sample shows, and the fields of a list's items", () => {
  const tree = sourcesFrom(variables);
  const known = indexOf(tree);

  expect(tree.map(({ title }) => title)).toEqual(["Start", "Ask"]);
  expect(known.get("order.no")).toMatchObject({ title: "Order number", kind: "text" });
  expect(known.get("order.items[].price")).toMatchObject({ kind: "list", sample: [5, undefined] });
  expect(known.get('answer["from"]')).toMatchObject({ kind: "number", sample: 3 });
  expect(matching(tree, "sku")[0]?.children[0]?.children[0]?.children).toHaveLength(1);
});

test.each([
  ["order.no", null, "order.no", true],
  ["sum(pluck(order.items, 'price'))", null, "order.items[].price", true],
  ["order.items[0].sku", null, "order.items", false],
  ["it.sku", "order.items", "order.items[].sku", true],
  ["it.unknown", "order.items", "order.items", false],
])("a line of %s begins at the right value", (text, list, key, exact) => {
  expect(originOf(readEntry(text), indexOf(sourcesFrom(variables)), list)).toEqual({ key, exact });
});

test("fields of the same name or meaning are found, in both languages, and only where they fit", () => {
  const form = ofFields(
    [
      { name: "order_no", kind: "text", title: { en: "Order number" } },
      { name: "mobile", kind: "phone", title: { zh: "联系电话" } },
      { name: "lines", kind: "yes_no" },
      { name: "colour", kind: "text" },
    ],
    show,
  );

  const found = suggestions([], form, sourcesFrom(variables));

  expect(found.map(({ target, source, why }) => [target.key, source.key, why])).toEqual([
    ["order_no", "order.no", "title"],
    ["mobile", "手机", "meaning"],
  ]);
  expect(suggestions([{ name: "order_no", text: "x" }], form, sourcesFrom(variables))).toHaveLength(
    1,
  );
});

test("a line that is drawn is the expression one would write", () => {
  const steps = withStep(withStep([], "trim", "text"), "default", "text");

  expect(textOf({ kind: "link", from: ["order", "no"], steps })).toBe(
    'trim(default(order.no, ""))',
  );
});

test("an example tells the names: of records in it, and of the records of its lists", () => {
  const names = namesOfExample({
    no: 1,
    buyer: { name: "x" },
    lines: [{ sku: 1, tags: ["a"] }],
    a: [],
  });

  expect(names).toEqual(["no", "buyer.name", "lines[].sku", "lines[].tags", "a"]);
  expect(withNames([], names).map(({ key, kind }) => [key, kind])).toEqual([
    ["no", "any"],
    ["buyer", "object"],
    ["lines", "list"],
    ["a", "any"],
  ]);
});

test("a line from a list's item to a field of each item goes through the list", () => {
  const known = indexOf(sourcesFrom(variables));
  const form = withNames([], ["lines[].price", "total"]);
  const [lines, total] = form;
  const price = known.get("order.items[].price");
  const inner = lines?.children[0];
  if (!lines || !total || !inner || !price) throw new Error("Expected them to be there.");

  const each = joined([], inner, lines, price);
  const sum = joined([], { ...total, kind: "number" }, undefined, price);
  const plain = known.get("order.no");

  expect(each.ok && each.fields[0]?.text).toBe('each(order.items, {"price": it.price})');
  expect(sum.ok && sum.fields[0]?.text).toBe('sum(pluck(order.items, "price"))');
  expect(plain && joined([], inner, lines, plain)).toEqual({ ok: false, why: { code: "item" } });
});

test("what an expression reads is found in it", () => {
  const known = indexOf(sourcesFrom(variables));

  expect(readBy("order.no + ' ' + text(len(order.items)) + unknown.x", known)).toEqual([
    "order.no",
    "order.items",
  ]);
});
