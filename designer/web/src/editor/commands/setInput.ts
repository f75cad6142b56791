// What a start of the flow needs: the fields of its form.

import type { JsonSchema } from "../../schema";
import type { Command } from "../command";
import { inputOf, sameValue } from "../document";

export const setInput: Command<{ input: JsonSchema }> = {
  name: "setInput",
  run: (document, { input }) =>
    sameValue(inputOf(document), input) ? document : { ...document, input },
  burst: () => "input",
};
