import { expect, test } from "vitest";
import { doneUndoneRedone } from "../testing";
import { setInput } from "./setInput";

test("the flow asks for other fields", () => {
  const input = { type: "object", properties: { order: { type: "string" } } };

  expect(doneUndoneRedone(setInput, { input }).input).toEqual(input);
});
