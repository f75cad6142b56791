// A value of any shape as a tree one can fill in without writing JSON: its kind, its parts, and the same in another kind. Pure.

export const KINDS = ["text", "number", "boolean", "record", "list", "nothing"] as const;
export type ValueKind = (typeof KINDS)[number];

export function kindOf(value: unknown): ValueKind {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "list";
  if (typeof value === "object") return "record";
  return typeof value === "number" ? "number" : typeof value === "boolean" ? "boolean" : "text";
}

/** The same in another kind, as far as there is a same. */
export function asKind(value: unknown, kind: ValueKind): unknown {
  if (kind === kindOf(value)) return value;
  switch (kind) {
    case "text":
      return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
    case "number":
      return (typeof value === "string" ? numberFrom(value) : undefined) ?? 0;
    case "boolean":
      return value === "true";
    case "record":
      return {};
    case "list":
      return value === null || value === undefined || value === "" ? [] : [value];
    case "nothing":
      return null;
  }
}

const DIGITS_MAX = 15; // more and a browser's number is another one: such numbers are texts

/** A number as it is typed; undefined where it is none, or not exactly one. */
export function numberFrom(typed: string): number | undefined {
  const plain = typed
    .trim()
    .replace(/[，,\s]/g, "")
    .replace("．", ".");
  if (!/^[-+]?(\d+\.?\d*|\.\d+)$/.test(plain)) return undefined;
  return plain.replace(/\D/g, "").length > DIGITS_MAX ? undefined : Number(plain);
}

type Fields = Record<string, unknown>;

/** A field under another name, where it stood. */
export function renamed(record: Fields, from: string, to: string): Fields {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name === from ? to : name, value]),
  );
}

export function without(record: Fields, name: string): Fields {
  return Object.fromEntries(Object.entries(record).filter(([each]) => each !== name));
}

/** Why a name cannot be taken: none at all, or another field has it. */
export function wrongName(name: string, record: Fields): "empty" | "taken" | null {
  if (name.trim() === "") return "empty";
  return Object.hasOwn(record, name.trim()) ? "taken" : null;
}
