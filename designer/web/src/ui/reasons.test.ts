// What the engine says of expressions, in Chinese: no English sentence may be left.

import { expect, test } from "vitest";
import en from "../../../locales/en/errors.json";
import zh from "../../../locales/zh/errors.json";
import { bookFrom, type Reasons, spoken, told } from "./reasons";

const book = bookFrom(zh.reason);

// As the engine said them (tests/flow/test_reasons.py asks that each of its sentences is known).
const SAID: [string, string][] = [
  ["Expected a divisor other than 0, but found 0.", "除数不能是 0。"],
  [
    "Expected amout in the variables, but found only amount. Do you mean amount?",
    "变量 里没有 amout，只有：amount。是不是 amount？",
  ],
  [
    "Expected stock in order.items, but found only a, b, c, d, e, f, g, h and 4 more.",
    "order.items 里没有 stock，只有：a, b, c, d, e, f, g, h 等（还有 4 个）。",
  ],
  [
    'Expected two values that go together with +, but found the text "12" and the number 1. number(x) makes a number of a text. text(x) makes a text.',
    '+ 两边的值不能放在一起：文本 "12" 和 数字 1。number(x) 把文本变成数字。text(x) 把值变成文本。',
  ],
  [
    "Expected two values that go together with >, but found nothing and the number 5. default(x, 0) puts a value in the place of nothing.",
    "> 两边的值不能放在一起：空 和 数字 5。default(x, 0) 可以给空值一个代替的值。",
  ],
  [
    "Expected a whole number from 0 to 20 in round(…), but found the number 2.5.",
    "round(…) 需要 0 到 20 的整数，实际是 数字 2.5。",
  ],
  [
    "Expected a list in sum(…), but found the record a record of 3 field(s).",
    "sum(…) 需要 列表，实际是 有 3 个字段的记录。",
  ],
  [
    'Expected a record items with a field sku, but items is the list a list of 2 item(s). pluck(items, "sku") takes it from every item.',
    'items 应当是有字段 sku 的记录，但 items 是 有 2 项的列表。pluck(items, "sku") 从每一项里取出它。',
  ],
  [
    "Expected a known function, but found uper(…). Do you mean upper?",
    "没有 uper(…) 这个函数。是不是 upper？",
  ],
  [
    "Expected an expression, but found &&. Write and instead of &&.",
    "不能用 &&。请写 and，不要写 &&。",
  ],
  [
    "Expected an expression, but it cannot be read: '(' was never closed.",
    "表达式读不懂：( 没有闭合。",
  ],
  // A word of Python that nobody has translated is not shown.
  [
    "Expected an expression, but it cannot be read: some new words of a parser.",
    "表达式读不懂：写法不对。",
  ],
  [
    "Expected names, values, operators and listed functions, but found await.",
    "这里可以用名称、值、运算符和列出的函数，不能用 写法不对。",
  ],
  [
    "Row 3, amount: Expected a divisor other than 0, but found 0.",
    "第 3 行，amount：除数不能是 0。",
  ],
  [
    "event paid: Expected order in the variables, but found only nothing.",
    "事件 paid：变量 里没有 order，只有：空。",
  ],
];

test.each(SAID)("%s", (said, text) => {
  expect(told(said, book)).toBe(text);
});

test.each([
  "余额不足", // what another system said stays what it said
  "HTTP 500: Internal Server Error",
  "Shop: closed for a while",
  "",
])("%s is nothing the engine says of expressions", (said) => {
  expect(told(said, book)).toBe(said);
});

test("both languages know the same sentences, by the words of the engine", () => {
  for (const part of ["sentence", "hint", "word"] as const) {
    const chinese = Object.entries((zh.reason as Reasons)[part]);
    const english = Object.entries((en.reason as Reasons)[part]);
    const said = (rows: typeof chinese) => rows.map(([key, one]) => [key, one.said]);
    expect(said(chinese)).toEqual(said(english));
    expect(english.filter(([, { said: own, text }]) => own !== text)).toEqual([]);
  }
});

test("the place is told where it is not the beginning, in both languages", () => {
  const said = "Expected a divisor other than 0, but found 0.";

  expect(spoken(said, 4, zh.reason)).toBe("除数不能是 0（第 5 个字处）");
  expect(spoken(said, 4, en.reason, true)).toBe(
    "Expected a divisor other than 0, but found 0 (at character 5)",
  );
  expect(spoken(said, 0, zh.reason)).toBe("除数不能是 0。");
});
