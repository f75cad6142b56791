// A source that is dragged by mouse onto a field.

import { type PointerEvent as ReactPointerEvent, type RefObject, useRef, useState } from "react";
import type { Source } from "./sources";
import { curve } from "./useLines";

/** A press that moved less is a click. */
const DRAG_FROM = 5;

interface Dragging {
  source: string;
  from: { x: number; y: number };
  to: { x: number; y: number };
  over: string | null;
}

export function useDrag(
  board: RefObject<HTMLDivElement | null>,
  known: ReadonlyMap<string, Source>,
  onDrop: (source: Source, target: string) => void,
) {
  const [now, setNow] = useState<Dragging | null>(null);
  const drop = useRef(onDrop);
  drop.current = onDrop;
  const grab = (key: string, event: ReactPointerEvent) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    const row = event.currentTarget.getBoundingClientRect();
    const start = { x: event.clientX, y: event.clientY };
    let moving: Dragging | null = null;
    const move = (to: PointerEvent) => {
      if (moving === null && Math.hypot(to.clientX - start.x, to.clientY - start.y) < DRAG_FROM)
        return;
      to.preventDefault();
      const area = board.current?.getBoundingClientRect();
      if (area === undefined) return;
      const under = window.document.elementFromPoint(to.clientX, to.clientY);
      moving = {
        source: key,
        from: { x: row.right - area.left, y: row.top + row.height / 2 - area.top },
        to: { x: to.clientX - area.left, y: to.clientY - area.top },
        over: under?.closest<HTMLElement>("[data-target]")?.dataset["target"] ?? null,
      };
      setNow(moving);
    };
    const stop = (last?: Event) => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", up);
      window.removeEventListener("pointercancel", cancel);
      window.removeEventListener("keydown", letGo, true);
      if (moving !== null && last?.type === "pointerup") swallowClick();
      setNow(null);
    };
    const up = (last: PointerEvent) => {
      const { over } = moving ?? { over: null };
      stop(last);
      const source = known.get(key);
      if (over !== null && source !== undefined) drop.current(source, over);
    };
    const cancel = () => stop();
    const letGo = (pressed: globalThis.KeyboardEvent) => {
      if (pressed.key !== "Escape" || moving === null) return;
      pressed.preventDefault();
      pressed.stopPropagation();
      stop();
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
    window.addEventListener("pointercancel", cancel);
    window.addEventListener("keydown", letGo, true);
  };
  return {
    grab,
    source: now?.source ?? null,
    over: now?.over ?? null,
    shape: now === null ? null : curve(now.from, now.to),
  };
}

/** A drag that ends is no press on what lies below it. */
function swallowClick(): void {
  const swallow = (event: MouseEvent) => {
    event.stopPropagation();
    event.preventDefault();
  };
  window.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", swallow, { capture: true }), 0);
}
