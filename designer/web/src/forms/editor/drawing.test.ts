import { expect, test } from "vitest";
import {
  addColumn,
  addField,
  addSection,
  type DrawnForm,
  groupsOf,
  moveColumn,
  moveField,
  moveSection,
  removePlace,
  removeSection,
  renamePlace,
  setRequired,
} from "./drawing";
import { asKind, FORM_KINDS, formKindOf, shapeOf } from "./kinds";
import { rightAt } from "./Rights";
import { settingsOf, withSetting } from "./settings";

const T = (en: string) => ({ en, zh: en });

function drawn(): DrawnForm {
  let form: DrawnForm = { schema: { type: "object", properties: {} } };
  form = addField(form, "text", null, T("A")).form;
  form = addField(form, "lines", null, T("L")).form;
  form = addColumn(form, "lines", "amount", T("Price")).form;
  form = addColumn(form, "lines", "number", T("Number")).form;
  form = addField(form, "computed", null, T("Sum")).form;
  form = addSection(form, T("More"));
  return addField(form, "date", null, T("Day")).form;
}

const order = (form: DrawnForm) => groupsOf(form).map(({ names }) => names);

test("a field comes at the end of the last section, or where it is let go", () => {
  const form = drawn();

  const { form: next } = addField(form, "text", { section: -1, index: 1 }, T("B"));

  expect(order(form)).toEqual([["text", "lines", "computed"], ["date"]]);
  expect(order(next)).toEqual([["text", "text_2", "lines", "computed"], ["date"]]);
  expect(next.schema["x-order"]).toEqual(["text", "text_2", "lines", "computed", "date"]);
});

test("a field moves within and between sections", () => {
  expect(order(moveField(drawn(), "text", { section: -1, index: 2 }))[0]).toEqual([
    "lines",
    "computed",
    "text",
  ]);
  expect(order(moveField(drawn(), "text", { section: 0, index: 0 }))).toEqual([
    ["lines", "computed"],
    ["text", "date"],
  ]);
});

test("a section that goes leaves its fields", () => {
  expect(order(removeSection(drawn(), 0))).toEqual([["text", "lines", "computed", "date"]]);
});

test("sections change places", () => {
  const two = addField(addSection(drawn(), T("Last")), "time", null, T("T")).form;

  expect(order(moveSection(two, 1, -1)).slice(1)).toEqual([["time"], ["date"]]);
  expect(moveSection(two, 0, -1)).toBe(two);
});

test("a field that goes is named nowhere any more", () => {
  let form = setRequired(drawn(), { field: "date" }, true);
  form = addField(form, "choice", null, T("C")).form;
  const text = form.schema.properties?.["text"] ?? {};
  const asked = withSetting(form, text, "when", "choice");
  form = {
    ...form,
    schema: { ...form.schema, properties: { ...form.schema.properties, text: asked } },
  };
  expect(asked["x-when"]).toEqual({ choice: ["a"] });

  const gone = removePlace(removePlace(form, { field: "date" }), { field: "choice" });

  const said = JSON.stringify(gone);
  expect(said).not.toContain('"date"');
  expect(said).not.toContain('"choice"');
  expect(gone.schema.required).toBeUndefined();
});

test("another name is told wherever the form says it", () => {
  let form = drawn();
  const set = (field: string, text: string) => {
    const properties = { ...form.schema.properties };
    properties[field] = { ...properties[field], "x-compute": text };
    form = { ...form, schema: { ...form.schema, properties } };
  };
  set("computed", 'sum(pluck(lines, "amount")) + len(text) - text_2');

  const renamed = renamePlace(
    renamePlace(
      renamePlace(form, { field: "text" }, "reason"),
      { field: "lines", column: "amount" },
      "price",
    ),
    { field: "lines" },
    "goods",
  );

  expect(renamed.schema.properties?.["computed"]?.["x-compute"]).toBe(
    'sum(pluck(goods, "price")) + len(reason) - text_2',
  );
  expect(order(renamed)[0]).toEqual(["reason", "goods", "computed"]);
});

test("columns are added, moved and taken away", () => {
  const form = addColumn(drawn(), "lines", "text", T("Name"), 0).form;
  const moved = moveColumn(form, "lines", "text", 2);
  const gone = removePlace(moved, { field: "lines", column: "number" });

  const columns = (of: DrawnForm) => of.schema.properties?.["lines"]?.items?.["x-order"];
  expect(columns(form)).toEqual(["text", "amount", "number"]);
  expect(columns(moved)).toEqual(["amount", "number", "text"]);
  expect(columns(gone)).toEqual(["amount", "text"]);
});

test("what the editor does not know stays as it was", () => {
  const form: DrawnForm = {
    schema: {
      type: "object",
      properties: { odd: { type: "object", "x-theirs": 1 } as object, a: { type: "string" } },
      "x-whose": "theirs",
    } as DrawnForm["schema"],
  };

  const next = addField(moveField(form, "a", { section: -1, index: 0 }), "text", null, T("B")).form;

  expect(next.schema.properties?.["odd"]).toEqual({ type: "object", "x-theirs": 1 });
  expect(next.schema).toMatchObject({ "x-whose": "theirs" });
});

test.each(FORM_KINDS)("a new field of kind %s is of that kind", (kind) => {
  expect(formKindOf(shapeOf(kind))).toBe(kind);
  expect(formKindOf(asKind(shapeOf("text"), kind))).toBe(kind);
});

test("options are kept by what is stored, and never all gone", () => {
  const form = drawn();
  const choice = shapeOf("choice");
  const options = [{ value: "yes", title: T("Yes") }, { title: T("No") }, { value: "yes" }];

  const next = withSetting(form, choice, "options", options);

  expect(next.enum).toEqual(["yes", "option_2", "yes_2"]);
  expect(next["x-enum-titles"]).toEqual({ yes: T("Yes"), option_2: T("No") });
  expect(withSetting(form, choice, "options", [])).toBe(choice);
  expect(settingsOf(form, { field: "x" }, next)["options"]).toHaveLength(3);
});

test("rights of columns follow their table, as on the server", () => {
  const use = {
    use: "f",
    others: "read",
    rights: { lines: "edit", "lines.price": "hidden" },
  } as const;

  expect(rightAt(use, "text")).toBe("read");
  expect(rightAt(use, "lines.price")).toBe("hidden");
  expect(rightAt(use, "lines.number")).toBe("edit");
  expect(
    rightAt({ use: "f", rights: { lines: "read", "lines.price": "edit" } }, "lines.price"),
  ).toBe("read");
});
