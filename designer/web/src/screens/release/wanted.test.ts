import { expect, test } from "vitest";
import { EMPTY, wantedOf } from "./wanted";

test("nothing filled in is nothing, not everything", () => {
  expect(wantedOf(EMPTY)).toEqual({});
  expect(wantedOf({ ...EMPTY, older: "0", values: "  " })).toEqual({});
});

test("how long they have waited is a duration", () => {
  expect(wantedOf({ ...EMPTY, older: "8" })).toEqual({ older_than: "PT8H" });
  expect(wantedOf({ ...EMPTY, older: "2", unit: "days" })).toEqual({ older_than: "P2D" });
  expect(wantedOf({ ...EMPTY, older: "30", unit: "minutes" })).toEqual({ older_than: "PT30M" });
});

test("a node belongs to its flow", () => {
  expect(wantedOf({ ...EMPTY, node: "lead" })).toEqual({});
  expect(wantedOf({ ...EMPTY, flow: "refund", node: "lead" })).toEqual({
    flow: "refund",
    node: "lead",
  });
});
