// A line between two nodes: what it is taken for stands on it, and a "+" puts a node in its middle.

import { BaseEdge, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useEditor } from "../store";
import type { CanvasEdge } from "./elements";
import { drawnLine, fitting } from "./lineShape";
import { useDrag } from "./paletteDrag";

export const LineView = memo(function LineView(props: EdgeProps<CanvasEdge>) {
  const { id, data, markerEnd, selected } = props;
  const aimed = useDrag((state) => state.edge === id);
  const label = data?.label ?? "";
  const drawn = drawnLine(props, label !== "");
  return (
    <g
      className="hr-line"
      data-testid={`edge-${id}`}
      data-kind={data?.kind}
      data-selected={selected || undefined}
      data-aimed={aimed || undefined}
      data-taken={(data?.taken ?? 0) > 0 || undefined}
      data-faded={data?.faded || undefined}
    >
      <BaseEdge
        id={id}
        path={drawn.path}
        interactionWidth={24}
        {...(markerEnd === undefined ? {} : { markerEnd })}
      />
      {label !== "" && (
        <text className="hr-line-label" x={drawn.label.x} y={drawn.label.y}>
          <title>{label}</title>
          {fitting(label, drawn.room)}
        </text>
      )}
      {(data?.taken ?? 0) > 1 && (
        <text className="hr-line-times" x={drawn.plus.x} y={drawn.plus.y + 16} textAnchor="middle">
          ×{data?.taken}
        </text>
      )}
      {data?.editable && data.kind !== "undoing" && (
        <Plus id={id} x={drawn.plus.x} y={drawn.plus.y} />
      )}
    </g>
  );
});

function Plus({ id, x, y }: { id: string; x: number; y: number }) {
  const { t } = useTranslation("editor");
  const open = (event: React.MouseEvent) => {
    event.stopPropagation();
    useEditor.getState().openMenu({
      wish: { kind: "edge", edge: id },
      at: { x: event.clientX, y: event.clientY },
    });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no button; the keyboard's way is I and A
    <g
      className="hr-plus nopan"
      role="button"
      tabIndex={-1}
      aria-label={t("action.insert_here")}
      data-testid={`edge-plus-${id}`}
      transform={`translate(${x} ${y})`}
      onClick={open}
      onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
    >
      <circle r={16} className="hr-plus-area" />
      <circle r={9} className="hr-plus-disc" />
      <path d="M-4 0H4M0-4V4" />
    </g>
  );
}
