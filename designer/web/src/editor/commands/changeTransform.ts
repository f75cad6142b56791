// What is done to a value on its way; a word typed there is one entry of the history.

import type { Command } from "../command";
import { type SetSettings, setSettings } from "./setSettings";

export const changeTransform: Command<SetSettings> = {
  name: "changeTransform",
  run: setSettings.run,
  burst: ({ node }) => `transform ${node}`,
};
