// The snap lines while something is dragged, and whether there are any: a choice kept on this device.

import { ViewportPortal } from "@xyflow/react";
import { create } from "zustand";
import type { Guide } from "./guides";

const KEY = "headrace.snap";

interface GuideState {
  guides: readonly Guide[];
  /** Snap lines and grid; off, things go where the hand goes. */
  snap: boolean;
}

export const useGuides = create<GuideState>(() => ({
  guides: [],
  snap: localStorage.getItem(KEY) !== "off",
}));

export function showGuides(guides: readonly Guide[]): void {
  const { guides: before } = useGuides.getState();
  if (guides.length > 0 || before.length > 0) useGuides.setState({ guides });
}

export function toggleSnap(): void {
  const snap = !useGuides.getState().snap;
  localStorage.setItem(KEY, snap ? "on" : "off");
  useGuides.setState({ snap });
}

export function Guides() {
  const guides = useGuides((state) => state.guides);
  if (guides.length === 0) return null;
  return (
    <ViewportPortal>
      {guides.map((guide) => (
        <div
          key={guide.along}
          className="hr-guide"
          data-along={guide.along}
          data-testid={`guide-${guide.along}`}
          style={
            guide.along === "x"
              ? { left: guide.at, top: guide.from, height: guide.to - guide.from }
              : { top: guide.at, left: guide.from, width: guide.to - guide.from }
          }
        />
      ))}
    </ViewportPortal>
  );
}
