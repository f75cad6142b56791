// A form drawn from a JSON Schema: `<SchemaForm schema value onChange problems />`. Plain controls, so that it is
// light on a phone and gets the device's own keyboards and pickers. Nothing is ever chosen for the person.

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useContext } from "react";
import { useTranslation } from "react-i18next";
import type { JsonSchema } from "../../schema";
import { problemText } from "../errorText";
import { useText } from "../text";
import { Control, IdPrefix } from "./Control";
import {
  askedNames,
  type FieldProps,
  helpOf,
  type JsonObject,
  kindOf,
  titleOf,
  typeOf,
} from "./kinds";
import { type FormProblem, pointerPart } from "./validate";
import "./SchemaForm.css";

interface SchemaFormProps {
  schema: JsonSchema;
  value: JsonObject;
  onChange: (value: JsonObject) => void;
  problems?: FormProblem[];
  disabled?: boolean;
  /** Where this form stands in the document that problems point into, without trailing slash. */
  path?: string;
}

export function SchemaForm({
  schema,
  value,
  onChange,
  problems = [],
  disabled = false,
  path = "",
}: SchemaFormProps) {
  const { t } = useTranslation("app");
  const names = askedNames(schema, value);
  const plain = names.filter((name) => !schema.properties?.[name]?.["x-advanced"]);
  const advanced = names.filter((name) => schema.properties?.[name]?.["x-advanced"]);
  const change = (name: string, item: unknown) => {
    const { [name]: _old, ...others } = value;
    onChange(item === undefined ? others : { ...value, [name]: item });
  };
  const field = (name: string) => (
    <Field
      key={name}
      name={name}
      schema={schema.properties?.[name] ?? {}}
      required={schema.required?.includes(name) ?? false}
      value={value[name]}
      onChange={(item) => change(name, item)}
      problems={problems}
      disabled={disabled}
      path={`${path}/${pointerPart(name)}`}
    />
  );
  const advancedWrong = problems.some((problem) =>
    advanced.some((name) => within(problem.path, `${path}/${pointerPart(name)}`)),
  );
  return (
    <div className="hr-form">
      {plain.map(field)}
      {advanced.length > 0 && (
        <details className="hr-form-advanced" {...(advancedWrong ? { open: true } : {})}>
          <summary>{t("form.advanced")}</summary>
          <div className="hr-form">{advanced.map(field)}</div>
        </details>
      )}
    </div>
  );
}

/** One field: its name, help, control and what is wrong with it. */
export function Field(props: FieldProps) {
  const { t } = useTranslation(["app", "errors"]);
  const { text } = useText();
  const { schema, name, required, path, problems } = props;
  const kind = kindOf(schema);
  const id = `${useContext(IdPrefix)}${path.replace(/[^A-Za-z0-9_-]/g, "-")}`;
  const own = problems.filter((problem) => problem.path === path);
  const help = helpOf(schema, text);
  const described = [help ? `${id}-help` : "", own.length > 0 ? `${id}-error` : ""]
    .filter(Boolean)
    .join(" ");
  const grouped =
    kind === "choice" ||
    kind === "choices" ||
    kind === "boolean" ||
    kind === "object" ||
    kind === "list" ||
    kind === "attachments" ||
    kind === "lines" ||
    kind === "bilingual";
  const label = (
    <>
      {titleOf(name, schema, text)}
      {required && (
        <span className="hr-field-required" title={t("form.required")}>
          <span aria-hidden>*</span>
          <span className="hr-hidden">{t("form.required")}</span>
        </span>
      )}
    </>
  );
  const inner = (
    <>
      {help && (
        <p id={`${id}-help`} className="hr-field-help">
          {help}
        </p>
      )}
      {kind === "object" && <Group {...props} />}
      {kind === "list" && <List {...props} />}
      {kind !== "object" && kind !== "list" && (
        <Control {...props} kind={kind} id={id} described={described} wrong={own.length > 0} />
      )}
      {own.length > 0 && (
        <p id={`${id}-error`} className="hr-field-error" role="alert" data-testid={`error-${name}`}>
          {own.map((problem) => problemText(t, problem)).join(" ")}
        </p>
      )}
    </>
  );
  const look = own.length > 0 ? "hr-field hr-field-wrong" : "hr-field";
  if (grouped) {
    return (
      <fieldset className={look} aria-describedby={described || undefined}>
        <legend className="hr-field-label">{label}</legend>
        {inner}
      </fieldset>
    );
  }
  return (
    <div className={look}>
      <label htmlFor={id} className="hr-field-label">
        {label}
      </label>
      {inner}
    </div>
  );
}

/** A control that holds fields of its own. */
function Group({ schema, value, onChange, problems, disabled, path }: FieldProps) {
  return (
    <div className="hr-group">
      <SchemaForm
        schema={schema}
        value={isObject(value) ? value : {}}
        onChange={onChange}
        problems={problems}
        disabled={disabled}
        path={path}
      />
    </div>
  );
}

function List(props: FieldProps) {
  const { t } = useTranslation("app");
  const { text } = useText();
  const { name, schema, value, onChange, problems, disabled, path } = props;
  const items = Array.isArray(value) ? value : [];
  const item = schema.items ?? {};
  const replace = (index: number, next: unknown) =>
    onChange(items.map((old, at) => (at === index ? next : old)));
  return (
    <div className="hr-list" data-testid={`field-${name}`}>
      {items.map((entry, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the position is the item's only name
        <div key={index} className="hr-list-item">
          <Field
            name={`${name}-${index}`}
            schema={{
              ...item,
              title: `${titleOf(name, { ...schema, ...item }, text)} ${index + 1}`,
            }}
            required={false}
            value={entry}
            onChange={(next) => replace(index, next)}
            problems={problems}
            disabled={disabled}
            path={`${path}/${index}`}
          />
          {!disabled && (
            <button
              type="button"
              className="hr-icon-link"
              aria-label={t("form.remove", { number: index + 1 })}
              onClick={() => onChange(items.filter((_, at) => at !== index))}
            >
              <DeleteOutlined aria-hidden />
            </button>
          )}
        </div>
      ))}
      {!disabled && (
        <button
          type="button"
          className="hr-add"
          onClick={() => onChange([...items, typeOf(item) === "object" ? {} : ""])}
          data-testid={`add-${name}`}
        >
          <PlusOutlined aria-hidden /> {t("form.add")}
        </button>
      )}
    </div>
  );
}

function within(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
