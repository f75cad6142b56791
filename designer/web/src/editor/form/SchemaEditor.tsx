// The fields of a form, drawn together: what each is called, what may be filled in, whether it must be.

import {
  ArrowDownOutlined,
  ArrowUpOutlined,
  DeleteOutlined,
  PlusOutlined,
} from "@ant-design/icons";
import { Button, Input, Select, Switch } from "antd";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { JsonSchema } from "../../schema";
import type { Text } from "../document";
import { BilingualInput } from "./BilingualField";
import { type FieldKind, type FormField, fieldsFrom, KINDS, schemaFrom } from "./formFields";
import { onceIn, readFields } from "./typedFields";

interface SchemaEditorProps {
  value: JsonSchema;
  onChange: (value: JsonSchema) => void;
  disabled: boolean;
  testId: string;
  /** An input of a flow: instances may be found by its fields. */
  searchable?: boolean;
  /** A start with the same value of this field again is the first one. */
  onOnce?: (name: string) => void;
}

export function SchemaEditor(props: SchemaEditorProps) {
  const { value, onChange, disabled, testId, searchable = false } = props;
  const { t } = useTranslation("editor");
  const fields = fieldsFrom(value);
  const set = (next: FormField[]) => onChange(schemaFrom(next, value));
  const change = (index: number, patch: Partial<FormField>) =>
    set(fields.map((field, at) => (at === index ? { ...field, ...patch } : field)));
  const move = (index: number, step: number) => {
    const next = [...fields];
    const [taken] = next.splice(index, 1);
    if (taken !== undefined) next.splice(index + step, 0, taken);
    set(next);
  };
  const add = () => {
    const taken = new Set(fields.map((field) => field.name));
    let number = fields.length + 1;
    while (taken.has(`field_${number}`)) number += 1;
    const title: Text = { zh: `字段 ${number}`, en: `Field ${number}` };
    set([
      ...fields,
      { name: `field_${number}`, title, kind: "text", required: false, choices: [], original: {} },
    ]);
  };
  return (
    <div className="hr-items" data-testid={testId}>
      {fields.map((field, index) => (
        <FieldCard
          // biome-ignore lint/suspicious/noArrayIndexKey: names change while they are typed
          key={index}
          field={field}
          names={fields.map((each) => each.name)}
          first={index === 0}
          last={index === fields.length - 1}
          disabled={disabled}
          testId={`${testId}.${index}`}
          searchable={searchable}
          onChange={(patch) => change(index, patch)}
          onMove={(step) => move(index, step)}
          onRemove={() => set(fields.filter((_, at) => at !== index))}
        />
      ))}
      <Button
        type="dashed"
        block
        icon={<PlusOutlined />}
        disabled={disabled}
        onClick={add}
        data-testid={`${testId}.add`}
      >
        {t("form.add_field")}
      </Button>
      <TypedFields
        disabled={disabled}
        testId={`${testId}.typed`}
        first={testId === "flow-input"}
        onAdd={(typed, language) => {
          const all = [...fields, ...readFields(typed, language, fields)];
          set(all);
          const once = onceIn(typed, all);
          if (once !== undefined) props.onOnce?.(once);
        }}
      />
    </div>
  );
}

interface TypedFieldsProps {
  disabled: boolean;
  testId: string;
  /** The fields of the start: a key leads here. */
  first: boolean;
  onAdd: (typed: string, language: "zh" | "en") => void;
}

/** Several fields in one line, as one would write them down; or a row copied from a spreadsheet. */
function TypedFields({ disabled, testId, first, onAdd }: TypedFieldsProps) {
  const { t } = useTranslation("editor");
  const { language } = useLanguages();
  const [typed, setTyped] = useState("");
  const help = useId();
  return (
    <>
      <Input
        value={typed}
        placeholder={t("form.typed_example")}
        disabled={disabled}
        aria-label={t("form.typed")}
        aria-describedby={help}
        data-testid={testId}
        {...(first ? { "data-typed-fields": true } : {})}
        onChange={(event) => setTyped(event.target.value)}
        onPressEnter={(event) => {
          if (event.nativeEvent.isComposing || typed.trim() === "") return;
          onAdd(typed, language);
          setTyped("");
          // Whoever came by the key goes on drawing.
          if (byKey()) event.currentTarget.blur();
        }}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
      <p className="hr-setting-help" id={help}>
        {t("form.typed_help")}
      </p>
    </>
  );
}

/** The key that leads here marks the field; the mark goes when the field is left. */
function byKey(): boolean {
  return document.activeElement?.getAttribute("data-typed-fields") === "by-key";
}

interface FieldCardProps {
  field: FormField;
  names: readonly string[];
  first: boolean;
  last: boolean;
  disabled: boolean;
  testId: string;
  searchable: boolean;
  onChange: (patch: Partial<FormField>) => void;
  onMove: (step: number) => void;
  onRemove: () => void;
}

function FieldCard(props: FieldCardProps) {
  const { field, names, first, last, disabled, testId, onChange, onMove, onRemove } = props;
  const { t } = useTranslation("editor");
  const { language, other } = useLanguages();
  const [name, setName] = useState<string | null>(null);
  const title = field.title[language] || field.title[other] || field.name;
  const twice = name !== null && name !== field.name && names.includes(name);
  const wrong = name !== null && (!/^[a-z][a-z0-9_]{0,63}$/.test(name) || twice);
  return (
    <section className="hr-item" aria-label={title}>
      <header>
        <span>{title}</span>
        <Button
          type="text"
          size="small"
          icon={<ArrowUpOutlined />}
          disabled={disabled || first}
          aria-label={`${t("action.move_up")}: ${title}`}
          onClick={() => onMove(-1)}
        />
        <Button
          type="text"
          size="small"
          icon={<ArrowDownOutlined />}
          disabled={disabled || last}
          aria-label={`${t("action.move_down")}: ${title}`}
          onClick={() => onMove(1)}
        />
        <Button
          type="text"
          size="small"
          icon={<DeleteOutlined />}
          disabled={disabled}
          aria-label={`${t("action.remove")}: ${title}`}
          onClick={onRemove}
        />
      </header>
      <div className="hr-form-field">
        <BilingualInput
          testId={`${testId}.title`}
          label={t("form.title")}
          value={field.title}
          onChange={(next) => onChange({ title: next })}
          disabled={disabled}
        />
        <div className="hr-e-row">
          <Select
            className="hr-wide"
            value={field.kind}
            options={KINDS.concat(field.kind === "other" ? ["other"] : []).map((kind) => ({
              value: kind,
              label: t(`form.kind_${kind}`),
            }))}
            onChange={(kind: FieldKind) => onChange({ kind })}
            disabled={disabled}
            aria-label={t("form.kind")}
            data-testid={`${testId}.kind`}
          />
          <span className="hr-switch-row">
            <Switch
              size="small"
              checked={field.required}
              onChange={(required) => onChange({ required })}
              disabled={disabled}
              aria-label={t("form.required")}
              data-testid={`${testId}.required`}
            />
            {t("form.required")}
          </span>
        </div>
        {field.kind === "choice" && (
          <Select
            mode="tags"
            className="hr-wide"
            value={field.choices}
            onChange={(choices: string[]) => onChange({ choices })}
            tokenSeparators={[",", "，", "、"]}
            placeholder={t("form.choices")}
            open={false}
            suffixIcon={null}
            disabled={disabled}
            aria-label={t("form.choices")}
            data-testid={`${testId}.choices`}
          />
        )}
        <Input
          size="small"
          className="hr-mono"
          prefix={<span className="hr-muted-text">{t("form.name")}</span>}
          value={name ?? field.name}
          {...(wrong ? { status: "error" as const } : {})}
          onChange={(event) => setName(event.target.value)}
          onBlur={() => {
            if (name !== null && !wrong) onChange({ name });
            setName(null);
          }}
          onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
          disabled={disabled}
          aria-label={t("form.name")}
          data-testid={`${testId}.name`}
        />
        {props.searchable && field.kind !== "other" && field.kind !== "long" && (
          <span className="hr-switch-row">
            <Switch
              size="small"
              checked={field.search ?? false}
              onChange={(search) => onChange({ search })}
              disabled={disabled}
              aria-label={t("form.search")}
              data-testid={`${testId}.search`}
            />
            {t("form.search")}
          </span>
        )}
        {wrong && (
          <p className="hr-setting-problem">{t(twice ? "form.name_taken" : "form.name_wrong")}</p>
        )}
      </div>
    </section>
  );
}

function useLanguages(): { language: "zh" | "en"; other: "zh" | "en" } {
  const { i18n } = useTranslation();
  const language = i18n.language.startsWith("zh") ? "zh" : "en";
  return { language, other: language === "zh" ? "en" : "zh" };
}
