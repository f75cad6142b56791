// Name and description of the flow itself.

import type { Command } from "../command";
import { sameValue, type Text } from "../document";

export interface SetFlow {
  name?: Text;
  description?: Text;
}

export const setFlow: Command<SetFlow> = {
  name: "setFlow",
  run: (document, patch) => {
    const changed = { ...document, ...patch };
    return sameValue(changed, document) ? document : changed;
  },
  burst: (patch) => `flow ${Object.keys(patch).join(" ")}`,
};
