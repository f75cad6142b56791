// Notices and questions above the screen (antd's `App`): a page that has nothing to say does not load what says it.

import type { useAppProps } from "antd/es/app/context";
import { create } from "zustand";

interface Asking {
  /** Stands in the page once something was to be said: AskingHost.tsx. */
  wanted: boolean;
  app: useAppProps | null;
}

export const useAsking = create<Asking>(() => ({ wanted: false, app: null }));

/** Asked for beforehand: what says that the network has gone must be here before it goes. */
export function prepareAsking(): void {
  useAsking.setState({ wanted: true });
}

function there(): Promise<useAppProps> {
  const { app } = useAsking.getState();
  if (app !== null) return Promise.resolve(app);
  prepareAsking();
  return new Promise((resolve) => {
    const stop = useAsking.subscribe((state) => {
      if (state.app === null) return;
      stop();
      resolve(state.app);
    });
  });
}

type Call = (...args: unknown[]) => unknown;
interface Shown {
  destroy?: () => void;
  update?: Call;
  then?: PromiseLike<unknown>["then"];
}

/** What `App.useApp()` answers: each call waits for the real one, and can be taken back before it came. */
function calls(kind: keyof useAppProps): object {
  return new Proxy(
    {},
    {
      get:
        (_target, name: string) =>
        (...args: unknown[]) => {
          let gone = false;
          const shown = there().then((app) => {
            const call = (app[kind] as unknown as Record<string, Call>)[name];
            const made = gone ? undefined : (call?.(...args) as Shown | Call | undefined);
            return { made };
          });
          const close = () => {
            gone = true;
            void shown.then(({ made }) => {
              if (typeof made === "function") made();
              else made?.destroy?.();
            });
          };
          const answered = () => shown.then(({ made }) => made as PromiseLike<unknown> | undefined);
          return Object.assign(close, {
            destroy: close,
            update: (...change: unknown[]) =>
              void shown.then(({ made }) => (made as Shown | undefined)?.update?.(...change)),
            // biome-ignore lint/suspicious/noThenProperty: antd's answer can be waited for, too
            then: (done?: (value: unknown) => unknown, failed?: (error: unknown) => unknown) =>
              answered().then(done, failed),
          });
        },
    },
  );
}

export const asking = {
  message: calls("message"),
  modal: calls("modal"),
  notification: calls("notification"),
} as useAppProps;
