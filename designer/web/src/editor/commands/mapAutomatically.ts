// Several fields are filled at once, by names that are alike.

import type { Command } from "../command";
import { type SetSettings, setSettings } from "./setSettings";

export const mapAutomatically: Command<SetSettings> = {
  name: "mapAutomatically",
  run: setSettings.run,
};
