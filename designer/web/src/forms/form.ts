// A form as the server shows it to one person at one node, and the questions one can ask it. Pure.

import type { FormUi, JsonSchema, Right } from "../schema";
import { askedNames, type JsonObject, orderedNames } from "../ui/form/kinds";
import { type FormProblem, validateForm, withoutEmpty } from "../ui/form/validate";
import { isLines, isRecord, withComputed } from "./computed";

export interface ShownForm {
  schema: JsonSchema;
  ui?: FormUi | null;
  /** What one may do, by field (`amount`) and by column (`lines.price`); what is not named may be edited. */
  rights?: Record<string, Right>;
  /** Fields whose value comes with stars. Sent back as they came, they stay as they are. */
  masked?: string[];
  /** Names of the people and departments in the value, by id. */
  names?: Record<string, string>;
  value?: JsonObject;
  version?: string;
}

/** A plain JSON schema is a form, too: with its hints, everything may be edited. */
export function asForm(form: ShownForm | JsonSchema): ShownForm {
  if ("schema" in form && isRecord(form.schema)) return form as ShownForm;
  const schema = form as JsonSchema;
  return { schema, ui: schema["x-ui"] ?? null, rights: schema["x-rights"] ?? {} };
}

export function rightOf(form: ShownForm, name: string): Right {
  return form.rights?.[name] ?? form.schema["x-others"] ?? "edit";
}

export function isWritable(form: ShownForm, name: string): boolean {
  const right = rightOf(form, name);
  const schema = schemaAt(form.schema, name);
  return (
    (right === "edit" || right === "required") &&
    schema?.["x-compute"] === undefined &&
    schema?.readOnly !== true
  );
}

/** Is there anything for this person to fill in, or is all of it to be read? */
export function asksFor(given: ShownForm | JsonSchema): boolean {
  const form = asForm(given);
  return Object.entries(form.schema.properties ?? {}).some(([name, schema]) =>
    isLines(schema)
      ? Object.keys(schema.items?.properties ?? {}).some((column) =>
          isWritable(form, `${name}.${column}`),
        ) && isWritable(form, name)
      : isWritable(form, name),
  );
}

/** `lines.price` → the column's schema. */
function schemaAt(schema: JsonSchema, path: string): JsonSchema | undefined {
  const [name = "", column] = path.split(".");
  const field = schema.properties?.[name];
  return column === undefined ? field : field?.items?.properties?.[column];
}

/** Can rows come and go? Not where a column cannot be changed: the server would not know which row is which. */
export function rowsAreFree(form: ShownForm, name: string): boolean {
  const columns = form.schema.properties?.[name]?.items?.properties ?? {};
  return Object.entries(columns).every(
    ([column, schema]) =>
      schema["x-compute"] !== undefined || isWritable(form, `${name}.${column}`),
  );
}

export interface Section {
  title: FormUi["sections"] extends (infer S)[] | undefined ? S | null : never;
  names: string[];
}

/** The fields to draw now, section by section; those that no section names come first. */
export function sectionsOf(form: ShownForm, value: JsonObject): Section[] {
  const asked = askedNames(form.schema, value).filter((name) => rightOf(form, name) !== "hidden");
  const sections = form.ui?.sections ?? [];
  const placed = new Set(sections.flatMap((section) => section.fields));
  const drawn = sections.map((section) => ({
    title: section,
    names: section.fields.filter((name) => asked.includes(name)),
  }));
  const loose = { title: null, names: asked.filter((name) => !placed.has(name)) };
  return [loose, ...drawn].filter((section) => section.names.length > 0);
}

export interface Ready {
  /** What is to be sent: only what may be changed here. */
  value: JsonObject;
  problems: FormProblem[];
}

/** What is sent of a filled form, and what is wrong with it. `partly`: what is empty may stay so. */
export function readyToSend(
  given: ShownForm | JsonSchema,
  value: JsonObject,
  { partly = false }: { partly?: boolean } = {},
): Ready {
  const form = asForm(given);
  const full = withComputed(form.schema, withoutEmpty(value) as JsonObject);
  const names = askedNames(form.schema, full).filter((name) => isWritable(form, name));
  const starred = new Set(form.masked ?? []);
  const sent = Object.fromEntries(
    names
      .filter((name) => full[name] !== undefined)
      .filter((name) => !starred.has(name) || full[name] !== form.value?.[name])
      .map((name) => [name, full[name]]),
  );
  const checked = names.filter((name) => !starred.has(name) || name in sent);
  const schema = askedSchema(form, checked, partly);
  // What is not sent stays as it was on the server: what was emptied is said so.
  const emptied = names.filter((n) => full[n] === undefined && form.value?.[n] !== undefined);
  const all = { ...sent, ...Object.fromEntries(emptied.map((name) => [name, null])) };
  return { value: all, problems: validateForm(schema, sent) };
}

/** The schema of the fields that are asked: `required` only where they are; columns that are shown by a rule never are. */
export function askedSchema(form: ShownForm, names: string[], partly: boolean): JsonSchema {
  const properties = form.schema.properties ?? {};
  const wanted = new Set(form.schema.required ?? []);
  const required = names.filter((name) => {
    const right = rightOf(form, name);
    return right === "required" || (right === "edit" && wanted.has(name));
  });
  return {
    type: "object",
    properties: Object.fromEntries(
      names.map((name) => [name, askedField(form, name, properties[name] ?? {})]),
    ),
    required: partly ? [] : required,
    additionalProperties: false,
  };
}

function askedField(form: ShownForm, name: string, schema: JsonSchema): JsonSchema {
  if (!isLines(schema) || !schema.items) return schema;
  const columns = schema.items.properties ?? {};
  const wanted = new Set(schema.items.required ?? []);
  const required = orderedNames(schema.items).filter((column) => {
    const right = form.rights?.[`${name}.${column}`] ?? "edit";
    if (columns[column]?.["x-compute"] || columns[column]?.["x-when"]) return false;
    return right === "required" || (right === "edit" && wanted.has(column));
  });
  return { ...schema, items: { ...schema.items, required } };
}
