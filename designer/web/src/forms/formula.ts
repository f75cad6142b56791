// The part of the expression language that forms calculate with, as the server does (engine/flow/form_formulas.py lists
// it): names, numbers, texts, + - * / // %, comparisons, and/or/not, `a if c else b`, and a few functions.
// tests/fixtures/form_formulas.json is run by both sides.

import {
  add,
  divide,
  exact,
  floorDivide,
  isExact,
  multiply,
  NoValue,
  type Number_,
  parsed,
  remainder,
  rounded,
  subtract,
} from "./exact";

export type Value = Number_ | string | boolean | null | undefined | Value[] | Names;
export interface Names {
  [name: string]: Value;
}
type Run = (names: Names) => Value;

const TOKEN =
  /\s*(?:(\d+(?:\.\d+)?)|([^\W\d][\w]*)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(\/\/|==|!=|<=|>=|[-+*/%<>(),.[\]]))/uy;
const CACHE_MAX = 500;
const cache = new Map<string, Run>();

/** The value of a formula, or undefined when something it needs is missing or does not fit. */
export function calculate(text: string, names: Names): Value {
  try {
    return compile(text)(names);
  } catch (error) {
    if (error instanceof NoValue) return undefined;
    throw error;
  }
}

/** Is it a formula at all? */
export function isFormula(text: string): boolean {
  try {
    compile(text);
    return true;
  } catch {
    return false;
  }
}

function compile(text: string): Run {
  const known = cache.get(text);
  if (known) return known;
  if (cache.size >= CACHE_MAX) cache.clear();
  const run = new Parser(tokens(text)).whole();
  cache.set(text, run);
  return run;
}

interface Token {
  kind: "number" | "name" | "text" | "sign" | "end";
  text: string;
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const match = TOKEN.exec(text);
    if (match === null) throw new NoValue("syntax");
    const [, number, name, quoted, sign] = match;
    if (number !== undefined) found.push({ kind: "number", text: number });
    else if (name !== undefined) found.push({ kind: "name", text: name });
    else if (quoted !== undefined) found.push({ kind: "text", text: unquoted(quoted) });
    else found.push({ kind: "sign", text: sign ?? "" });
  }
  return [...found, { kind: "end", text: "" }];
}

const ESCAPES: Record<string, string> = { n: "\n", t: "\t", r: "\r" };

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/gs, (_, letter: string) => ESCAPES[letter] ?? letter);
}

const WORDS: Record<string, Value> = {
  true: true,
  false: false,
  null: null,
  True: true,
  False: false,
  None: null,
};
const KEYWORDS = new Set(["and", "or", "not", "if", "else", "in"]);

class Parser {
  private at = 0;
  private readonly list: Token[];

  constructor(list: Token[]) {
    this.list = list;
  }

  whole(): Run {
    const run = this.choice();
    if (this.now.kind !== "end") throw new NoValue("syntax");
    return run;
  }

  private get now(): Token {
    return this.list[this.at] ?? { kind: "end", text: "" };
  }

  private take(text: string, kind: Token["kind"] = "sign"): boolean {
    if (this.now.kind !== kind || this.now.text !== text) return false;
    this.at += 1;
    return true;
  }

  private must(text: string): void {
    if (!this.take(text)) throw new NoValue("syntax");
  }

  private choice(): Run {
    const yes = this.either();
    if (!this.take("if", "name")) return yes;
    const test = this.either();
    if (!this.take("else", "name")) throw new NoValue("syntax");
    const no = this.choice();
    return (names) => (truth(test(names)) ? yes(names) : no(names));
  }

  private either(): Run {
    let left = this.both();
    while (this.take("or", "name")) {
      const [before, right] = [left, this.both()];
      left = (names) => truth(before(names)) || truth(right(names));
    }
    return left;
  }

  private both(): Run {
    let left = this.not();
    while (this.take("and", "name")) {
      const [before, right] = [left, this.not()];
      left = (names) => truth(before(names)) && truth(right(names));
    }
    return left;
  }

  private not(): Run {
    if (!this.take("not", "name")) return this.comparison();
    const inner = this.not();
    return (names) => !truth(inner(names));
  }

  private comparison(): Run {
    const left = this.sum();
    const sign = this.now.text;
    const compare = this.now.kind === "sign" ? COMPARE[sign] : undefined;
    if (compare === undefined) return left;
    this.at += 1;
    const right = this.sum();
    return (names) => compare(left(names), right(names));
  }

  private sum(): Run {
    let left = this.product();
    for (;;) {
      const sign = this.now.kind === "sign" ? this.now.text : "";
      if (sign !== "+" && sign !== "-") return left;
      this.at += 1;
      const [before, right] = [left, this.product()];
      left = (names) => (sign === "+" ? plus : minus)(before(names), right(names));
    }
  }

  private product(): Run {
    let left = this.sign();
    for (;;) {
      const how = this.now.kind === "sign" ? TIMES[this.now.text] : undefined;
      if (how === undefined) return left;
      this.at += 1;
      const [before, right] = [left, this.sign()];
      left = (names) => how(number(before(names)), number(right(names)));
    }
  }

  private sign(): Run {
    if (this.take("-")) {
      const inner = this.sign();
      return (names) => number(inner(names)).neg();
    }
    if (this.take("+")) {
      const inner = this.sign();
      return (names) => number(inner(names));
    }
    return this.member();
  }

  private member(): Run {
    let run = this.atom();
    while (this.take(".")) {
      const name = this.now.text;
      if (this.now.kind !== "name") throw new NoValue("syntax");
      this.at += 1;
      const before = run;
      run = (names) => memberOf(before(names), name);
    }
    return run;
  }

  private atom(): Run {
    const token = this.now;
    this.at += 1;
    if (token.kind === "number") {
      const value = exact(token.text);
      return () => value;
    }
    if (token.kind === "text") return () => token.text;
    if (token.kind === "sign" && token.text === "(") {
      const inner = this.choice();
      this.must(")");
      return inner;
    }
    if (token.kind !== "name" || KEYWORDS.has(token.text)) throw new NoValue("syntax");
    if (this.take("(")) return this.call(token.text);
    if (token.text in WORDS) return () => WORDS[token.text];
    return (names) => memberOf(names, token.text);
  }

  private call(name: string): Run {
    const args: Run[] = [];
    if (!this.take(")")) {
      do args.push(this.choice());
      while (this.take(","));
      this.must(")");
    }
    if (name === "default") return defaulted(args);
    const call = FUNCTIONS[name];
    if (call === undefined) throw new NoValue("function");
    return (names) => call(...args.map((arg) => arg(names)));
  }
}

function defaulted([first, second]: Run[]): Run {
  if (!first || !second) throw new NoValue("arguments");
  return (names) => {
    try {
      const value = first(names);
      if (value !== null && value !== undefined) return value;
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
    }
    return second(names);
  };
}

class Missing extends NoValue {}

function memberOf(value: Value, name: string): Value {
  if (typeof value !== "object" || value === null || isExact(value) || Array.isArray(value)) {
    throw new Missing("no record");
  }
  const found = Object.hasOwn(value, name) ? value[name] : undefined;
  if (found === undefined) throw new Missing(name);
  return found;
}

function truth(value: Value): boolean {
  if (typeof value !== "boolean") throw new NoValue("yes or no");
  return value;
}

function number(value: Value): Number_ {
  if (!isExact(value)) throw new NoValue("number");
  return value;
}

function plus(left: Value, right: Value): Value {
  if (typeof left === "string" && typeof right === "string") return left + right;
  return add(number(left), number(right));
}

function minus(left: Value, right: Value): Value {
  return subtract(number(left), number(right));
}

const TIMES: Record<string, (a: Number_, b: Number_) => Number_> = {
  "*": multiply,
  "/": divide,
  "//": floorDivide,
  "%": remainder,
};

function equal(left: Value, right: Value): boolean {
  if (isExact(left) && isExact(right)) return left.eq(right);
  return typeof left === typeof right && left === right;
}

function order(left: Value, right: Value): number {
  if (typeof left === "string" && typeof right === "string") {
    return left < right ? -1 : left > right ? 1 : 0;
  }
  return number(left).cmp(number(right));
}

const COMPARE: Record<string, (left: Value, right: Value) => boolean> = {
  "==": equal,
  "!=": (left, right) => !equal(left, right),
  "<": (left, right) => order(left, right) < 0,
  "<=": (left, right) => order(left, right) <= 0,
  ">": (left, right) => order(left, right) > 0,
  ">=": (left, right) => order(left, right) >= 0,
};

function list(value: Value): Value[] {
  if (!Array.isArray(value)) throw new NoValue("list");
  return value;
}

function extreme(sign: number): (...given: Value[]) => Value {
  return (...given) => {
    const items = (given.length === 1 ? list(given[0]) : given).map(number);
    const [first, ...others] = items;
    if (first === undefined) throw new NoValue("empty");
    return others.reduce((best, item) => (item.cmp(best) * sign > 0 ? item : best), first);
  };
}

const FUNCTIONS: Record<string, (...given: Value[]) => Value> = {
  sum: (items) => list(items).reduce<Number_>((all, item) => add(all, number(item)), exact(0)),
  pluck: (items, name) => list(items).map((item) => memberOf(item, String(name))),
  round: (value, digits) => rounded(number(value), digits === undefined ? 0 : Number(digits)),
  floor: (value) => number(value).floor(),
  ceil: (value) => number(value).ceil(),
  abs: (value) => number(value).abs(),
  min: extreme(-1),
  max: extreme(1),
  len: (value) => {
    if (typeof value === "string") return exact([...value].length);
    return exact(list(value).length);
  },
  number: (value) => {
    if (isExact(value)) return value;
    const found = typeof value === "string" ? parsed(value) : null;
    if (found === null) throw new NoValue("number");
    return found;
  },
};

export const FORMULA_FUNCTIONS = [...Object.keys(FUNCTIONS), "default"];
