// What stands at a target: a line from a source with what is done on the way, a fixed value, a record, one for each of a list,
// or an expression written by hand. Read from the text of an expression and written as one; what is not understood stays text.

import { type Constant, constant, FUNCTION_OF, type Plain, printed, type Step } from "./steps";
import { quoted, type Token, tokensOf } from "./tokens";

/** `order.items[0].sku` */
export type Path = readonly (string | number)[];

export interface Field {
  name: string;
  text: string;
}

export type Entry =
  | { kind: "link"; from: Path; steps: Step[] }
  | { kind: "fixed"; value: Constant }
  | { kind: "record"; fields: Field[] }
  | { kind: "each"; from: Path; steps: Step[]; fields: Field[] }
  | { kind: "expression"; text: string };

/** What the item is called inside `each(…)`. */
export const ITEM = "it";

// --- writing -------------------------------------------------------------------------------------

export function textOf(entry: Entry): string {
  switch (entry.kind) {
    case "link":
      return printed(entry.steps, pathText(entry.from));
    case "fixed":
      return constant(entry.value);
    case "record":
      return recordText(entry.fields);
    case "each":
      return `each(${printed(entry.steps, pathText(entry.from))}, ${recordText(entry.fields)})`;
    case "expression":
      return entry.text;
  }
}

export function recordText(fields: readonly Field[]): string {
  return `{${fields.map(({ name, text }) => `${quoted(name)}: ${text}`).join(", ")}}`;
}

export function pathText(path: Path): string {
  return path
    .map((part, index) => {
      if (index === 0) return String(part);
      if (typeof part === "number") return `[${part}]`;
      return isName(part) ? `.${part}` : `[${quoted(part)}]`;
    })
    .join("");
}

const NAME = /^(?!__)[\p{L}_][\p{L}\p{N}_]*$/u;

/** The words that mean something to whoever reads an expression; no names. */
const WORDS = new Set(
  `False None True and as assert async await break class continue def del elif else except finally for from global if import in
  is lambda nonlocal not or pass raise return try while with yield true false null`.split(/\s+/),
);

export function isName(text: string): boolean {
  return NAME.test(text) && !WORDS.has(text) && text.normalize("NFKC") === text;
}

// --- reading -------------------------------------------------------------------------------------

export function readEntry(text: string): Entry {
  const tokens = tokensOf(text);
  const found = tokens === null ? null : new Reader(text, tokens).entry(0, tokens.length);
  return found ?? { kind: "expression", text };
}

/** The fields of a record that is written out, or null. */
export function fieldsIn(text: string): Field[] | null {
  const entry = readEntry(text);
  return entry.kind === "record" ? entry.fields : null;
}

/** Every path an expression reads: `order.no`, `it.sku`. */
export function namesIn(text: string): Path[] {
  const tokens = tokensOf(text) ?? [];
  const paths: string[][] = [];
  tokens.forEach((token, at) => {
    if (token.kind !== "name" || WORDS.has(token.value)) return;
    const sign = (from: number) => (tokens[from]?.kind === "sign" ? tokens[from]?.value : "");
    if (sign(at - 1) === "." || sign(at + 1) === "(") return;
    const path = [token.value];
    for (let next = at + 1; sign(next) === "." && tokens[next + 1]?.kind === "name"; next += 2)
      path.push(tokens[next + 1]?.value ?? "");
    paths.push(path);
  });
  return paths;
}

type Chain = { from: Path; steps: Step[] };

/** A piece of the tokens, from the first up to but without the last. */
type Piece = readonly [number, number];

const PLAIN = new Map<string, Plain>(
  (Object.entries(FUNCTION_OF) as [Plain, string][])
    .filter(([, called]) => called !== "")
    .map(([kind, called]) => [called, kind]),
);
const CONSTANTS: Record<string, Constant> = {
  true: true,
  false: false,
  null: null,
  True: true,
  False: false,
  None: null,
};
const CLOSES: Record<string, string> = { "(": ")", "[": "]", "{": "}" };

class Reader {
  private readonly source: string;
  private readonly tokens: readonly Token[];

  constructor(source: string, tokens: readonly Token[]) {
    this.source = source;
    this.tokens = tokens;
  }

  entry(from: number, to: number): Entry | null {
    if (from >= to) return null;
    const value = this.constant([from, to]);
    if (value !== undefined) return { kind: "fixed", value };
    const fields = this.record([from, to]);
    if (fields !== null) return { kind: "record", fields };
    return this.each([from, to]) ?? this.link([from, to]);
  }

  private link(piece: Piece): Entry | null {
    const chain = this.chain(piece);
    return chain === null ? null : { kind: "link", ...chain };
  }

  private each(piece: Piece): Entry | null {
    const call = this.call(piece);
    const [list, value] = call?.given ?? [];
    if (call?.name !== "each" || call.given.length !== 2 || !list || !value) return null;
    const chain = this.chain(list);
    const fields = this.record(value);
    return chain === null || fields === null ? null : { kind: "each", ...chain, fields };
  }

  private chain(piece: Piece): Chain | null {
    const path = this.path(piece);
    if (path !== null) return { from: path, steps: [] };
    const yuan = this.hundred(piece, "/");
    if (yuan !== null) return this.after(yuan, { kind: "to_yuan" });
    const codes = this.codes(piece);
    if (codes !== null) {
      const step: Step = { kind: "codes", rows: codes.rows, otherwise: { kind: "wrong" } };
      return { from: codes.inner.from, steps: [...codes.inner.steps, step] };
    }
    const call = this.call(piece);
    return call === null ? null : this.done(call.name, call.given);
  }

  private done(name: string, given: Piece[]): Chain | null {
    const [inner, second, third] = given;
    if (inner === undefined) return null;
    const plain = PLAIN.get(name);
    if (plain !== undefined) return given.length === 1 ? this.after(inner, { kind: plain }) : null;
    const one = second && this.constant(second);
    const two = third && this.constant(third);
    const texts = [one, two].slice(0, given.length - 1).every((each) => typeof each === "string");
    switch (name) {
      case "round": {
        const fen = given.length === 1 ? this.hundred(inner, "*") : null;
        if (fen !== null) return this.after(fen, { kind: "to_fen" });
        if (given.length === 1) return this.after(inner, { kind: "round", digits: 0 });
        const whole = typeof one === "number" && Number.isInteger(one) && one >= 1 && one <= 20;
        return given.length === 2 && whole
          ? this.after(inner, { kind: "round", digits: one })
          : null;
      }
      case "format_date":
        if (!texts || given.length < 2 || given.length > 3) return null;
        return this.after(inner, {
          kind: "date",
          pattern: one as string,
          ...(given.length === 3 ? { zone: two as string } : {}),
        });
      case "date":
        if (!texts || given.length > 2) return null;
        return this.after(inner, {
          kind: "moment",
          ...(given.length === 2 ? { zone: one as string } : {}),
        });
      case "join":
      case "split":
        return texts && given.length === 2
          ? this.after(inner, { kind: name, by: one as string })
          : null;
      case "pluck":
        return texts && given.length === 2
          ? this.after(inner, { kind: "pluck", field: one as string })
          : null;
      case "replace":
        return texts && given.length === 3
          ? this.after(inner, { kind: "replace", old: one as string, new: two as string })
          : null;
      case "default":
        return second !== undefined && given.length === 2 ? this.default(inner, second) : null;
      default:
        return null;
    }
  }

  private default(inner: Piece, other: Piece): Chain | null {
    const value = this.constant(other);
    const codes = this.codes(inner);
    if (codes === null) {
      return value === undefined ? null : this.after(inner, { kind: "default", value });
    }
    const same = value === undefined ? this.chain(other) : null;
    if (value === undefined && JSON.stringify(same) !== JSON.stringify(codes.inner)) return null;
    const otherwise =
      value === undefined ? ({ kind: "same" } as const) : ({ kind: "value", value } as const);
    const step: Step = { kind: "codes", rows: codes.rows, otherwise };
    return { from: codes.inner.from, steps: [...codes.inner.steps, step] };
  }

  private after(piece: Piece, step: Step): Chain | null {
    const chain = this.chain(piece);
    return chain === null ? null : { from: chain.from, steps: [...chain.steps, step] };
  }

  /** `{"a": "b"}[…]` */
  private codes([from, to]: Piece): {
    rows: { from: string; to: Constant }[];
    inner: Chain;
  } | null {
    if (!this.is(from, "{")) return null;
    const end = this.closing(from);
    if (end === null || !this.is(end + 1, "[") || this.closing(end + 1) !== to - 1) return null;
    const inner = this.chain([end + 2, to - 1]);
    const pairs = this.pairs([from, end + 1]);
    if (inner === null || pairs === null) return null;
    const rows: { from: string; to: Constant }[] = [];
    for (const { name, piece } of pairs) {
      const value = this.constant(piece);
      if (value === undefined) return null;
      rows.push({ from: name, to: value });
    }
    return { rows, inner };
  }

  /** `… * 100`, its last sign outside of brackets: what stands before it. */
  private hundred([from, to]: Piece, sign: string): Piece | null {
    if (to - from < 3 || !this.is(to - 2, sign)) return null;
    const last = this.tokens[to - 1];
    return last?.kind === "number" && last.value === "100" ? [from, to - 2] : null;
  }

  private record(piece: Piece): Field[] | null {
    return (
      this.pairs(piece)?.map(({ name, piece: [from, to] }) => ({
        name,
        text: this.source.slice(this.tokens[from]?.from, this.tokens[to - 1]?.to),
      })) ?? null
    );
  }

  private pairs([from, to]: Piece): { name: string; piece: Piece }[] | null {
    if (!this.is(from, "{") || this.closing(from) !== to - 1) return null;
    const parts = this.parts([from + 1, to - 1]);
    if (parts === null) return null;
    const pairs: { name: string; piece: Piece }[] = [];
    for (const [start, end] of parts) {
      const key = this.tokens[start];
      if (key?.kind !== "text" || !this.is(start + 1, ":") || end - start < 3) return null;
      if (pairs.some(({ name }) => name === key.value)) return null;
      pairs.push({ name: key.value, piece: [start + 2, end] });
    }
    return pairs;
  }

  private call([from, to]: Piece): { name: string; given: Piece[] } | null {
    const name = this.tokens[from];
    if (name?.kind !== "name" || !this.is(from + 1, "(")) return null;
    if (this.closing(from + 1) !== to - 1) return null;
    const given = this.parts([from + 2, to - 1]);
    return given === null ? null : { name: name.value, given };
  }

  /** Cut at the commas outside of brackets; one may stand at the end. */
  private parts([from, to]: Piece): Piece[] | null {
    const parts: Piece[] = [];
    let start = from;
    for (let at = from; at < to; at += 1) {
      const token = this.tokens[at];
      if (token?.kind === "sign" && token.value in CLOSES) {
        const end = this.closing(at);
        if (end === null || end >= to) return null;
        at = end;
      } else if (this.is(at, ",")) {
        if (at === start) return null;
        parts.push([start, at]);
        start = at + 1;
      }
    }
    if (start < to) parts.push([start, to]);
    return parts;
  }

  private path([from, to]: Piece): Path | null {
    const root = this.tokens[from];
    if (root?.kind !== "name" || WORDS.has(root.value)) return null;
    const path: (string | number)[] = [root.value];
    for (let at = from + 1; at < to; ) {
      const next = this.tokens[at + 1];
      if (this.is(at, ".") && next?.kind === "name" && at + 1 < to) {
        path.push(next.value);
        at += 2;
      } else if (this.is(at, "[") && next !== undefined && this.is(at + 2, "]") && at + 2 < to) {
        if (next.kind === "text") path.push(next.value);
        else if (next.kind === "number" && /^\d{1,9}$/.test(next.value))
          path.push(Number(next.value));
        else return null;
        at += 3;
      } else {
        return null;
      }
    }
    return path;
  }

  private constant([from, to]: Piece): Constant | undefined {
    const first = this.tokens[from];
    if (to - from === 2 && this.is(from, "-")) {
      const value = this.constant([from + 1, to]);
      return typeof value === "number" ? -value : undefined;
    }
    if (to - from !== 1 || first === undefined) return undefined;
    if (first.kind === "text") return first.value;
    if (first.kind === "name") return CONSTANTS[first.value];
    // Digits that the browser would round stay as they were written.
    const value = Number(first.value);
    return first.kind === "number" && String(value) === first.value ? value : undefined;
  }

  private is(at: number, sign: string): boolean {
    const token = this.tokens[at];
    return token?.kind === "sign" && token.value === sign;
  }

  private closing(at: number): number | null {
    const open: string[] = [];
    for (let index = at; index < this.tokens.length; index += 1) {
      const token = this.tokens[index];
      if (token?.kind !== "sign") continue;
      const closes = CLOSES[token.value];
      if (closes !== undefined) open.push(closes);
      else if (token.value === open.at(-1)) {
        open.pop();
        if (open.length === 0) return index;
      } else if ([")", "]", "}"].includes(token.value)) return null;
    }
    return null;
  }
}
