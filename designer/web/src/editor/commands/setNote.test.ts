import { expect, test } from "vitest";
import { doneUndoneRedone } from "../testing";
import { setNote } from "./setNote";

test("a note says something else in another colour", () => {
  const after = doneUndoneRedone(setNote, { note: "note1", text: "Call first", color: "pink" });

  expect(after.notes?.[0]).toMatchObject({ text: "Call first", color: "pink" });
});
