import { expect, test } from "vitest";
import { doneUndoneRedone } from "../testing";
import { setFlow } from "./setFlow";

test("the flow is called otherwise", () => {
  const after = doneUndoneRedone(setFlow, { name: { zh: "退款审批" } });

  expect(after.name).toEqual({ zh: "退款审批" });
});
