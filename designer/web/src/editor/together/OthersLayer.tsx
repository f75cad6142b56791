// On the canvas: the pointers of others, and what they have selected.

import { useReactFlow, useStore, ViewportPortal } from "@xyflow/react";
import { useEffect } from "react";
import { nodeOf, notesOf, type Size, sizeOf } from "../document";
import { hiding, noteSize } from "../sections";
import { useDocument, useEditor } from "../store";
import { colourOf, type Other, useOthers } from "./others";
import "./together.css";

const ROOM = 6;

export function OthersLayer() {
  const others = useOthers((state) => state.others);
  useOwnCursor();
  return others.length === 0 ? null : <Shown others={others} />;
}

function Shown({ others }: { others: readonly Other[] }) {
  // Pointers and names keep their size, however small the drawing is shown.
  const size = useStore((state) => 1 / state.transform[2]);
  return (
    <ViewportPortal>
      {others.map((other) => (
        <Selected key={`${other.client} selected`} other={other} size={size} />
      ))}
      {others.map(
        (other) =>
          other.cursor !== null && (
            <div
              key={other.client}
              className="hr-other-cursor"
              aria-hidden="true"
              data-testid="other-cursor"
              style={{
                transform: `translate(${other.cursor.x}px, ${other.cursor.y}px) scale(${size})`,
                color: colourOf(other.client),
              }}
            >
              <svg width="16" height="20" viewBox="0 0 16 20" aria-hidden="true">
                <path
                  d="M1 1 L1 16 L5 12.5 L8 19 L11 17.5 L8 11.5 L14 11 Z"
                  fill="currentColor"
                  stroke="#fff"
                />
              </svg>
              <span style={{ background: colourOf(other.client) }}>{other.name}</span>
            </div>
          ),
      )}
    </ViewportPortal>
  );
}

function Selected({ other, size: scale }: { other: Other; size: number }) {
  const document = useDocument();
  const types = useEditor((state) => state.types);
  // What a collapsed section hides is shown at the section, once.
  const hidden = hiding(document);
  const shown = [...new Set(other.selection.map((id) => hidden.get(id) ?? id))];
  return shown.map((id) => {
    const node = nodeOf(document, id);
    const note = notesOf(document).find((each) => each.id === id);
    const place = node?.position ?? note?.position;
    if (place === undefined) return null;
    const size: Size =
      node !== undefined
        ? sizeOf(node, types)
        : note === undefined
          ? { width: 0, height: 0 }
          : noteSize(note);
    return (
      <div
        key={id}
        className="hr-other-selection"
        data-testid={`other-at-${id}`}
        style={{
          transform: `translate(${place.x - ROOM}px, ${place.y - ROOM}px)`,
          width: size.width + 2 * ROOM,
          height: size.height + 2 * ROOM,
          borderColor: colourOf(other.client),
        }}
      >
        <span style={{ background: colourOf(other.client), transform: `scale(${scale})` }}>
          {other.name}
        </span>
      </div>
    );
  });
}

/** Ours, for the others: where the pointer is in the drawing. */
function useOwnCursor(): void {
  const { screenToFlowPosition } = useReactFlow();
  useEffect(() => {
    const pane = window.document.querySelector(".react-flow");
    if (!(pane instanceof HTMLElement)) return;
    const moved = (event: PointerEvent) => {
      const { x, y } = screenToFlowPosition(
        { x: event.clientX, y: event.clientY },
        { snapToGrid: false },
      );
      useOthers.setState({ cursor: { x: Math.round(x), y: Math.round(y) } });
    };
    const left = () => useOthers.setState({ cursor: null });
    pane.addEventListener("pointermove", moved, { passive: true });
    pane.addEventListener("pointerleave", left);
    return () => {
      pane.removeEventListener("pointermove", moved);
      pane.removeEventListener("pointerleave", left);
      left();
    };
  }, [screenToFlowPosition]);
}
