// What an action of the editor is: a name, and a pure function from document to document. One file a command in commands/.

import type { FlowDocument, NodeTypes } from "./document";

export interface Command<Args> {
  /** Also the label in the history: `t("editor:command.<name>")`. */
  name: string;
  /** Answers with the same document when there is nothing to do. */
  run: (document: FlowDocument, args: Args, types: NodeTypes) => FlowDocument;
  /** Calls with the same burst that follow each other closely are one entry of the history. */
  burst?: (args: Args) => string;
}
