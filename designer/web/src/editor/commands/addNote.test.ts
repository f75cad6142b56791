import { expect, test } from "vitest";
import { doneUndoneRedone } from "../testing";
import { addNote } from "./addNote";

test("a note lies where it was put, on the grid", () => {
  const after = doneUndoneRedone(addNote, { id: "note2", position: { x: 13, y: 17 } });

  expect(after.notes?.at(-1)).toMatchObject({ id: "note2", position: { x: 10, y: 20 } });
});
