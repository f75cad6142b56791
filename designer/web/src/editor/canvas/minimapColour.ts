// What a node looks like from very far: the colour of its group.

import type { CanvasNode } from "./elements";

export function minimapColour(node: CanvasNode): string {
  if (node.type === "note") return "var(--hr-note-yellow)";
  return `var(--hr-group-${node.data.type?.group ?? "control"})`;
}
