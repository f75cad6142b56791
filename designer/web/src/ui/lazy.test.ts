import { expect, test, vi } from "vitest";
import { arriving, PAUSES_MS, type Surroundings } from "./lazy";

function around(changes: Partial<Surroundings> = {}) {
  const waited: number[] = [];
  const reload = vi.fn();
  const surroundings: Surroundings = {
    isOnline: () => true,
    online: async () => undefined,
    wait: async (ms) => void waited.push(ms),
    isRenewed: async () => false,
    reload,
    ...changes,
  };
  return { surroundings, waited, reload };
}

const failing = (times: number) => {
  let left = times;
  return vi.fn(async () => {
    if (left-- > 0) throw new TypeError("Failed to fetch dynamically imported module");
    return "here";
  });
};

test("what comes at once is asked for once", async () => {
  const load = failing(0);
  expect(await arriving(load, around().surroundings)).toBe("here");
  expect(load).toHaveBeenCalledTimes(1);
});

test("without a network it waits for it, and never leaves the page", async () => {
  let isOnline = false;
  const load = failing(1);
  const { surroundings, waited, reload } = around({
    isOnline: () => isOnline,
    online: async () => {
      isOnline = true;
    },
    isRenewed: async () => {
      throw new Error("asked without a network");
    },
  });
  expect(await arriving(load, surroundings)).toBe("here");
  expect(load).toHaveBeenCalledTimes(2);
  expect(waited).toEqual([]);
  expect(reload).not.toHaveBeenCalled();
});

test("a server that starts again is waited for, longer each time", async () => {
  const { surroundings, waited } = around();
  expect(await arriving(failing(3), surroundings)).toBe("here");
  expect(waited).toEqual(PAUSES_MS.slice(0, 3));
});

test("a part that is really missing ends in its error", async () => {
  const { surroundings, reload } = around();
  const load = failing(99);
  await expect(arriving(load, surroundings)).rejects.toThrow("dynamically imported");
  expect(load).toHaveBeenCalledTimes(PAUSES_MS.length + 1);
  expect(reload).not.toHaveBeenCalled();
});

test("where the server has a new build the page is read anew, and nothing is shown broken before", async () => {
  const { surroundings, reload } = around({ isRenewed: async () => true });
  const ended = vi.fn();
  void arriving(failing(99), surroundings).then(ended, ended);
  await vi.waitFor(() => expect(reload).toHaveBeenCalledTimes(1));
  expect(ended).not.toHaveBeenCalled();
});
