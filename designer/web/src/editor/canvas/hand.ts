// What is in the hand while nodes are dragged: it is drawn to snap lines, and a section takes along what stands in it.

import type { NodeChange, ReactFlowInstance } from "@xyflow/react";
import { type RefObject, useMemo } from "react";
import { notesOf, type Position } from "../document";
import { hiddenBy, insideOf } from "../sections";
import { useEditor } from "../store";
import type { CanvasEdge, CanvasNode } from "./elements";
import { around, type Frame, PULL_PX, snapTo } from "./guides";
import { showGuides, useGuides } from "./SnapLines";

export interface Hand {
  take: (dragged: readonly CanvasNode[]) => void;
  /** The changes with places put right, and those of what comes along. */
  led: (changes: NodeChange<CanvasNode>[]) => NodeChange<CanvasNode>[];
  /** Where everything was put. */
  letGo: (dragged: readonly CanvasNode[]) => Record<string, Position>;
}

type Flow = ReactFlowInstance<CanvasNode, CanvasEdge>;

export function useHand(nodes: RefObject<CanvasNode[]>, flow: Flow): Hand {
  return useMemo(() => {
    let frames = new Map<string, Frame>();
    let others: Frame[] = [];
    let along = new Map<string, { section: string; place: Position }>();
    let places = new Map<string, Position>();

    const take = (dragged: readonly CanvasNode[]) => {
      const held = new Set(dragged.map((node) => node.id));
      frames = new Map(nodes.current.map((node) => [node.id, frameOf(node)]));
      along = comingAlong(held, useEditor.getState().history.present);
      const seen = inView(flow);
      others = nodes.current
        .filter((node) => !held.has(node.id) && !along.has(node.id) && !node.hidden)
        .map(frameOf)
        .filter((frame) => overlap(frame, seen));
      places = new Map();
    };

    const led = (changes: NodeChange<CanvasNode>[]) => {
      const moving = changes.flatMap((change) =>
        change.type === "position" && change.dragging && change.position ? [change] : [],
      );
      if (moving.length === 0 || frames.size === 0) return changes;
      const now = moving.flatMap(({ id, position }) => {
        const frame = frames.get(id);
        return frame && position ? [{ ...frame, x: position.x, y: position.y }] : [];
      });
      if (now.length === 0) return changes;
      const { dx, dy, guides } = useGuides.getState().snap
        ? snapTo(around(now), others, PULL_PX / flow.getZoom())
        : { dx: 0, dy: 0, guides: [] };
      showGuides(guides);
      const put = (id: string, position: Position) => {
        places.set(id, position);
        return { type: "position" as const, id, position, dragging: true };
      };
      const held = changes.map((change) =>
        change.type === "position" && change.position
          ? put(change.id, { x: change.position.x + dx, y: change.position.y + dy })
          : change,
      );
      const comes = [...along].flatMap(([id, { section, place }]) => {
        const from = frames.get(section);
        const to = places.get(section);
        if (from === undefined || to === undefined) return [];
        return [put(id, { x: place.x + to.x - from.x, y: place.y + to.y - from.y })];
      });
      return [...held, ...comes];
    };

    const letGo = (dragged: readonly CanvasNode[]) => {
      showGuides([]);
      const found = dragged.map((node) => [node.id, places.get(node.id) ?? node.position] as const);
      const brought = [...along.keys()].flatMap((id) => {
        const place = places.get(id);
        return place === undefined ? [] : [[id, place] as const];
      });
      frames = new Map();
      along = new Map();
      const rounded = [...found, ...brought].map(
        ([id, place]) => [id, { x: Math.round(place.x), y: Math.round(place.y) }] as const,
      );
      return Object.fromEntries(rounded);
    };
    return { take, led, letGo };
  }, [nodes, flow]);
}

/** What moves with the sections in the hand, and where it stood. */
function comingAlong(
  held: ReadonlySet<string>,
  document: ReturnType<typeof useEditor.getState>["history"]["present"],
): Map<string, { section: string; place: Position }> {
  const along = new Map<string, { section: string; place: Position }>();
  for (const note of notesOf(document)) {
    if (note.kind !== "section" || !held.has(note.id)) continue;
    const inside = note.hides === undefined ? insideOf(document, note) : hiddenBy(document, note);
    for (const item of inside) {
      if (!held.has(item.id)) along.set(item.id, { section: note.id, place: item.position });
    }
  }
  return along;
}

function frameOf(node: CanvasNode): Frame {
  return {
    x: node.position.x,
    y: node.position.y,
    width: node.width ?? node.measured?.width ?? 0,
    height: node.height ?? node.measured?.height ?? 0,
  };
}

function inView(flow: Flow): Frame {
  const pane = document.querySelector(".react-flow")?.getBoundingClientRect();
  const { x, y, zoom } = flow.getViewport();
  return {
    x: -x / zoom,
    y: -y / zoom,
    width: (pane?.width ?? 0) / zoom,
    height: (pane?.height ?? 0) / zoom,
  };
}

function overlap(a: Frame, b: Frame): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
