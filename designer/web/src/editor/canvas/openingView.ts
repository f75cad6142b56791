// What one sees first: the whole flow if it can be read at that size, else its beginning (or where the work is).

import type { ReactFlowInstance } from "@xyflow/react";
import type { CanvasEdge, CanvasNode } from "./elements";

export const FIT = { maxZoom: 1, padding: 0.08 };

const READABLE = 0.45;
const ZOOM = 0.75;
const NARROW_PX = 500;
const NARROW_ZOOM = 0.6;
const EDGE_PX = 48;

type Flow = ReactFlowInstance<CanvasNode, CanvasEdge>;

export function openingView(flow: Flow, pane: Element | null, first?: string | null): void {
  const nodes = flow.getNodes();
  const box = pane?.getBoundingClientRect();
  if (nodes.length === 0 || box === undefined || box.width === 0) return;
  const bounds = flow.getNodesBounds(nodes);
  const whole = Math.min(box.width / bounds.width, box.height / bounds.height) * (1 - FIT.padding);
  const start =
    nodes.find((node) => node.id === first) ?? nodes.find((node) => node.type === "step");
  if (whole >= READABLE || start === undefined) {
    void flow.fitView(FIT);
    return;
  }
  const zoom = box.width < NARROW_PX ? NARROW_ZOOM : ZOOM;
  const centred = first !== undefined && first !== null;
  void flow.setViewport({
    x: centred
      ? box.width / 2 - (start.position.x + (start.width ?? 0) / 2) * zoom
      : EDGE_PX - start.position.x * zoom,
    y: box.height / 2 - (start.position.y + (start.height ?? 0) / 2) * zoom,
    zoom,
  });
}
