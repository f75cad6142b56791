import { expect, test } from "vitest";
import { doneUndoneRedone } from "../testing";
import { setSample } from "./setSample";

test("the sample is kept with the flow", () => {
  expect(doneUndoneRedone(setSample, { sample: { amount: 3 } }).sample).toEqual({ amount: 3 });
});
