// What a start of the flow needs: the fields of its form.

import type { Command } from "../command";
import { inputOf, type Schema, sameValue } from "../document";

export const setInput: Command<{ input: Schema }> = {
  name: "setInput",
  run: (document, { input }) =>
    sameValue(inputOf(document), input) ? document : { ...document, input },
  burst: () => "input",
};
