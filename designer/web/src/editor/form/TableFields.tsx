// A table, a decision table, a field of one: chosen by title, or typed where it need not be there yet.

import { ExportOutlined } from "@ant-design/icons";
import { AutoComplete, Input } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { OneOf } from "./ChosenField";
import { type FieldProps, testIdOf, useForm } from "./context";
import {
  type Named,
  useDecisionColumns,
  useDecisionTables,
  useTableFields,
  useTables,
} from "./tables";

/** A flow may write to a table that nobody has drawn, so any name goes. */
export function TableField(props: FieldProps) {
  const { words } = useForm();
  const tables = useTables().map(({ key, title }) => ({ name: key, title }));
  const known = tables.some(({ name }) => name === props.value);
  return (
    <>
      <Typed {...props} offered={tables} />
      {known && (
        <Open
          to={`/tables/${String(props.value)}`}
          title={words.text(titleOf(tables, props.value))}
        />
      )}
    </>
  );
}

export function DecisionTableField(props: FieldProps) {
  const { t } = useTranslation("editor");
  const { words } = useForm();
  const tables = useDecisionTables();
  const options = tables.map(({ key, title }) => ({ value: key, label: words.text(title) || key }));
  const chosen = options.find(({ value }) => value === props.value);
  return (
    <>
      <OneOf {...props} options={options} none={t("field.no_decision_table")} />
      {chosen !== undefined && (
        <Open to={`/decision-tables/${chosen.value}`} title={chosen.label} />
      )}
    </>
  );
}

export function TableFieldField(props: FieldProps) {
  const { settings } = useForm();
  return <Typed {...props} offered={useTableFields(settings["table"])} />;
}

export function DecisionResultField(props: FieldProps) {
  const { settings } = useForm();
  return <Typed {...props} offered={useDecisionColumns(settings["table"]).outputs} />;
}

function Typed({ path, value, onChange, label, offered }: FieldProps & { offered: Named[] }) {
  const { disabled, example } = useForm();
  const hint = example[path];
  return (
    <OfferedName
      value={typeof value === "string" ? value : ""}
      onChange={(next) => onChange(next || undefined)}
      offered={offered}
      placeholder={typeof hint === "string" ? hint : ""}
      disabled={disabled}
      testId={testIdOf(path)}
      label={label}
    />
  );
}

interface OfferedNameProps {
  value: string;
  onChange: (name: string) => void;
  offered: Named[];
  placeholder: string;
  disabled: boolean;
  wrong?: boolean;
  testId: string;
  label: string;
}

/** A name of one's own; those there are stand below with their titles. */
export function OfferedName(props: OfferedNameProps) {
  const { words } = useForm();
  const { value, offered, testId, label, wrong, onChange, placeholder, disabled } = props;
  const options = offered.map(({ name, title }) => ({
    value: name,
    label: (
      <span className="hr-offered">
        <span>{words.text(title) || name}</span>
        <code>{name}</code>
      </span>
    ),
    words: `${name} ${Object.values(title ?? {}).join(" ")}`.toLowerCase(),
  }));
  const same = offered.some(({ name }) => name === value);
  return (
    <AutoComplete
      className="hr-wide"
      options={options}
      showSearch={{
        filterOption: (typed, option) =>
          same || (option?.words.includes(typed.trim().toLowerCase()) ?? false),
      }}
      value={value}
      onChange={(next) => onChange(next ?? "")}
      popupMatchSelectWidth={280}
      disabled={disabled}
    >
      <Input
        placeholder={placeholder}
        {...(wrong ? { status: "error" as const } : {})}
        aria-label={label}
        data-testid={testId}
      />
    </AutoComplete>
  );
}

function Open({ to, title }: { to: string; title: string }) {
  const { t } = useTranslation("editor");
  return (
    <Link className="hr-setting-open" to={to}>
      <ExportOutlined /> {t("field.open_it", { title })}
    </Link>
  );
}

function titleOf(tables: Named[], key: unknown) {
  return tables.find(({ name }) => name === key)?.title;
}
