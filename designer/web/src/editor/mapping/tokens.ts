// The text of an expression cut into words, as far as the mapping editor needs it; null where it does not understand every letter.

export interface Token {
  kind: "name" | "text" | "number" | "sign";
  /** As written; of a text, what it says. */
  value: string;
  from: number;
  to: number;
}

const WORD =
  /\s+|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\p{L}\p{N}_.]))|(?<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|(?<sign>\*\*|\/\/|[=!<>]=|[-+*/%(){}[\],.:<>])/uy;

/** Comments, triple quotes and texts with a letter before them are for who writes by hand. */
const BEYOND = /'''|"""/;

const ESCAPES: Record<string, string> = { n: "\n", t: "\t", r: "\r" };

export function tokensOf(source: string): Token[] | null {
  if (BEYOND.test(source)) return null;
  const tokens: Token[] = [];
  for (let at = 0; at < source.length; ) {
    WORD.lastIndex = at;
    const groups = WORD.exec(source)?.groups;
    if (groups === undefined) return null;
    const to = WORD.lastIndex;
    const before = tokens.at(-1);
    if (groups["name"] !== undefined) {
      tokens.push({ kind: "name", value: groups["name"], from: at, to });
    } else if (groups["number"] !== undefined) {
      tokens.push({ kind: "number", value: groups["number"], from: at, to });
    } else if (groups["sign"] !== undefined) {
      tokens.push({ kind: "sign", value: groups["sign"], from: at, to });
    } else if (groups["text"] !== undefined) {
      const said = unescaped(groups["text"].slice(1, -1));
      if (said === null || (before?.kind === "name" && before.to === at)) return null;
      tokens.push({ kind: "text", value: said, from: at, to });
    }
    at = to;
  }
  return tokens;
}

function unescaped(inside: string): string | null {
  let odd = false;
  const said = inside.replace(
    /\\(?:u([0-9a-fA-F]{4})|(.))/gsu,
    (_, code?: string, one?: string) => {
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
      if (one !== undefined && one in ESCAPES) return ESCAPES[one] ?? "";
      if (one === '"' || one === "'" || one === "\\") return one;
      odd = true;
      return "";
    },
  );
  return odd ? null : said;
}

/** A text as an expression has it. A backslash goes by its number: the language knows few escapes. */
export function quoted(text: string): string {
  const letters = [...text].map((letter) => {
    if (letter === '"') return '\\"';
    if (letter === "\n") return "\\n";
    if (letter === "\t") return "\\t";
    if (letter === "\r") return "\\r";
    const code = letter.codePointAt(0) ?? 0;
    return letter === "\\" || code < 32 || code === 127
      ? `\\u${code.toString(16).padStart(4, "0")}`
      : letter;
  });
  return `"${letters.join("")}"`;
}
