// Another document in place of this one: an import, an earlier version. The key stays.

import type { Command } from "../command";
import { type FlowDocument, sameValue } from "../document";

export const replaceDocument: Command<{ document: FlowDocument }> = {
  name: "replaceDocument",
  run: (document, { document: other }) =>
    sameValue(document, { ...other, key: document.key })
      ? document
      : { ...other, key: document.key },
};
