// Nothing fills this field of a form any more.

import type { Command } from "../command";
import { type SetSettings, setSettings } from "./setSettings";

export const unmapField: Command<SetSettings> = {
  name: "unmapField",
  run: setSettings.run,
};
