// The keyboard of the inbox, as a table: which key means what. Nothing is decided by one key: a decision's key leads to its
// button, and Enter presses it.

export type KeyWish =
  | "next"
  | "previous"
  | "open"
  | "approved"
  | "rejected"
  | "returned"
  | "comment"
  | "more"
  | "select"
  | "search"
  | "help"
  | "leave";

export interface Pressed {
  key: string;
  ctrlKey?: boolean;
  metaKey?: boolean;
  altKey?: boolean;
}

/** Where the keys go while one is typing, in a dialog, or on a button. */
export type Where = "page" | "typing" | "dialog" | "control";

const KEYS: Record<string, KeyWish> = {
  j: "next",
  ArrowDown: "next",
  k: "previous",
  ArrowUp: "previous",
  Enter: "open",
  a: "approved",
  r: "rejected",
  b: "returned",
  c: "comment",
  m: "more",
  x: "select",
  "/": "search",
  "?": "help",
};

/** For the sheet that lists them. */
export const SHEET: [wish: KeyWish, keys: string[]][] = [
  ["next", ["J", "↓"]],
  ["previous", ["K", "↑"]],
  ["open", ["Enter"]],
  ["approved", ["A", "Enter"]],
  ["rejected", ["R", "Enter"]],
  ["returned", ["B", "Enter"]],
  ["comment", ["C"]],
  ["more", ["M"]],
  ["select", ["X"]],
  ["search", ["/"]],
  ["leave", ["Esc"]],
  ["help", ["?"]],
];

export function wishOf(pressed: Pressed, where: Where): KeyWish | null {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey || where === "dialog") return null;
  if (pressed.key === "Escape") return where === "typing" ? "leave" : null;
  if (where === "typing") return null;
  // A button or link knows itself what Enter and the arrows mean.
  if (where === "control" && pressed.key.length > 1) return null;
  const key = pressed.key.length === 1 ? pressed.key.toLowerCase() : pressed.key;
  return Object.hasOwn(KEYS, key) ? (KEYS[key] ?? null) : null;
}

export function whereIs(target: EventTarget | null): Where {
  if (document.querySelector("dialog[open], .ant-modal-wrap:not([style*='display: none'])")) {
    return "dialog";
  }
  if (!(target instanceof Element)) return "page";
  if (
    (target instanceof HTMLElement && target.isContentEditable) ||
    target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [role=combobox]")
  ) {
    return "typing";
  }
  return target.closest("button, a, summary, input, label") ? "control" : "page";
}

/** The one after (or before) the open one; at an end it stays. */
export function step<T extends { id: string }>(
  rows: T[],
  openId: string | undefined,
  by: 1 | -1,
): T | undefined {
  const here = rows.findIndex((row) => row.id === openId);
  if (here < 0) return rows[0];
  return rows[here + by];
}
