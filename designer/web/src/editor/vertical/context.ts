// What every part of the vertical look needs to know.

import { createContext, useContext } from "react";
import type { Marks, ProblemMark } from "../canvas/elements";
import type { FlowDocument, NodeTypes } from "../document";
import type { Words } from "../sentence";
import type { Tree } from "./tree";

export interface Seen {
  document: FlowDocument;
  types: NodeTypes;
  tree: Tree;
  words: Words;
  problems: ReadonlyMap<string, ProblemMark>;
  marks: Marks | null;
  editable: boolean;
  /** One branch at a time, where there is no room for all. */
  narrow: boolean;
  /** The steps of what is being dragged. */
  dragged: ReadonlySet<string>;
  onOpenNode: (node: string, field?: string) => void;
}

export const SeenContext = createContext<Seen | null>(null);

export function useSeen(): Seen {
  const seen = useContext(SeenContext);
  if (seen === null) throw new Error("outside the vertical look");
  return seen;
}
