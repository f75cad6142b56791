// The sample the test run starts with.

import type { Command } from "../command";
import { sameValue } from "../document";

export const setSample: Command<{ sample: Record<string, unknown> }> = {
  name: "setSample",
  run: (document, { sample }) =>
    sameValue(document.sample, sample) ? document : { ...document, sample },
  burst: () => "sample",
};
