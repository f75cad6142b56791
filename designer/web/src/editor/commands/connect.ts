// A line from a port to a node. An occupied port is led elsewhere.

import { joinUp } from "../behaviours";
import type { Command } from "../command";
import type { Wish } from "../rules";

export const connect: Command<Wish> = {
  name: "connect",
  run: (document, wish, types) => joinUp(document, wish, types),
};
