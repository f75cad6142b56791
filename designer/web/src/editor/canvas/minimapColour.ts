// What a node looks like from very far: the colour of its group.

import type { CanvasNode } from "./elements";

export function minimapColour(node: CanvasNode): string {
  if (node.type === "section" && node.data.hidden === null) return "var(--hr-section)";
  if (node.type !== "step") return `var(--hr-note-${node.data.note.color})`;
  return `var(--hr-group-${node.data.type?.group ?? "control"})`;
}
