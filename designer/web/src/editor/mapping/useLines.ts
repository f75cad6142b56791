// Where the lines run: from the row of a source to the row of a target, measured on the page whenever something moves.

import { type RefObject, useCallback, useEffect, useLayoutEffect, useState } from "react";

export interface Line {
  target: string;
  source: string;
  /** Only read by an expression. */
  faint?: boolean;
}

export interface Shape {
  key: string;
  target: string;
  faint: boolean;
  path: string;
  /** Where what is done on the way is written. */
  at: { x: number; y: number };
  /** An end lies outside of what is shown. */
  away: boolean;
}

const EDGE = 10;
const STRAIGHT_FROM = 0.46;

export function useLines(
  board: RefObject<HTMLElement | null>,
  lines: readonly Line[],
  parents: ReadonlyMap<string, string>,
  moved: unknown,
): Shape[] {
  const [shapes, setShapes] = useState<Shape[]>([]);
  const measure = useCallback(() => {
    const box = board.current;
    if (box === null) return;
    const next = lines.flatMap((line) => shapeOf(box, line, parents) ?? []);
    setShapes((before) => (JSON.stringify(before) === JSON.stringify(next) ? before : next));
  }, [board, lines, parents]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `moved` says that rows may stand elsewhere
  useLayoutEffect(measure, [measure, moved]);
  useEffect(() => {
    const box = board.current;
    if (box === null) return;
    let frame = 0;
    const soon = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(measure);
    };
    box.addEventListener("scroll", soon, { capture: true, passive: true });
    const watch = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(soon);
    watch?.observe(box);
    for (const pane of box.querySelectorAll("[data-pane] > *")) watch?.observe(pane);
    return () => {
      cancelAnimationFrame(frame);
      box.removeEventListener("scroll", soon, { capture: true });
      watch?.disconnect();
    };
  }, [board, measure]);
  return shapes;
}

function shapeOf(box: HTMLElement, line: Line, parents: ReadonlyMap<string, string>): Shape | null {
  const from = rowOf(box, "source", line.source, parents);
  const to = rowOf(box, "target", line.target, new Map());
  if (from === null || to === null) return null;
  const area = box.getBoundingClientRect();
  const start = placed(from, "right", area);
  const end = placed(to, "left", area);
  // The last third runs straight, so that what is written on it stands on it.
  const turn = { x: start.x + (end.x - start.x) * STRAIGHT_FROM, y: end.y };
  return {
    key: `${line.source} ${line.target}`,
    target: line.target,
    faint: line.faint ?? false,
    path: `${curve(start, turn)} H${Math.round(end.x * 10) / 10}`,
    at: { x: (turn.x + end.x) / 2, y: end.y },
    away: start.away || end.away,
  };
}

/** The row itself, or where it is folded away the nearest one above it. */
function rowOf(
  box: HTMLElement,
  kind: "source" | "target",
  key: string,
  parents: ReadonlyMap<string, string>,
): HTMLElement | null {
  for (let at: string | undefined = key; at !== undefined; at = parents.get(at)) {
    const row = box.querySelector<HTMLElement>(`[data-${kind}="${CSS.escape(at)}"]`);
    if (row !== null) return row;
  }
  return null;
}

function placed(row: HTMLElement, side: "left" | "right", area: DOMRect) {
  const rect = row.getBoundingClientRect();
  const pane = row.closest("[data-pane]")?.getBoundingClientRect() ?? area;
  const y = rect.top + Math.min(rect.height / 2, 22);
  const kept = Math.max(pane.top + EDGE, Math.min(pane.bottom - EDGE, y));
  return { x: rect[side] - area.left, y: kept - area.top, away: Math.abs(kept - y) > 1 };
}

export function curve(from: { x: number; y: number }, to: { x: number; y: number }): string {
  const bend = Math.max(24, (to.x - from.x) * 0.42);
  const round = (value: number) => Math.round(value * 10) / 10;
  return `M${round(from.x)} ${round(from.y)} C${round(from.x + bend)} ${round(from.y)} ${round(to.x - bend)} ${round(to.y)} ${round(to.x)} ${round(to.y)}`;
}
