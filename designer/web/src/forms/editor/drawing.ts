// A form while it is drawn: fields, sections, columns of line items; and every change as a new form. Pure. What it does not
// know (keywords, hints) stays as it was.

import type { FormSection, FormUi, JsonSchema, Right } from "../../schema";
import { orderedNames } from "../../ui/form/kinds";
import type { Text } from "../../ui/text";
import { type FormKind, shapeOf } from "./kinds";

export interface DrawnForm {
  title?: Text;
  schema: JsonSchema;
  ui?: FormUi;
}

/** A field, or a column of line items. */
export interface Place {
  field: string;
  column?: string;
}

/** Where a field stands: the section (-1: before all sections) and the position in it. */
export interface Spot {
  section: number;
  index: number;
}

export interface Group {
  /** Null: the fields before all sections. */
  section: FormSection | null;
  names: string[];
}

export function groupsOf(form: DrawnForm): Group[] {
  const sections = form.ui?.sections ?? [];
  const known = form.schema.properties ?? {};
  const placed = new Set(sections.flatMap((section) => section.fields));
  const loose = orderedNames(form.schema).filter((name) => !placed.has(name));
  return [
    { section: null, names: loose },
    ...sections.map((section) => ({
      section,
      names: section.fields.filter((name) => known[name] !== undefined),
    })),
  ];
}

function withGroups(form: DrawnForm, groups: Group[]): DrawnForm {
  const sections = groups.flatMap(({ section, names }) =>
    section === null ? [] : [{ ...section, fields: names }],
  );
  const { sections: _, ...ui } = form.ui ?? {};
  const order = groups.flatMap(({ names }) => names);
  return {
    ...form,
    schema: { ...form.schema, "x-order": order },
    ui: sections.length > 0 ? { ...ui, sections } : ui,
  };
}

export function fieldAt(form: DrawnForm, { field, column }: Place): JsonSchema | undefined {
  const found = form.schema.properties?.[field];
  return column === undefined ? found : found?.items?.properties?.[column];
}

// --- fields ---

export function addField(form: DrawnForm, kind: FormKind, spot: Spot | null, title: Text): Added {
  const name = freshName(Object.keys(form.schema.properties ?? {}), kind);
  const properties = { ...form.schema.properties, [name]: { ...shapeOf(kind), "x-title": title } };
  const groups = groupsOf(form);
  const at = spot ?? { section: groups.length - 2, index: Number.MAX_SAFE_INTEGER };
  const next = groups.map(({ section, names }, index) => ({
    section,
    names: index === at.section + 1 ? inserted(names, at.index, name) : names,
  }));
  const grown = { ...form, schema: { ...form.schema, type: "object", properties } };
  return { form: withGroups(grown, next), place: { field: name } };
}

export interface Added {
  form: DrawnForm;
  place: Place;
}

export function moveField(form: DrawnForm, name: string, spot: Spot): DrawnForm {
  const groups = groupsOf(form);
  const from = groups.findIndex(({ names }) => names.includes(name));
  const next = groups.map(({ section, names }, index) => {
    const without = names.filter((each) => each !== name);
    return {
      section,
      names: index === spot.section + 1 ? inserted(without, spot.index, name) : without,
    };
  });
  return from < 0 ? form : withGroups(form, next);
}

export function removePlace(form: DrawnForm, place: Place): DrawnForm {
  if (place.column !== undefined) {
    const { column } = place;
    return changeItems(form, place.field, (items) => withoutProperty(items, column));
  }
  const ui = {
    ...form.ui,
    ...(form.ui?.sections
      ? {
          sections: form.ui.sections.map((section) => ({
            ...section,
            fields: section.fields.filter((name) => name !== place.field),
          })),
        }
      : {}),
  };
  return { ...form, schema: withoutProperty(form.schema, place.field), ui };
}

function withoutProperty(schema: JsonSchema, name: string): JsonSchema {
  const { [name]: _, ...properties } = schema.properties ?? {};
  const required = (schema.required ?? []).filter((each) => each !== name);
  return {
    ...withRequired(schema, required),
    properties: Object.fromEntries(
      Object.entries(properties).map(([other, part]) => [other, withoutWhen(part, name)]),
    ),
    ...(schema["x-order"] ? { "x-order": schema["x-order"].filter((each) => each !== name) } : {}),
  };
}

function withoutWhen(schema: JsonSchema, name: string): JsonSchema {
  if (schema["x-when"]?.[name] === undefined) return schema;
  const { "x-when": when, ...rest } = schema;
  const { [name]: _, ...left } = when ?? {};
  return Object.keys(left).length > 0 ? { ...rest, "x-when": left } : rest;
}

function withRequired(schema: JsonSchema, required: string[]): JsonSchema {
  const { required: _, ...rest } = schema;
  return required.length > 0 ? { ...rest, required } : rest;
}

/** Another schema for a field or column; its place and name stay. */
export function setField(form: DrawnForm, place: Place, schema: JsonSchema): DrawnForm {
  const put = (of: JsonSchema, name: string): JsonSchema => ({
    ...of,
    properties: { ...of.properties, [name]: schema },
  });
  const { field, column } = place;
  if (column !== undefined) return changeItems(form, field, (items) => put(items, column));
  return { ...form, schema: put(form.schema, field) };
}

export function isRequired(form: DrawnForm, { field, column }: Place): boolean {
  if (column === undefined) return form.schema.required?.includes(field) ?? false;
  return form.schema.properties?.[field]?.items?.required?.includes(column) ?? false;
}

export function setRequired(form: DrawnForm, place: Place, on: boolean): DrawnForm {
  const put = (of: JsonSchema, name: string): JsonSchema => {
    const others = (of.required ?? []).filter((each) => each !== name);
    return withRequired(of, on ? [...others, name] : others);
  };
  const { field, column } = place;
  if (column !== undefined) return changeItems(form, field, (items) => put(items, column));
  return { ...form, schema: put(form.schema, field) };
}

/** Another name for a field, wherever the form says it: its order, sections, rules and formulas. */
export function renamePlace(form: DrawnForm, place: Place, name: string): DrawnForm {
  const { field, column } = place;
  if (column !== undefined) {
    const moved = changeItems(form, field, (items) => renamedIn(items, column, name));
    return changeFormulas(moved, (text) =>
      text.replaceAll(`pluck(${field}, "${column}")`, `pluck(${field}, "${name}")`),
    );
  }
  const sections = form.ui?.sections?.map((section) => ({
    ...section,
    fields: section.fields.map((each) => (each === field ? name : each)),
  }));
  return {
    ...form,
    schema: renamedIn(form.schema, field, name),
    ...(form.ui ? { ui: sections ? { ...form.ui, sections } : form.ui } : {}),
  };
}

function renamedIn(schema: JsonSchema, from: string, to: string): JsonSchema {
  const swap = (name: string) => (name === from ? to : name);
  const word = new RegExp(`(?<![\\w."'])${from}(?!\\w)`, "g");
  const properties = Object.entries(schema.properties ?? {}).map(([name, part]) => {
    const when = part["x-when"];
    const changed: JsonSchema = {
      ...part,
      ...(when
        ? { "x-when": Object.fromEntries(Object.entries(when).map(([n, v]) => [swap(n), v])) }
        : {}),
      ...(part["x-compute"] ? { "x-compute": part["x-compute"].replace(word, to) } : {}),
    };
    return [swap(name), changed] as const;
  });
  return {
    ...schema,
    properties: Object.fromEntries(properties),
    ...(schema.required ? { required: schema.required.map(swap) } : {}),
    ...(schema["x-order"] ? { "x-order": schema["x-order"].map(swap) } : {}),
  };
}

function changeFormulas(form: DrawnForm, change: (text: string) => string): DrawnForm {
  const properties = Object.entries(form.schema.properties ?? {}).map(([name, part]) => [
    name,
    part["x-compute"] ? { ...part, "x-compute": change(part["x-compute"]) } : part,
  ]);
  return { ...form, schema: { ...form.schema, properties: Object.fromEntries(properties) } };
}

// --- columns of line items ---

export function columnsOf(schema: JsonSchema | undefined): string[] {
  return schema?.items ? orderedNames(schema.items) : [];
}

export function addColumn(
  form: DrawnForm,
  field: string,
  kind: FormKind,
  title: Text,
  index?: number,
): Added {
  const items = form.schema.properties?.[field]?.items ?? {};
  const name = freshName(Object.keys(items.properties ?? {}), kind);
  const next = changeItems(form, field, (before) => ({
    ...before,
    type: "object",
    properties: { ...before.properties, [name]: { ...shapeOf(kind), "x-title": title } },
    "x-order": inserted(orderedNames(before), index ?? Number.MAX_SAFE_INTEGER, name),
  }));
  return { form: next, place: { field, column: name } };
}

export function moveColumn(form: DrawnForm, field: string, column: string, to: number): DrawnForm {
  return changeItems(form, field, (items) => ({
    ...items,
    "x-order": inserted(
      orderedNames(items).filter((name) => name !== column),
      to,
      column,
    ),
  }));
}

function changeItems(
  form: DrawnForm,
  field: string,
  change: (items: JsonSchema) => JsonSchema,
): DrawnForm {
  const schema = form.schema.properties?.[field];
  if (schema === undefined) return form;
  return setField(form, { field }, { ...schema, items: change(schema.items ?? {}) });
}

// --- sections and layout ---

export function addSection(form: DrawnForm, title: Text): DrawnForm {
  return withGroups(form, [...groupsOf(form), { section: { title, fields: [] }, names: [] }]);
}

export function setSection(form: DrawnForm, index: number, patch: Partial<FormSection>): DrawnForm {
  const groups = groupsOf(form).map((group, at) =>
    at === index + 1 && group.section
      ? { ...group, section: { ...group.section, ...patch } }
      : group,
  );
  return withGroups(form, groups);
}

/** The section goes, its fields stay: at the end of the part before it. */
export function removeSection(form: DrawnForm, index: number): DrawnForm {
  const groups = groupsOf(form);
  const gone = groups[index + 1];
  const next = groups.flatMap((group, at) => {
    if (at === index + 1) return [];
    return at === index ? [{ ...group, names: [...group.names, ...(gone?.names ?? [])] }] : [group];
  });
  return withGroups(form, next);
}

export function moveSection(form: DrawnForm, index: number, step: -1 | 1): DrawnForm {
  const [loose, ...others] = groupsOf(form);
  const taken = others[index];
  if (loose === undefined || taken === undefined || others[index + step] === undefined) return form;
  const rest = others.filter((_, at) => at !== index);
  return withGroups(form, [
    loose,
    ...rest.slice(0, index + step),
    taken,
    ...rest.slice(index + step),
  ]);
}

export function setColumns(form: DrawnForm, columns: 1 | 2): DrawnForm {
  return { ...form, ui: { ...form.ui, columns } };
}

// --- rights ---

/** Every place rights can be given to: fields, and the columns of line items (`lines.price`). */
export function rightPlaces(form: DrawnForm): { path: string; schema: JsonSchema }[] {
  return groupsOf(form).flatMap(({ names }) =>
    names.flatMap((field) => {
      const schema = form.schema.properties?.[field] ?? {};
      const columns = columnsOf(schema).map((column) => ({
        path: `${field}.${column}`,
        schema: schema.items?.properties?.[column] ?? {},
      }));
      return [{ path: field, schema }, ...(schema.items?.properties ? columns : [])];
    }),
  );
}

export const RIGHTS: Right[] = ["edit", "required", "read", "hidden"];

function inserted(names: readonly string[], index: number, name: string): string[] {
  const next = [...names];
  next.splice(Math.min(Math.max(index, 0), next.length), 0, name);
  return next;
}

function freshName(taken: readonly string[], kind: string): string {
  const base = kind.replace(/-/g, "_");
  if (!taken.includes(base)) return base;
  let number = 2;
  while (taken.includes(`${base}_${number}`)) number += 1;
  return `${base}_${number}`;
}

export const NAME = /^[a-z][a-z0-9_]{0,63}$/;
