import { expect, test } from "vitest";
import { doneUndoneRedone, refundFlow } from "../testing";
import { replaceDocument } from "./replaceDocument";

test("everything is replaced but the key", () => {
  const other = { ...refundFlow(), key: "other", nodes: [], edges: [] };

  const after = doneUndoneRedone(replaceDocument, { document: other });

  expect(after.key).toBe("refund");
  expect(after.nodes).toEqual([]);
});
