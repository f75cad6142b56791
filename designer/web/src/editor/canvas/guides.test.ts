import { expect, test } from "vitest";
import { around, snapTo } from "./guides";

const frame = (x: number, y: number, width = 200, height = 60) => ({ x, y, width, height });

test("what is nearly level is drawn level, with a line from one to the other", () => {
  const { dx, dy, guides } = snapTo(frame(500, 4), [frame(0, 0)], 7);

  expect([dx, dy]).toEqual([0, -4]);
  expect(guides).toContainEqual({ along: "y", at: 0, from: 0, to: 700 });
});

test("what is far from any line stays where the hand put it", () => {
  expect(snapTo(frame(500, 40), [frame(0, 0)], 7)).toEqual({ dx: 0, dy: 0, guides: [] });
});

test("middles meet middles, not edges", () => {
  const higher = frame(500, -22, 200, 100);

  const { dy } = snapTo(higher, [frame(0, 0)], 7);

  expect(dy).toBe(2);
});

test("the nearest line wins", () => {
  const { dx } = snapTo(frame(503, 300), [frame(500, 0), frame(505, 100)], 7);

  expect(dx).toBe(2);
});

test("several are one frame", () => {
  expect(around([frame(0, 0), frame(300, 100)])).toEqual(frame(0, 0, 500, 160));
});
