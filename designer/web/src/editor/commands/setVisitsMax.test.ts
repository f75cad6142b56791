import { expect, test } from "vitest";
import { doneUndoneRedone, types } from "../testing";
import { setVisitsMax } from "./setVisitsMax";

test("visits are limited, and free again", () => {
  const limited = doneUndoneRedone(setVisitsMax, { node: "ask", visits_max: 3 });
  const free = setVisitsMax.run(limited, { node: "ask", visits_max: null }, types);

  expect(limited.nodes.find((node) => node.id === "ask")?.visits_max).toBe(3);
  expect(free.nodes.find((node) => node.id === "ask")).not.toHaveProperty("visits_max");
});
