// What can be set about a field, as a form of its own: the panel at the right is drawn by the same code as every form.

import type { TFunction } from "i18next";
import type { JsonSchema } from "../../schema";
import type { JsonObject } from "../../ui/form/kinds";
import { optionsOf, titleOf } from "../../ui/form/kinds";
import type { Text } from "../../ui/text";
import { columnsOf, type DrawnForm, isRequired, type Place } from "./drawing";
import { type FormKind, formKindOf } from "./kinds";

type T = TFunction<"forms">;
type ShowText = (value: Text) => string;

const MASKS = ["phone", "id_card", "bank_card", "name", "email", "address", "amount", "all"];
const ACCEPT = ["image", "pdf", "sheet", "document", "archive"];
const CURRENCIES = ["CNY", "USD", "EUR", "HKD", "GBP"];

export function settingsSchema(
  form: DrawnForm,
  place: Place,
  schema: JsonSchema,
  roles: { key: string; title: Text }[],
  t: T,
  text: ShowText,
): JsonSchema {
  const kind = formKindOf(schema);
  const inRow = place.column !== undefined;
  const named = (word: string, rest: JsonSchema): JsonSchema => ({
    ...rest,
    title: t(`editor.set.${word}`),
    ...(t(`editor.set_help.${word}`, { defaultValue: "" })
      ? { description: t(`editor.set_help.${word}`) }
      : {}),
  });
  const some = (words: string[], titles: (word: string) => string): JsonSchema => ({
    type: "string",
    enum: words,
    "x-enum-titles": Object.fromEntries(
      words.map((word) => [word, { zh: titles(word), en: titles(word) }]),
    ),
  });
  const all: Record<string, JsonSchema | false> = {
    title: named("title", { type: "object", "x-widget": "bilingual" }),
    required: kind !== "computed" && named("required", { type: "boolean" }),
    options:
      isChoice(kind) &&
      named("options", {
        type: "array",
        items: {
          type: "object",
          properties: {
            title: named("option_title", { type: "object", "x-widget": "bilingual" }),
            value: named("option_value", { type: "string" }),
          },
          "x-order": ["title", "value"],
        },
      }),
    table: kind === "choice" && named("table", { type: "string", "x-advanced": true }),
    table_title: kind === "choice" && named("table_title", { type: "string", "x-advanced": true }),
    formula: kind === "computed" && named("formula", { type: "string", "x-widget": "textarea" }),
    sum_of: kind === "computed" && !inRow && sums(form, named, some, text),
    currency:
      isMoney(schema) &&
      named(
        "currency",
        some(CURRENCIES, (word) => word),
      ),
    decimals: (isMoney(schema) || kind === "number") && named("decimals", { type: "integer" }),
    total: inRow && (isMoney(schema) || kind === "number") && named("total", { type: "boolean" }),
    minimum: kind === "number" && named("minimum", { type: "number" }),
    maximum: kind === "number" && named("maximum", { type: "number" }),
    min_length: isText(kind) && named("min_length", { type: "integer", "x-advanced": true }),
    max_length: isText(kind) && named("max_length", { type: "integer", "x-advanced": true }),
    min_items: kind === "lines" && named("min_items", { type: "integer" }),
    max_items:
      (kind === "lines" || kind === "attachments") && named("max_items", { type: "integer" }),
    accept:
      kind === "attachments" &&
      named("accept", {
        type: "array",
        items: some(ACCEPT, (word) => t(`editor.accept.${word}`)),
      }),
    max_mb: kind === "attachments" && named("max_mb", { type: "integer" }),
    help: named("help", { type: "object", "x-widget": "bilingual" }),
    default: hasDefault(kind) && {
      ...withoutHints(schema),
      title: t("editor.set.default"),
      "x-advanced": true,
    },
    wide: !inRow && form.ui?.columns === 2 && named("wide", { type: "boolean" }),
    when: !inRow && when(form, place, named, some, text),
    when_values: !inRow && whenValues(form, schema, named, text),
    mask:
      kind !== "lines" &&
      kind !== "attachments" &&
      named("mask", {
        ...some(MASKS, (word) => t(`editor.mask.${word}`)),
        "x-advanced": true,
      }),
    unmask:
      schema["x-mask"] !== undefined &&
      roles.length > 0 &&
      named("unmask", {
        type: "array",
        items: some(
          roles.map((role) => role.key),
          (key) => text(roles.find((role) => role.key === key)?.title ?? {}) || key,
        ),
        "x-advanced": true,
      }),
  };
  const properties = Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, JsonSchema] => entry[1] !== false),
  );
  return { type: "object", properties };
}

type Named = (word: string, rest: JsonSchema) => JsonSchema;
type Some = (words: string[], titles: (word: string) => string) => JsonSchema;

/** "The sum of column amount of the items", for those who do not write formulas. */
function sums(form: DrawnForm, named: Named, some: Some, text: ShowText): JsonSchema | false {
  const found = Object.entries(form.schema.properties ?? {}).flatMap(([field, schema]) =>
    columnsOf(schema)
      .filter((column) => ["amount", "number", "computed"].includes(columnKind(schema, column)))
      .map((column) => ({ field, column, schema })),
  );
  if (found.length === 0) return false;
  const titles = new Map(
    found.map(({ field, column, schema }) => [
      sumFormula(field, column),
      `${titleOf(field, schema, text)} · ${titleOf(column, schema.items?.properties?.[column] ?? {}, text)}`,
    ]),
  );
  return named(
    "sum_of",
    some([...titles.keys()], (formula) => titles.get(formula) ?? formula),
  );
}

function columnKind(schema: JsonSchema, column: string): FormKind | "other" {
  return formKindOf(schema.items?.properties?.[column] ?? {});
}

export function sumFormula(field: string, column: string): string {
  return `sum(pluck(${field}, "${column}"))`;
}

function deciding(form: DrawnForm, place: Place): [string, JsonSchema][] {
  return Object.entries(form.schema.properties ?? {}).filter(
    ([name, schema]) => name !== place.field && ["choice", "yes_no"].includes(formKindOf(schema)),
  );
}

function when(
  form: DrawnForm,
  place: Place,
  named: Named,
  some: Some,
  text: ShowText,
): JsonSchema | false {
  const fields = deciding(form, place);
  if (fields.length === 0) return false;
  const known = Object.fromEntries(fields);
  return named(
    "when",
    some(Object.keys(known), (name) => titleOf(name, known[name] ?? {}, text)),
  );
}

function whenValues(
  form: DrawnForm,
  schema: JsonSchema,
  named: Named,
  text: ShowText,
): JsonSchema | false {
  const [other] = Object.keys(schema["x-when"] ?? {});
  const source = other === undefined ? undefined : form.schema.properties?.[other];
  if (source === undefined) return false;
  if (source.type === "boolean") return named("when_values", { type: "boolean" });
  const options = optionsOf(source, text);
  return named("when_values", {
    type: "array",
    items: {
      type: "string",
      enum: options.map((option) => option.value),
      "x-enum-titles": Object.fromEntries(
        options.map((option) => [String(option.value), { zh: option.title, en: option.title }]),
      ),
    },
  });
}

const isChoice = (kind: FormKind | "other") => kind === "choice" || kind === "choices";
const isText = (kind: FormKind | "other") => kind === "text" || kind === "long";
const isMoney = (schema: JsonSchema) => schema.format === "money";
const hasDefault = (kind: FormKind | "other") =>
  ["text", "long", "number", "amount", "choice", "yes_no", "date"].includes(kind);

function withoutHints(schema: JsonSchema): JsonSchema {
  const { "x-when": _w, "x-help": _h, "x-title": _t, "x-advanced": _a, ...rest } = schema;
  return rest;
}

// --- between the field and what the panel shows ---

export function settingsOf(form: DrawnForm, place: Place, schema: JsonSchema): JsonObject {
  const choices = schema.items?.enum ? schema.items : schema;
  const [other] = Object.entries(schema["x-when"] ?? {});
  const boolean = other && form.schema.properties?.[other[0]]?.type === "boolean";
  const all: JsonObject = {
    title: schema["x-title"] ?? (schema.title ? { zh: schema.title } : undefined),
    help: schema["x-help"],
    required: isRequired(form, place),
    options: choices.enum?.map((value) => ({
      value: String(value),
      title: choices["x-enum-titles"]?.[String(value)],
    })),
    table: schema["x-options"]?.table,
    table_title: schema["x-options"]?.title,
    formula: schema["x-compute"],
    sum_of: schema["x-compute"],
    currency: schema["x-currency"],
    decimals: schema["x-decimals"],
    total: schema["x-total"],
    minimum: schema.minimum,
    maximum: schema.maximum,
    min_length: schema.minLength,
    max_length: schema.maxLength,
    min_items: schema.minItems,
    max_items: schema.maxItems,
    accept: schema["x-accept"],
    max_mb: schema["x-max-mb"],
    default: schema.default,
    wide: schema["x-wide"],
    when: other?.[0],
    when_values: boolean ? other?.[1]?.[0] : other?.[1],
    mask: schema["x-mask"],
    unmask: schema["x-unmask"],
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

const PLAIN: Record<string, keyof JsonSchema> = {
  title: "x-title",
  help: "x-help",
  currency: "x-currency",
  decimals: "x-decimals",
  total: "x-total",
  minimum: "minimum",
  maximum: "maximum",
  min_length: "minLength",
  max_length: "maxLength",
  min_items: "minItems",
  max_items: "maxItems",
  max_mb: "x-max-mb",
  default: "default",
  wide: "x-wide",
  mask: "x-mask",
  formula: "x-compute",
};

/** The field with one setting changed. */
export function withSetting(
  form: DrawnForm,
  schema: JsonSchema,
  name: string,
  value: unknown,
): JsonSchema {
  const put = (word: keyof JsonSchema, item: unknown): JsonSchema => {
    const { [word]: _, ...rest } = schema;
    const empty = item === undefined || item === false || (Array.isArray(item) && !item.length);
    return empty ? rest : { ...rest, [word]: item };
  };
  switch (name) {
    case "options":
      return withOptions(schema, (value ?? []) as { value?: string; title?: Text }[]);
    case "table":
    case "table_title": {
      const old = schema["x-options"];
      const next = name === "table" ? { ...old, table: value } : { ...old, title: value };
      return put("x-options", next.table ? next : undefined);
    }
    case "sum_of":
      return put("x-compute", value ?? "0");
    case "accept":
      return put("x-accept", value);
    case "unmask":
      return put("x-unmask", value);
    case "when": {
      const first = value === undefined ? [] : firstValue(form, String(value));
      return put("x-when", value === undefined ? undefined : { [String(value)]: first });
    }
    case "when_values": {
      const [other] = Object.keys(schema["x-when"] ?? {});
      return other === undefined ? schema : put("x-when", { [other]: [value].flat() });
    }
    default: {
      const word = PLAIN[name];
      if (word === undefined) return schema;
      return name === "default" && value === false
        ? { ...schema, default: false }
        : put(word, value);
    }
  }
}

function firstValue(form: DrawnForm, name: string): unknown[] {
  const source = form.schema.properties?.[name] ?? {};
  return source.type === "boolean" ? [true] : (source.enum ?? []).slice(0, 1);
}

function withOptions(schema: JsonSchema, options: { value?: string; title?: Text }[]): JsonSchema {
  const taken = new Set<string>();
  const named = options.map(({ value, title }, index) => {
    let key = value || `option_${index + 1}`;
    while (taken.has(key)) key = `${key}_2`;
    taken.add(key);
    return { key, title };
  });
  const choices = {
    enum: named.map(({ key }) => key),
    "x-enum-titles": Object.fromEntries(
      named.flatMap(({ key, title }) => (title ? [[key, title]] : [])),
    ),
  };
  if (named.length === 0) return schema; // an empty choice could never be filled in
  return schema.items
    ? { ...schema, items: { ...schema.items, ...choices } }
    : { ...schema, ...choices };
}
