import { expect, test } from "vitest";
import { formsOf, nodeOf } from "../document";
import { refundFlow, types } from "../testing";
import { setForm } from "./setForm";
import { setSettings } from "./setSettings";

const form = { schema: { type: "object", properties: { a: { type: "string" } } } };

test("a form is put in, changed, and taken away with its uses", () => {
  const start = refundFlow();
  const drawn = setForm.run(start, { key: "refund", form }, types);
  const [node] = drawn.nodes;
  const used = setSettings.run(
    drawn,
    { node: node?.id ?? "", settings: { ...node?.settings, form: { use: "refund" } } },
    types,
  );

  const gone = setForm.run(used, { key: "refund", form: null }, types);

  expect(formsOf(drawn)["refund"]).toEqual(form);
  expect(gone.forms).toBeUndefined();
  expect(nodeOf(gone, node?.id ?? "")?.settings["form"]).toBeUndefined();
});

test("the same form is no change, nor is taking away what is not there", () => {
  const drawn = setForm.run(refundFlow(), { key: "refund", form }, types);

  expect(setForm.run(drawn, { key: "refund", form: structuredClone(form) }, types)).toBe(drawn);
  expect(setForm.run(drawn, { key: "other", form: null }, types)).toBe(drawn);
});
