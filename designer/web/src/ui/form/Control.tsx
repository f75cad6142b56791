// The controls of a form, one for each kind. Numbers stay text while they are typed.

import { EyeInvisibleOutlined, EyeOutlined } from "@ant-design/icons";
import { type ComponentType, createContext, useContext, useState } from "react";
import { useTranslation } from "react-i18next";
import { useText } from "../text";
import { type FieldProps, type Kind, optionsOf, titleOf, typeOf } from "./kinds";

const RADIOS_MAX = 6; // more choices are easier to find in a list

export interface ControlProps extends FieldProps {
  kind: Kind;
  id: string;
  described: string;
  wrong: boolean;
  /** Where no `<label>` leads to the control. */
  label?: string;
}

/** Controls that know the server or hold forms of their own (forms/FormView.tsx brings them). */
export const MoreControls = createContext<Partial<Record<Kind, ComponentType<ControlProps>>>>({});

/** Where the same form is drawn twice on a page: what the ids of its controls begin with. */
export const IdPrefix = createContext("f");

export function Control(props: ControlProps) {
  const More = useContext(MoreControls)[props.kind];
  if (More !== undefined) return <More {...props} />;
  switch (props.kind) {
    case "attachments":
    case "person":
    case "department":
    case "lines":
      return <JsonText {...props} />;
    case "boolean":
      return <YesNo {...props} />;
    case "choice":
      return <Choice {...props} />;
    case "choices":
      return <Choices {...props} />;
    case "long":
      return <LongText {...props} />;
    case "json":
      return <JsonText {...props} />;
    case "bilingual":
      return <Bilingual {...props} />;
    case "secret":
      return <Secret {...props} />;
    default:
      return <OneLine {...props} />;
  }
}

export function inputProps({
  id,
  name,
  described,
  wrong,
  required,
  disabled,
  label,
}: ControlProps) {
  return {
    id,
    name,
    disabled,
    "aria-describedby": described || undefined,
    "aria-invalid": wrong || undefined,
    "aria-required": required || undefined,
    "aria-label": label,
    "data-testid": `field-${name}`,
    className: "hr-input",
  };
}

const INPUT_TYPE: Partial<Record<Kind, string>> = { date: "date", "date-time": "datetime-local" };

function OneLine(props: ControlProps) {
  const { kind, schema, value, onChange } = props;
  const [typed, setTyped] = useState<string | null>(null);
  const numeric = kind === "number" || kind === "money";
  const shown = typed ?? toInput(kind, value);
  return (
    <input
      {...inputProps(props)}
      type={INPUT_TYPE[kind] ?? (schema.format === "email" ? "email" : telOrText(schema))}
      {...(numeric ? { inputMode: typeOf(schema) === "integer" ? "numeric" : "decimal" } : {})}
      autoComplete="off"
      value={shown}
      onChange={(event) => {
        if (numeric) setTyped(event.target.value);
        onChange(fromInput(kind, schema.type, event.target.value));
      }}
      onBlur={() => setTyped(null)}
    />
  );
}

function telOrText(schema: ControlProps["schema"]): "tel" | "text" {
  return schema["x-widget"] === "phone" || schema["x-mask"] === "phone" ? "tel" : "text";
}

function LongText(props: ControlProps) {
  return (
    <textarea
      {...inputProps(props)}
      rows={3}
      value={typeof props.value === "string" ? props.value : ""}
      onChange={(event) => props.onChange(event.target.value || undefined)}
    />
  );
}

function Secret(props: ControlProps) {
  const { t } = useTranslation("app");
  const [open, setOpen] = useState(false);
  const stored = props.value === true;
  return (
    <div className="hr-secret">
      <input
        {...inputProps(props)}
        type={open ? "text" : "password"}
        autoComplete="new-password"
        placeholder={stored ? t("form.secret_stored") : ""}
        value={typeof props.value === "string" ? props.value : ""}
        onChange={(event) => props.onChange(event.target.value || undefined)}
      />
      <button
        type="button"
        className="hr-icon-link"
        aria-pressed={open}
        aria-label={t(open ? "form.hide" : "form.show")}
        onClick={() => setOpen(!open)}
      >
        {open ? <EyeInvisibleOutlined aria-hidden /> : <EyeOutlined aria-hidden />}
      </button>
    </div>
  );
}

/** A text in both languages; one of them is enough. */
function Bilingual(props: ControlProps) {
  const { t } = useTranslation("app");
  const { name, value, onChange } = props;
  const texts = (typeof value === "object" && value !== null ? value : {}) as Record<
    string,
    string
  >;
  const { language } = useText();
  const order = language === "zh" ? ["zh", "en"] : ["en", "zh"];
  return (
    <div className="hr-bilingual">
      {order.map((each) => (
        <label key={each}>
          <span>{t(`form.${each}`)}</span>
          <input
            {...inputProps(props)}
            id={`${props.id}-${each}`}
            name={`${name}.${each}`}
            autoComplete="off"
            value={texts[each] ?? ""}
            onChange={(event) => {
              const { [each]: _old, ...others } = texts;
              const next = event.target.value ? { ...others, [each]: event.target.value } : others;
              onChange(Object.keys(next).length > 0 ? next : undefined);
            }}
            data-testid={`field-${name}-${each}`}
          />
        </label>
      ))}
    </div>
  );
}

function YesNo(props: ControlProps) {
  const { t } = useTranslation("app");
  const options = [
    { value: true, title: t("word.yes") },
    { value: false, title: t("word.no") },
  ];
  return <Radios {...props} options={options} />;
}

function Choice(props: ControlProps) {
  const { t } = useTranslation("app");
  const { text } = useText();
  const options = optionsOf(props.schema, text);
  const inCell = props.schema["x-widget"] === "select";
  if (options.length <= RADIOS_MAX && !inCell) return <Radios {...props} options={options} />;
  return (
    <select
      {...inputProps(props)}
      aria-label={props.label ?? titleOf(props.name, props.schema, text)}
      value={options.findIndex((option) => option.value === props.value)}
      onChange={(event) => props.onChange(options[Number(event.target.value)]?.value)}
    >
      <option value={-1}>{t("form.choose")}</option>
      {options.map((option, index) => (
        <option key={String(option.value)} value={index}>
          {option.title}
        </option>
      ))}
    </select>
  );
}

function Radios(props: ControlProps & { options: { value: unknown; title: string }[] }) {
  const { t } = useTranslation("app");
  const { id, name, value, onChange, options, required, disabled } = props;
  return (
    <div className="hr-choices" data-testid={`field-${name}`}>
      {options.map((option) => (
        <label key={String(option.value)} className="hr-choice">
          <input
            type="radio"
            name={id}
            checked={option.value === value}
            disabled={disabled}
            onChange={() => onChange(option.value)}
            data-testid={`field-${name}-${option.value}`}
          />
          <span>{option.title}</span>
        </label>
      ))}
      {!required && value !== undefined && !disabled && (
        <button type="button" className="hr-clear" onClick={() => onChange(undefined)}>
          {t("form.clear")}
        </button>
      )}
    </div>
  );
}

function Choices(props: ControlProps) {
  const { text } = useText();
  const { name, schema, value, onChange, disabled } = props;
  const chosen = Array.isArray(value) ? value : [];
  const options = schema.items ? optionsOf(schema.items, text) : [];
  return (
    <div className="hr-choices" data-testid={`field-${name}`}>
      {options.map((option) => (
        <label key={String(option.value)} className="hr-choice">
          <input
            type="checkbox"
            checked={chosen.includes(option.value)}
            disabled={disabled}
            onChange={(event) =>
              onChange(
                event.target.checked
                  ? [...chosen, option.value]
                  : chosen.filter((item) => item !== option.value),
              )
            }
            data-testid={`field-${name}-${option.value}`}
          />
          <span>{option.title}</span>
        </label>
      ))}
    </div>
  );
}

function JsonText(props: ControlProps) {
  const { t } = useTranslation("app");
  const [typed, setTyped] = useState<string | null>(null);
  const [wrong, setWrong] = useState(false);
  return (
    <>
      <textarea
        {...inputProps(props)}
        rows={4}
        spellCheck={false}
        className="hr-input hr-input-code"
        value={typed ?? (props.value === undefined ? "" : JSON.stringify(props.value, null, 2))}
        onChange={(event) => {
          setTyped(event.target.value);
          const parsed = parse(event.target.value);
          setWrong(parsed === BAD);
          if (parsed !== BAD) props.onChange(parsed);
        }}
      />
      {wrong && (
        <p className="hr-field-error" role="alert">
          {t("form.not_json")}
        </p>
      )}
    </>
  );
}

const BAD = Symbol("not JSON");

function parse(typed: string): unknown {
  if (!typed.trim()) return undefined;
  try {
    return JSON.parse(typed);
  } catch {
    return BAD;
  }
}

function toInput(kind: Kind, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (kind === "date-time" && typeof value === "string") return localTime(value);
  return String(value);
}

/** What is typed becomes the value the schema asks for; what cannot is kept as text, for the check to name. */
export function fromInput(kind: Kind, type: string | string[] | undefined, typed: string): unknown {
  const trimmed = kind === "text" ? typed : typed.trim();
  if (trimmed === "") return undefined;
  if (kind === "date-time") return new Date(trimmed).toISOString();
  if (kind !== "number" && kind !== "money") return trimmed;
  const plain = halfWidth(trimmed).replaceAll(",", "");
  const asText = kind === "money" && (type === undefined || [type].flat().includes("string"));
  if (asText) return plain;
  const number = Number(plain);
  return Number.isFinite(number) ? number : plain;
}

/** Chinese keyboards type １２．５ as easily as 12.5. */
function halfWidth(typed: string): string {
  return typed.normalize("NFKC").replaceAll("。", ".").replaceAll("¥", "");
}

function localTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
