// Parts of the page that come when they are needed, also where the network has gone for a while or the server has been renewed.
import { type ComponentType, type LazyExoticComponent, lazy as ofReact } from "react";

/** What waiting for a part asks of the browser: an argument, so that tests need none. */
export interface Surroundings {
  isOnline(): boolean;
  /** Resolves when the network is back. */
  online(): Promise<void>;
  wait(ms: number): Promise<void>;
  /** Whether the server now has another build than this page: its parts have other names. */
  isRenewed(): Promise<boolean>;
  reload(): void;
}

/** The first is short (a cable that shook), the rest give a server the time to start again. */
export const PAUSES_MS: readonly number[] = [300, 1_000, 3_000, 6_000];

const browser: Surroundings = {
  isOnline: () => navigator.onLine,
  online: () =>
    new Promise((resolve) => window.addEventListener("online", () => resolve(), { once: true })),
  wait: (ms) => new Promise((resolve) => window.setTimeout(resolve, ms)),
  isRenewed: async () => {
    const mine = document.querySelector<HTMLScriptElement>("script[type=module][src]");
    const path = mine?.getAttribute("src");
    if (!path) return false;
    const answer = await fetch("/", { cache: "no-store" });
    return answer.ok && !(await answer.text()).includes(path);
  },
  reload: () => window.location.reload(),
};

/**
 * What `load` imports. Without a network it waits for it; an error in between is tried again after `PAUSES_MS`; a server that has a
 * new build is read anew, since the parts of the old one are gone (what was drawn or typed waits in the browser, editor/draft.ts).
 * Throws the error of `load` where nothing of that helps.
 */
export async function arriving<T>(
  load: () => Promise<T>,
  around: Surroundings = browser,
): Promise<T> {
  for (let pauses = 0; ; ) {
    try {
      return await load();
    } catch (error) {
      if (!around.isOnline()) {
        await around.online();
        continue;
      }
      if (await around.isRenewed().catch(() => false)) {
        around.reload();
        return new Promise<T>(() => undefined);
      }
      const pause = PAUSES_MS[pauses++];
      if (pause === undefined) throw error;
      await around.wait(pause);
    }
  }
}

/** React's `lazy` for a part of the page: see `arriving`. */
// biome-ignore lint/suspicious/noExplicitAny: the props of a component are its own, as in React's `lazy`.
export function lazy<T extends ComponentType<any>>(
  load: () => Promise<{ default: T }>,
): LazyExoticComponent<T> {
  return ofReact(() => arriving(load));
}
