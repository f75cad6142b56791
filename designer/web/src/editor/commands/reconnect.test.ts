import { expect, test } from "vitest";
import { doneUndoneRedone, lines } from "../testing";
import { reconnect } from "./reconnect";

test("a line led to another node keeps its id", () => {
  const after = doneUndoneRedone(reconnect, { edge: "e3", from: "check", port: "else", to: "ask" });

  expect(after.edges.find((edge) => edge.id === "e3")?.to).toBe("ask");
  expect(lines(after)).toHaveLength(5);
});
