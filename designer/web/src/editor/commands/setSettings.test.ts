import { expect, test } from "vitest";
import { doneUndoneRedone, lines } from "../testing";
import { setSettings } from "./setSettings";

test("a removed branch takes its line with it", () => {
  const after = doneUndoneRedone(setSettings, { node: "check", settings: { branches: [] } });

  expect(lines(after)).not.toContain("check.big → ask");
  expect(lines(after)).toContain("check.else → done");
});
