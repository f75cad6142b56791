// What the engine says of an expression, in the reader's language. It says it in English sentences, which also stand in incidents
// and histories; `errors.reason` knows each of them (`said`) with its words (`text`), a test of the engine sees to that.

import type { i18n as Texts } from "i18next";
import { speakReasons } from "./errorText";
import { languageOf } from "./text";

interface Sentence {
  said: string;
  text: string;
}

export interface Reasons {
  sentence: Record<string, Sentence>;
  /** What may follow a sentence: what to write instead. */
  hint: Record<string, Sentence>;
  /** Values, kinds, and what is wanted: what stands inside a sentence. */
  word: Record<string, Sentence>;
  at: string;
}

interface Pattern {
  regex: RegExp;
  names: string[];
  text: string;
}

type Book = Record<"sentence" | "hint" | "word", Pattern[]> & { unknown: string };

/** Parts of a sentence that are words themselves; others are names and signs, which stay as they are written. */
const WORDS = new Set(["found", "left", "right", "wanted", "kind", "place", "there", "refused"]);
/** Words of others: of these only what is known is said. */
const FOREIGN = new Set(["what", "refused"]);
const HINTS_MAX = 3;
const DEPTH_MAX = 4;

const books = new WeakMap<object, Book>();

/** From now on `reasonText` speaks the language of these texts. */
export function speakBy(texts: Texts): void {
  speakReasons((reason, at) => {
    const { resolvedLanguage: language } = texts;
    const reasons = language && texts.getResource(language, "errors", "reason");
    if (!reasons) return reason;
    return spoken(reason, at, reasons as Reasons, languageOf(language) === "en");
  });
}

/** With the place in the expression where it is not the beginning; as it was where nobody knows it, or `plain`. */
export function spoken(reason: string, at: unknown, reasons: Reasons, plain = false): string {
  const said = plain ? reason : told(reason, bookFrom(reasons));
  if (typeof at !== "number" || at <= 0) return said;
  return filled(reasons.at, { reason: said.replace(/[.。]$/, ""), at: String(at + 1) });
}

export function bookFrom(reasons: Reasons): Book {
  const known = books.get(reasons);
  if (known !== undefined) return known;
  const book = {
    sentence: patterns(reasons.sentence),
    hint: patterns(reasons.hint),
    word: patterns(reasons.word),
    unknown: reasons.word["anything"]?.text ?? "",
  };
  books.set(reasons, book);
  return book;
}

/** Whoever says most by himself is asked first: "{{wanted}} … {{found}}" fits nearly all. */
function patterns(sentences: Record<string, Sentence>): Pattern[] {
  const own = (said: string) => said.replace(/{{\w+}}/g, "").length;
  return Object.values(sentences)
    .sort((a, b) => own(b.said) - own(a.said))
    .map(({ said, text }) => {
      const names = [...said.matchAll(/{{(\w+)}}/g)].map(([, name = ""]) => name);
      const parts = said
        .split(/{{\w+}}/)
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
      return { regex: new RegExp(`^${parts.join("([\\s\\S]*?)")}$`), names, text };
    });
}

/** The sentence with its hints, in the words of the book. */
export function told(reason: string, book: Book, depth = 0): string {
  // Hints follow a sentence, each after a blank; before them, since "Expected …, but found …" would take them for what was found.
  const hints: string[] = [];
  let rest = reason;
  for (let hint = endOf(rest, book); hint !== null && hints.length < HINTS_MAX; ) {
    hints.unshift(hint.text);
    rest = hint.before;
    hint = endOf(rest, book);
  }
  const said = fitting(rest, book.sentence, book, depth);
  return said === null ? reason : [said, ...hints].join("");
}

function endOf(reason: string, book: Book): { before: string; text: string } | null {
  for (let at = reason.lastIndexOf(" "); at > 0; at = reason.lastIndexOf(" ", at - 1)) {
    const text = fitting(reason.slice(at + 1), book.hint, book, 0);
    if (text !== null) return { before: reason.slice(0, at), text };
  }
  return null;
}

function fitting(said: string, all: readonly Pattern[], book: Book, depth: number): string | null {
  for (const { regex, names, text } of all) {
    const found = regex.exec(said);
    if (found === null) continue;
    const values = names.map((name, index) => [name, found[index + 1] ?? ""] as const);
    // What stands behind a colon must be a sentence itself.
    const inner = values.find(([name]) => name === "reason")?.[1];
    if (inner !== undefined && (depth >= DEPTH_MAX || told(inner, book, depth + 1) === inner))
      continue;
    return filled(
      text,
      Object.fromEntries(values.map(([name, value]) => [name, worded(name, value, book, depth)])),
    );
  }
  return null;
}

function worded(name: string, value: string, book: Book, depth: number): string {
  if (name === "reason") return told(value, book, depth + 1);
  if (!WORDS.has(name) && !FOREIGN.has(name)) return value;
  const word = depth < DEPTH_MAX ? fitting(value, book.word, book, depth + 1) : null;
  return word ?? (FOREIGN.has(name) ? book.unknown : value);
}

function filled(text: string, values: Record<string, string>): string {
  return text.replace(/{{(\w+)}}/g, (_, name: string) => values[name] ?? "");
}
