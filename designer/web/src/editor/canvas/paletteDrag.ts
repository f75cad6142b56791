// Dragging a node type onto the canvas by mouse, pen or finger. (HTML's own drag and drop does not know fingers.)

import type { PointerEvent as ReactPointerEvent } from "react";
import { create } from "zustand";
import type { Position } from "../document";

const STARTS_AFTER_PX = 6;

interface DragState {
  /** The node type in the hand, and where the hand is. */
  type: string | null;
  at: Position;
  /** The line it would be put on. */
  edge: string | null;
}

export const useDrag = create<DragState>(() => ({ type: null, at: { x: 0, y: 0 }, edge: null }));

export interface Drop {
  type: string;
  at: Position;
  edge: string | null;
}

/** Call on pointerdown. `onDrop` is called when it is let go over the canvas. */
export function startDrag(
  event: ReactPointerEvent<HTMLElement>,
  type: string,
  mayInsert: boolean,
  onDrop: (drop: Drop) => void,
): void {
  if (event.button !== 0) return;
  const from = { x: event.clientX, y: event.clientY };
  const held = event.currentTarget;
  const pointer = event.pointerId;
  let dragging = false;

  const move = (moved: PointerEvent) => {
    if (moved.pointerId !== pointer) return;
    const at = { x: moved.clientX, y: moved.clientY };
    if (!dragging && Math.hypot(at.x - from.x, at.y - from.y) < STARTS_AFTER_PX) return;
    dragging = true;
    useDrag.setState({ type, at, edge: mayInsert ? edgeAt(at) : null });
  };
  const up = (moved: PointerEvent) => {
    if (moved.pointerId !== pointer) return;
    const { edge } = useDrag.getState();
    stop();
    if (!dragging) return;
    held.addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => held.removeEventListener("click", swallow, { capture: true }), 0);
    const at = { x: moved.clientX, y: moved.clientY };
    if (overCanvas(at)) onDrop({ type, at, edge });
  };
  const cancel = () => stop();
  const key = (pressed: KeyboardEvent) => {
    if (pressed.key === "Escape") stop();
  };
  const stop = () => {
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", up);
    window.removeEventListener("pointercancel", cancel);
    window.removeEventListener("keydown", key, { capture: true });
    useDrag.setState({ type: null, edge: null });
  };
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", up);
  window.addEventListener("pointercancel", cancel);
  window.addEventListener("keydown", key, { capture: true });
}

/** A drag that ends on its own button is no click. */
function swallow(event: Event): void {
  event.stopPropagation();
  event.preventDefault();
}

function overCanvas(at: Position): boolean {
  return document
    .elementsFromPoint(at.x, at.y)
    .some((found) => found.closest(".react-flow") !== null);
}

export function edgeAt(at: Position): string | null {
  for (const found of document.elementsFromPoint(at.x, at.y)) {
    const edge = found.closest(".react-flow__edge");
    if (edge !== null) return edge.getAttribute("data-id");
  }
  return null;
}

export function nodeAt(at: Position): string | null {
  for (const found of document.elementsFromPoint(at.x, at.y)) {
    const node = found.closest(".react-flow__node-step");
    if (node !== null) return node.getAttribute("data-id");
  }
  return null;
}
