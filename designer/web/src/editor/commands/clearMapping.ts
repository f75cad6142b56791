// Nothing fills the fields of a form any more.

import type { Command } from "../command";
import { type SetSettings, setSettings } from "./setSettings";

export const clearMapping: Command<SetSettings> = {
  name: "clearMapping",
  run: setSettings.run,
};
