// The whole drawing small, with what is shown of it: press or drag to go there, the wheel brings nearer. One shape for all nodes of a
// colour, and drawn a few times a second at most: a thousand nodes cost here as little as ten while something is dragged.

import { Panel, type ReactFlowState, useReactFlow, useStore, useStoreApi } from "@xyflow/react";
import { type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import { shallow } from "zustand/shallow";
import type { CanvasEdge, CanvasNode } from "./elements";
import type { Frame } from "./guides";
import { minimapColour } from "./minimapColour";

const WIDTH = 200;
const HEIGHT = 150;
/** Room around the drawing, in pixels of the overview. */
const MARGIN = 5;
const PAUSE_MS = 120;
const ZOOM_A_NOTCH = 0.002;

const viewOf = ({ transform, width, height }: ReactFlowState) => [...transform, width, height];

export function Overview() {
  const flow = useReactFlow<CanvasNode, CanvasEdge>();
  const [x = 0, y = 0, zoom = 1, width = 0, height = 0] = useStore(viewOf, shallow);
  const label = useStore((state) => state.ariaLabelConfig["minimap.ariaLabel"]);
  const nodes = useNodesNowAndThen();
  const { shapes, bounds } = useMemo(() => drawn(nodes), [nodes]);
  const view = { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
  const { scale, box } = placed(bounds === null ? view : around(bounds, view));
  const svg = useRef<SVGSVGElement>(null);
  const from = useRef<{ x: number; y: number } | null>(null);

  useEffect(() => {
    // React listens to wheels without the right to hold them back.
    const turned = (event: WheelEvent) => {
      event.preventDefault();
      void flow.zoomTo(flow.getZoom() * 2 ** (-event.deltaY * ZOOM_A_NOTCH));
    };
    const element = svg.current;
    element?.addEventListener("wheel", turned, { passive: false });
    return () => element?.removeEventListener("wheel", turned);
  }, [flow]);

  const pressed = (event: PointerEvent<SVGSVGElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    from.current = { x: event.clientX, y: event.clientY };
    const frame = event.currentTarget.getBoundingClientRect();
    const at = {
      x: box.x + (event.clientX - frame.left) * scale,
      y: box.y + (event.clientY - frame.top) * scale,
    };
    const inside =
      at.x > view.x && at.x < view.x + view.width && at.y > view.y && at.y < view.y + view.height;
    if (!inside) void flow.setCenter(at.x, at.y, { zoom });
  };
  const moved = (event: PointerEvent) => {
    const last = from.current;
    if (last === null) return;
    from.current = { x: event.clientX, y: event.clientY };
    const now = flow.getViewport();
    void flow.setViewport({
      x: now.x - (event.clientX - last.x) * scale * now.zoom,
      y: now.y - (event.clientY - last.y) * scale * now.zoom,
      zoom: now.zoom,
    });
  };
  const left = () => {
    from.current = null;
  };

  return (
    <Panel position="bottom-right" className="react-flow__minimap hr-minimap">
      <svg
        ref={svg}
        className="react-flow__minimap-svg"
        role="img"
        aria-label={label}
        width={WIDTH}
        height={HEIGHT}
        viewBox={`${box.x} ${box.y} ${box.width} ${box.height}`}
        onPointerDown={pressed}
        onPointerMove={moved}
        onPointerUp={left}
        onPointerCancel={left}
        data-testid="overview"
      >
        {shapes.map(([colour, path]) => (
          <path key={colour} d={path} fill={colour} />
        ))}
        <path
          className="react-flow__minimap-mask"
          d={`${frameAt(box)}${frameAt(view)}`}
          fillRule="evenodd"
          pointerEvents="none"
        />
      </svg>
    </Panel>
  );
}

/** The nodes of the canvas; while they move, only now and then. */
function useNodesNowAndThen(): readonly CanvasNode[] {
  const store = useStoreApi<CanvasNode, CanvasEdge>();
  const [nodes, setNodes] = useState<readonly CanvasNode[]>(() => store.getState().nodes);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      timer = undefined;
      setNodes(store.getState().nodes);
    };
    const stop = store.subscribe((now, before) => {
      if (now.nodes !== before.nodes) timer ??= setTimeout(show, PAUSE_MS);
    });
    show();
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [store]);
  return nodes;
}

/** All nodes as one path a colour, and the frame around them. */
function drawn(nodes: readonly CanvasNode[]): {
  shapes: [string, string][];
  bounds: Frame | null;
} {
  const paths = new Map<string, string[]>();
  let bounds: Frame | null = null;
  for (const node of nodes) {
    if (node.hidden) continue;
    const width = node.width ?? node.measured?.width ?? 0;
    const height = node.height ?? node.measured?.height ?? 0;
    const frame = { x: node.position.x, y: node.position.y, width, height };
    bounds = bounds === null ? frame : around(bounds, frame);
    const colour = minimapColour(node);
    const path = paths.get(colour);
    if (path === undefined) paths.set(colour, [frameAt(frame)]);
    else path.push(frameAt(frame));
  }
  return { shapes: [...paths].map(([colour, path]) => [colour, path.join("")]), bounds };
}

function frameAt({ x, y, width, height }: Frame): string {
  return `M${x},${y}h${width}v${height}h${-width}z`;
}

function around(a: Frame, b: Frame): Frame {
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  };
}

/** The part of the drawing that the overview shows, and how many of its units one pixel is. */
function placed({ x, y, width, height }: Frame): { scale: number; box: Frame } {
  const scale = Math.max(
    width / (WIDTH - 2 * MARGIN),
    height / (HEIGHT - 2 * MARGIN),
    Number.EPSILON,
  );
  const box = {
    x: x - (scale * WIDTH - width) / 2,
    y: y - (scale * HEIGHT - height) / 2,
    width: scale * WIDTH,
    height: scale * HEIGHT,
  };
  return { scale, box };
}
