// A line between two nodes: what it is taken for stands on it, and a "+" puts a node in its middle.

import { BaseEdge, type EdgeProps, getSmoothStepPath } from "@xyflow/react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { Position } from "../document";
import { useEditor } from "../store";
import type { CanvasEdge } from "./elements";
import { useDrag } from "./paletteDrag";
import { type Route, roundedPath } from "./route";

const LABEL_MIN = 50;
const LABEL_MAX = 260;
const WIDE = 11.5;
const NARROW = 6.3;

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

interface Drawn {
  path: string;
  plus: Position;
  label: Position;
  room: number;
}

const STEM = 26;

/** Where the line runs, and where on it the "+" and the words stand. */
function drawnLine(props: EdgeProps<CanvasEdge>, labelled: boolean): Drawn {
  const { sourceX, sourceY, targetX, targetY, data } = props;
  const route = data?.route ?? { way: "late" as const };
  if (data?.kind === "event" || data?.kind === "undoing") return fromEvent(props, route);
  const beside = { x: sourceX + 12, y: sourceY - 7 };
  if (route.way === "detour") {
    const aside = (route.lane % 4) * 7;
    const out = sourceX + STEM + aside;
    const back = targetX - STEM - aside;
    const points = [
      { x: sourceX, y: sourceY },
      { x: out, y: sourceY },
      { x: out, y: route.y },
      { x: back, y: route.y },
      { x: back, y: targetY },
      { x: targetX, y: targetY },
    ];
    const plus = { x: (out + back) / 2, y: route.y };
    const forward = back > out;
    const label = forward ? { x: out + 18, y: route.y - 7 } : beside;
    const room = forward ? Math.min(LABEL_MAX, (back - out) / 2 - 40) : LABEL_MIN;
    return { path: roundedPath(points), plus, label, room };
  }
  const wide = targetX - sourceX > 90;
  const early = route.way === "early" && wide;
  const bend = early ? sourceX + STEM : wide && labelled ? targetX - 40 : undefined;
  const [path, middleX, middleY] = getSmoothStepPath({
    ...props,
    borderRadius: 14,
    offset: STEM,
    ...(bend === undefined ? {} : { centerX: bend }),
  });
  const level = Math.abs(sourceY - targetY) < 1;
  const room = Math.max(LABEL_MIN, Math.min(LABEL_MAX, wide ? targetX - sourceX - 58 : 110));
  if (early) {
    const plus = { x: (sourceX + targetX) / 2, y: targetY };
    return { path, plus, label: { x: sourceX + STEM + 14, y: targetY - 7 }, room: room / 2 };
  }
  const plus =
    bend === undefined
      ? { x: middleX, y: middleY }
      : { x: bend, y: level ? sourceY : (sourceY + targetY) / 2 };
  return { path, plus, label: beside, room };
}

/** Down from the lower edge of its node. The words stand on the way to the right, the "+" on the way down. */
function fromEvent(props: EdgeProps<CanvasEdge>, route: Route): Drawn {
  const { sourceX, sourceY, targetX, targetY } = props;
  if (route.way !== "detour") {
    const points = [
      { x: sourceX, y: sourceY },
      { x: sourceX, y: targetY },
      { x: targetX, y: targetY },
    ];
    return {
      path: roundedPath(points),
      plus: { x: sourceX, y: (sourceY + targetY) / 2 },
      label: { x: sourceX + 16, y: targetY - 7 },
      room: Math.max(LABEL_MIN, Math.min(LABEL_MAX, targetX - sourceX - 30)),
    };
  }
  const back = targetX - STEM - (route.lane % 4) * 7;
  const points = [
    { x: sourceX, y: sourceY },
    { x: sourceX, y: route.y },
    { x: back, y: route.y },
    { x: back, y: targetY },
    { x: targetX, y: targetY },
  ];
  const left = Math.min(sourceX, back);
  return {
    path: roundedPath(points),
    plus: { x: sourceX, y: (sourceY + route.y) / 2 + 6 },
    label: { x: left + 16, y: route.y - 7 },
    room: Math.max(LABEL_MIN, Math.min(LABEL_MAX, Math.abs(back - sourceX) - 40)),
  };
}

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
