import { expect, test } from "vitest";
import { onTheWay, useOnTheWay, waitingProblems } from "./onTheWay";

test("a form waits for every file that is on its way, and for none that has arrived, failed or been stopped", async () => {
  const arrive: (() => void)[] = [];
  const file = () => new Promise<void>((resolve) => arrive.push(resolve));
  const first = onTheWay("receipts", file());
  const second = onTheWay("receipts", file());
  const failing = onTheWay("photo", Promise.reject(new Error("gone")));
  expect(waitingProblems().map(({ path }) => path)).toEqual(["/receipts", "/photo"]);

  await expect(failing).rejects.toThrow("gone");
  expect(useOnTheWay.getState().fields).toEqual(["receipts", "receipts"]);
  arrive[0]?.();
  await first;
  expect(waitingProblems()).toEqual([{ path: "/receipts", code: "file_on_the_way" }]);
  arrive[1]?.();
  await second;
  expect(waitingProblems()).toEqual([]);
});
