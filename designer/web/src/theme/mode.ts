// Light, dark, or as the device says; remembered on this device.

import { useSyncExternalStore } from "react";
import { create } from "zustand";

export type ModeChoice = "light" | "dark" | "device";

const KEY = "headrace.theme";

interface ModeState {
  choice: ModeChoice;
  choose: (choice: ModeChoice) => void;
}

export const useModeChoice = create<ModeState>((set) => ({
  choice: stored(),
  choose: (choice) => {
    localStorage.setItem(KEY, choice);
    set({ choice });
  },
}));

/** The mode to draw in now; also written to the page, where the style sheets read it. */
export function useMode(): "light" | "dark" {
  const choice = useModeChoice((state) => state.choice);
  const deviceIsDark = useMedia("(prefers-color-scheme: dark)");
  const mode = choice === "device" ? (deviceIsDark ? "dark" : "light") : choice;
  if (document.documentElement.dataset["theme"] !== mode) {
    document.documentElement.dataset["theme"] = mode;
  }
  return mode;
}

export function useMedia(media: string): boolean {
  return useSyncExternalStore(
    (changed) => {
      const list = window.matchMedia?.(media);
      list?.addEventListener("change", changed);
      return () => list?.removeEventListener("change", changed);
    },
    () => window.matchMedia?.(media).matches ?? false,
  );
}

/** True on a phone: one column, cards for tables, the bottom bar. */
export function useNarrow(): boolean {
  return useMedia("(max-width: 767px)");
}

function stored(): ModeChoice {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "device";
}
