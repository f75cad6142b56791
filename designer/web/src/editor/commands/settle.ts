// One side of a conflict, chosen by a person.

import type { Command } from "../command";
import { type Conflict, chosen } from "../together/merge";

export interface Settle {
  conflict: Conflict;
  value: unknown;
}

export const settle: Command<Settle> = {
  name: "settle",
  run: (document, { conflict, value }) => chosen(document, conflict, value),
};
