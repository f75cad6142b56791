// The server and the browser find the same problems: tests/fixtures/forms.json is run by both.

import { expect, test } from "vitest";
import fixture from "../../../../../tests/fixtures/forms.json";
import type { JsonSchema } from "../../schema";
import { validateForm } from "./validate";

interface Case {
  name: string;
  schema: unknown;
  value: unknown;
  problems: { path: string; code: string }[];
}

const cases = fixture.cases as Case[];

test.each(cases)("$name", ({ schema, value, problems }) => {
  const found = validateForm(schema as JsonSchema, value).map(({ path, code }) => ({ path, code }));

  expect(found.sort(byPlace)).toEqual([...problems].sort(byPlace));
});

function byPlace(one: { path: string; code: string }, other: { path: string; code: string }) {
  return `${one.path} ${one.code}`.localeCompare(`${other.path} ${other.code}`, "en");
}
