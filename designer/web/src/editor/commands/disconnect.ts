// Takes one line away.

import type { Command } from "../command";
import { withoutEdges } from "../document";

export const disconnect: Command<{ edge: string }> = {
  name: "disconnect",
  run: (document, { edge: id }) => withoutEdges(document, (edge) => edge.id === id),
};
