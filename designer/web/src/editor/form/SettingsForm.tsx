// The settings of a node as a form, drawn from the schema of its type. A kind of field is a file beside this one.

import { Input, InputNumber, Segmented, Select, Switch } from "antd";
import { type ComponentType, useId } from "react";
import { useTranslation } from "react-i18next";
import type { JsonSchema } from "../../schema";
import type { Settings } from "../document";
import { FormField } from "../forms/FormField";
import { useProblemWords } from "../problemWords";
import { choicesOf } from "../variables";
import { AssigneesField } from "./AssigneesField";
import { BilingualField } from "./BilingualField";
import { ChosenField, ConnectionField, FlowField, TimezoneField } from "./ChosenField";
import { CodeField } from "./CodeField";
import { ConditionField } from "./ConditionField";
import { CronField } from "./CronField";
import { type FieldProps, isObject, type SettingsFormProps, testIdOf, useForm } from "./context";
import { DurationField } from "./DurationField";
import { EventsField } from "./EventsField";
import { withItem } from "./items";
import { ListField } from "./ListField";
import { NodeField, NodesField } from "./NodeField";
import { PairsField } from "./PairsField";
import {
  DecisionResultField,
  DecisionTableField,
  TableField,
  TableFieldField,
} from "./TableFields";
import { TagsField } from "./TagsField";
import "./form.css";

export function SettingsForm({ schema, value, onChange, path = "" }: SettingsFormProps) {
  const { t } = useTranslation("editor");
  const { problems } = useForm();
  const names = ordered(schema).filter((name) => isShown(schema.properties?.[name], value, schema));
  const plain = names.filter((name) => !schema.properties?.[name]?.["x-advanced"]);
  const advanced = names.filter((name) => schema.properties?.[name]?.["x-advanced"]);
  const at = (name: string) => (path === "" ? name : `${path}/${name}`);
  const field = (name: string) => (
    <Field
      key={name}
      path={at(name)}
      name={name}
      schema={schema.properties?.[name] ?? {}}
      required={schema.required?.includes(name) ?? false}
      value={value[name]}
      onChange={(item) => onChange(withItem(value, name, item))}
    />
  );
  const open = advanced.some((name) =>
    problems.some((problem) => problem.path.startsWith(at(name))),
  );
  return (
    <div className="hr-fields">
      {plain.map(field)}
      {advanced.length > 0 && (
        <details className="hr-advanced" open={open || undefined}>
          <summary>{t("field.more_settings")}</summary>
          <div className="hr-fields">{advanced.map(field)}</div>
        </details>
      )}
    </div>
  );
}

interface NamedField extends Omit<FieldProps, "label"> {
  name: string;
  required: boolean;
}

function Field({ name, required, ...field }: NamedField) {
  const { words, problems } = useForm();
  const problemWords = useProblemWords();
  const id = useId();
  const label = words.text(field.schema["x-title"]) || field.schema.title || name;
  const help = words.text(field.schema["x-help"]) || field.schema.description || "";
  const own = problems.filter((problem) => problem.path === field.path);
  const Control = controlOf(field.schema);
  return (
    <fieldset
      className="hr-setting"
      data-wrong={own.some((problem) => problem.severity !== "warning") || undefined}
      data-path={field.path}
      aria-describedby={help ? `${id}-help` : undefined}
    >
      <legend>
        {label}
        {required && (
          <span className="hr-setting-required" aria-hidden>
            *
          </span>
        )}
      </legend>
      <Control {...field} label={label} />
      {own.map((problem) => (
        <p
          key={`${problem.code}${problem.message}`}
          className="hr-setting-problem"
          data-severity={problem.severity ?? "error"}
          role="alert"
        >
          {problemWords(problem)}
        </p>
      ))}
      {help && (
        <p id={`${id}-help`} className="hr-setting-help">
          {help}
        </p>
      )}
    </fieldset>
  );
}

function controlOf(schema: JsonSchema): ComponentType<FieldProps> {
  switch (schema["x-widget"]) {
    case "condition":
      return ConditionField;
    case "assignees":
      return AssigneesField;
    case "connection":
      return ConnectionField;
    case "flow":
      return FlowField;
    case "schema":
      return FormField;
    case "pairs":
      return PairsField;
    case "events":
      return EventsField;
    case "node":
      return NodeField;
    case "nodes":
      return NodesField;
    case "tags":
      return TagsField;
    case "table":
      return TableField;
    case "table_field":
      return TableFieldField;
    case "decision_table":
      return DecisionTableField;
    case "decision_result":
      return DecisionResultField;
  }
  switch (schema.format) {
    case "expression":
    case "template":
      return CodeField;
    case "duration":
      return DurationField;
    case "cron":
      return CronField;
    case "timezone":
      return TimezoneField;
  }
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (choicesOf(schema, () => "") !== undefined) return ChoiceField;
  if (type === "boolean") return SwitchField;
  if (type === "integer" || type === "number") return NumberField;
  if (type === "array") return ListField;
  if (type === "object") return isBilingual(schema) ? BilingualField : GroupField;
  return schema.examples ? ChosenField : TextField;
}

const FEW_CHOICES = 3;
const ROW = 40;

function ChoiceField({ path, schema, value: given, onChange, label }: FieldProps) {
  const { words, disabled } = useForm();
  const value = given ?? schema.default; // what holds when nothing is said
  const choices = choicesOf(schema, words.text) ?? [];
  // Side by side they are all as wide as the widest.
  const short = choices.length * Math.max(...choices.map(({ title }) => wide(title))) <= ROW;
  const options = choices.map((choice) => ({
    value: choice.value as string,
    label: choice.title,
  }));
  if (choices.length <= FEW_CHOICES && short && value !== undefined) {
    return (
      <Segmented
        block
        options={options}
        value={value as string}
        onChange={onChange}
        disabled={disabled}
        data-testid={testIdOf(path)}
        aria-label={label}
      />
    );
  }
  return (
    <Select
      className="hr-wide"
      options={options}
      value={value as string}
      onChange={onChange}
      disabled={disabled}
      allowClear={schema.default === undefined}
      data-testid={testIdOf(path)}
      aria-label={label}
    />
  );
}

/** A Chinese character is as wide as two letters. */
function wide(text: string): number {
  return [...text].reduce(
    (sum, letter) => sum + ((letter.codePointAt(0) ?? 0) > 0x2e80 ? 2 : 1),
    0,
  );
}

function SwitchField({ path, schema, value, onChange, label }: FieldProps) {
  const { disabled } = useForm();
  return (
    <Switch
      checked={Boolean(value ?? schema.default ?? false)}
      onChange={onChange}
      disabled={disabled}
      data-testid={testIdOf(path)}
      aria-label={label}
    />
  );
}

function NumberField({ path, schema, value, onChange, label }: FieldProps) {
  const { disabled } = useForm();
  return (
    <InputNumber
      className="hr-wide"
      value={typeof value === "number" ? value : null}
      onChange={(next) => onChange(next ?? undefined)}
      {...(schema.minimum === undefined ? {} : { min: schema.minimum })}
      {...(schema.maximum === undefined ? {} : { max: schema.maximum })}
      {...(schema.type === "integer" ? { precision: 0 } : {})}
      {...(schema.default === undefined ? {} : { placeholder: String(schema.default) })}
      disabled={disabled}
      data-testid={testIdOf(path)}
      aria-label={label}
    />
  );
}

function TextField({ path, schema, value, onChange, label }: FieldProps) {
  const { disabled, example } = useForm();
  const hint = example[path];
  return (
    <Input
      value={typeof value === "string" ? value : ""}
      onChange={(event) => onChange(event.target.value || undefined)}
      placeholder={typeof hint === "string" ? hint : ""}
      {...(schema.maxLength === undefined ? {} : { maxLength: schema.maxLength })}
      disabled={disabled}
      data-testid={testIdOf(path)}
      aria-label={label}
    />
  );
}

/** Settings inside a setting. An optional one is switched on first. */
function GroupField({ path, schema, value, onChange, label }: FieldProps) {
  const { disabled } = useForm();
  const optional = (schema.required ?? []).length > 0;
  const on = isObject(value);
  return (
    <>
      {optional && (
        <Switch
          checked={on}
          disabled={disabled}
          onChange={(next) => onChange(next ? {} : undefined)}
          data-testid={testIdOf(path)}
          aria-label={label}
        />
      )}
      {(on || !optional) && (
        <div className="hr-group-fields">
          <SettingsForm
            schema={schema}
            value={on ? value : {}}
            onChange={(next) =>
              onChange(Object.keys(next).length === 0 && !optional ? undefined : next)
            }
            path={path}
          />
        </div>
      )}
    </>
  );
}

function isBilingual(schema: JsonSchema): boolean {
  const names = Object.keys(schema.properties ?? {});
  return names.length > 0 && names.every((name) => name === "zh" || name === "en");
}

function isShown(schema: JsonSchema | undefined, value: Settings, around: JsonSchema): boolean {
  return Object.entries(schema?.["x-when"] ?? {}).every(([name, allowed]) =>
    allowed.includes(value[name] ?? around.properties?.[name]?.default),
  );
}

function ordered(schema: JsonSchema): string[] {
  const names = Object.keys(schema.properties ?? {});
  const order = (schema["x-order"] ?? []).filter((name) => names.includes(name));
  return [...order, ...names.filter((name) => !order.includes(name))];
}
