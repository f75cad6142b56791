// Brings nearer what is selected.

import type { ReactFlowInstance } from "@xyflow/react";
import { useEditor } from "../store";
import type { CanvasEdge, CanvasNode } from "./elements";
import { FIT } from "./openingView";

export function zoomToSelection(
  flow: Pick<ReactFlowInstance<CanvasNode, CanvasEdge>, "fitView">,
): void {
  const { nodes, notes } = useEditor.getState().selection;
  const ids = [...nodes, ...notes].map((id) => ({ id }));
  if (ids.length > 0) void flow.fitView({ ...FIT, nodes: ids, padding: 0.3 });
}
