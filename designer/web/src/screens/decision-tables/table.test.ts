// biome-ignore-all lint/suspicious/noThenProperty: what the API calls it
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  cellOf,
  changeColumn,
  type Definition,
  fillDown,
  fromSheet,
  fromTsv,
  gridColumns,
  insertRows,
  moveRows,
  paste,
  problemsByCell,
  removeColumn,
  removeRows,
  sentence,
  toTsv,
  withCells,
} from "./table";

const TABLE: Definition = {
  title: { en: "Routing" },
  policy: "first",
  inputs: [
    { name: "amount", kind: "money" },
    { name: "shop", kind: "text" },
  ],
  outputs: [{ name: "route", kind: "text" }],
  rules: [
    { id: "r1", when: { amount: "> 5", shop: '"A", "B"' }, then: { route: "x" } },
    { id: "r2", when: { amount: "-" }, then: { route: "y" }, note: "rest" },
  ],
};

const texts = (table: Definition) =>
  table.rules.map((rule) => gridColumns(table).map((column) => cellOf(rule, column)));

test("cells copied to a sheet come back as they were", () => {
  const all = { top: 0, bottom: 1, left: 0, right: 3 };
  const pasted = paste({ ...TABLE, rules: [] }, { row: 0, col: 0 }, fromTsv(toTsv(TABLE, all)));
  expect(texts(pasted)).toEqual(texts(TABLE));
});

test("any text survives the clipboard", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 }), (cells) => {
      fc.pre(cells.every((cell) => cell.trim() === cell && !/[\r\t\n"]/.test(cell)));
      expect(fromTsv(cells.join("\t"))).toEqual([cells]);
    }),
  );
});

test("Excel's quotes are taken off, those of a condition stay", () => {
  expect(fromTsv('"a\tb"\t"A", "B"\r\n"say ""x"""\t"A"\r\n')).toEqual([
    ["a\tb", '"A", "B"'],
    ['say "x"', '"A"'],
  ]);
});

test("pasting beyond the last row makes rows; one cell fills a range", () => {
  const grown = paste(TABLE, { row: 1, col: 2 }, [["a"], ["b"], ["c"]]);
  expect(grown.rules.map((rule) => rule.then["route"])).toEqual(["x", "a", "b", "c"]);
  expect(new Set(grown.rules.map(({ id }) => id)).size).toBe(4);
  const filled = paste(TABLE, { row: 0, col: 2 }, [["z"]], {
    top: 0,
    bottom: 1,
    left: 2,
    right: 2,
  });
  expect(filled.rules.map((rule) => rule.then["route"])).toEqual(["z", "z"]);
});

test("filling down takes the first row of the range, or the one above", () => {
  expect(fillDown(TABLE, { top: 0, bottom: 1, left: 0, right: 0 }).rules[1]?.when["amount"]).toBe(
    "> 5",
  );
  expect(fillDown(TABLE, { top: 1, bottom: 1, left: 2, right: 2 }).rules[1]?.then["route"]).toBe(
    "x",
  );
});

test("rows come, go and move; columns keep their cells when they are renamed", () => {
  expect(insertRows(TABLE, 1).rules.map(({ id }) => id)).toEqual(["r1", "r3", "r2"]);
  expect(removeRows(TABLE, 0, 0).rules.map(({ id }) => id)).toEqual(["r2"]);
  expect(moveRows(TABLE, 0, 0, 1).rules.map(({ id }) => id)).toEqual(["r2", "r1"]);
  expect(moveRows(TABLE, 0, 0, -1)).toBe(TABLE);
  const renamed = changeColumn(TABLE, "inputs", 0, { name: "total", kind: "money" });
  expect(renamed.rules[0]?.when).toEqual({ total: "> 5", shop: '"A", "B"' });
  expect(removeColumn(TABLE, "inputs", 0).rules[0]?.when).toEqual({ shop: '"A", "B"' });
});

test("a change of nothing is no change, and problems stand at their cells", () => {
  expect(withCells(TABLE, [{ row: 0, col: 0, text: "> 5" }]).rules[0]).toBe(TABLE.rules[0]);
  const problems = [{ path: "/rules/1/then/route", code: "cell_wrong", message: "" }];
  expect([...problemsByCell(TABLE, problems).keys()]).toEqual(["1:2"]);
});

test("a row reads as a sentence", () => {
  const words = {
    always: "Always",
    when: "When ",
    and: " and ",
    gives: ": ",
    is: "is ",
    nothing: "nothing",
  };
  const said = TABLE.rules.map((rule) => sentence(TABLE, rule, ({ name }) => name, words));
  expect(said).toEqual(['When amount > 5 and shop is "A", "B": route = x', "Always: route = y"]);
});

test("a whole table comes from a spreadsheet", () => {
  const made = fromSheet(
    "Channel\tCategory\tAmount\tRoute\r\nTmall, JD\t-\t>= 500\trisk\r\n-\tToys\t[100..500)\tdirect\r\n",
    "en",
  );

  expect(made?.inputs.map(({ name, kind }) => [name, kind])).toEqual([
    ["channel", "text"],
    ["category", "text"],
    ["amount", "money"],
  ]);
  expect(made?.outputs).toMatchObject([{ name: "route", kind: "text" }]);
  expect(made?.rules).toMatchObject([
    { when: { channel: '"Tmall", "JD"', amount: ">= 500" }, then: { route: "risk" } },
    { when: { category: '"Toys"', amount: "[100..500)" }, then: { route: "direct" } },
  ]);
  expect(fromSheet("only one line", "en")).toBeNull();
});
