// A line between two nodes: what it is taken for stands on it, and a "+" puts a node in its middle.

import { BaseEdge, type EdgeProps, getSmoothStepPath } from "@xyflow/react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useEditor } from "../store";
import type { CanvasEdge } from "./elements";
import { useDrag } from "./paletteDrag";

const LABEL_MIN = 50;
const LABEL_MAX = 260;
const WIDE = 11.5;
const NARROW = 6.3;

export const LineView = memo(function LineView(props: EdgeProps<CanvasEdge>) {
  const { id, sourceX, sourceY, targetX, targetY, data, markerEnd, selected } = props;
  const aimed = useDrag((state) => state.edge === id);
  const label = data?.label ?? "";
  const forward = targetX - sourceX > 90;
  const bend = forward && label !== "" ? targetX - 40 : undefined;
  const [path, middleX, middleY] = getSmoothStepPath({
    ...props,
    borderRadius: 14,
    offset: 26,
    ...(bend === undefined ? {} : { centerX: bend }),
  });
  const level = Math.abs(sourceY - targetY) < 1;
  const plusX = bend ?? middleX;
  const plusY = bend !== undefined ? (level ? sourceY : (sourceY + targetY) / 2) : middleY;
  const room = Math.max(LABEL_MIN, Math.min(LABEL_MAX, forward ? targetX - sourceX - 70 : 110));
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
        path={path}
        interactionWidth={24}
        {...(markerEnd === undefined ? {} : { markerEnd })}
      />
      {label !== "" && (
        <text className="hr-line-label" x={sourceX + 12} y={sourceY - 7}>
          <title>{label}</title>
          {fitting(label, room)}
        </text>
      )}
      {(data?.taken ?? 0) > 1 && (
        <text className="hr-line-times" x={plusX} y={plusY + 16} textAnchor="middle">
          ×{data?.taken}
        </text>
      )}
      {data?.editable && <Plus id={id} x={plusX} y={plusY} />}
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

/** SVG does not cut text off by itself; letters are counted instead of measured, which costs nothing. */
function fitting(label: string, room: number): string {
  let width = 0;
  for (const [index, letter] of [...label].entries()) {
    width += (letter.codePointAt(0) ?? 0) > 0x2e80 ? WIDE : NARROW;
    if (width > room) return `${[...label].slice(0, Math.max(1, index - 1)).join("")}…`;
  }
  return label;
}
