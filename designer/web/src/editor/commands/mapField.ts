// A field of a form is filled: from a source, with a fixed value or an expression.

import type { Command } from "../command";
import { type SetSettings, setSettings } from "./setSettings";

export const mapField: Command<SetSettings> = {
  name: "mapField",
  run: setSettings.run,
};
