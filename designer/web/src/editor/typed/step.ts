// A step as it was typed, before it is drawn.

import type { Settings, Text } from "../document";

/** A step to be; `base` is its id, or what its id begins with before it is made free. `to`: it is there already, and the way leads to it. */
export type TypedStep =
  | { to: string; title: Text }
  | { type: string; base: string; name: Text; settings: Settings; loading?: boolean };
