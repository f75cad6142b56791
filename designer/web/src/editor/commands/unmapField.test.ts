import { expect, test } from "vitest";
import { doneUndoneRedone } from "../testing";
import { unmapField } from "./unmapField";

const settings = { values: [{ name: "total", value: "order.amount" }] };

test("the settings are kept as an ordinary form would write them, in one step", () => {
  const after = doneUndoneRedone(unmapField, { node: "check", settings });

  expect(after.nodes.find(({ id }) => id === "check")?.settings).toEqual(settings);
});
