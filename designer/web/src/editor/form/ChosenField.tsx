// One out of a list that is not part of the schema: connections, flows, time zones, usual words.

import { AutoComplete, Select } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useConnections, useFlows } from "../remote";
import { type FieldProps, testIdOf, useForm } from "./context";

interface Option {
  value: string;
  label: string;
}

export function OneOf({
  path,
  value,
  onChange,
  label,
  options,
  none,
}: FieldProps & { options: Option[]; none: string }) {
  const { disabled } = useForm();
  const chosen = typeof value === "string" && value !== "" ? value : undefined;
  const known = chosen === undefined || options.some((option) => option.value === chosen);
  return (
    <Select
      className="hr-wide"
      showSearch={{ optionFilterProp: "label" }}
      allowClear
      options={known ? options : [{ value: chosen ?? "", label: chosen ?? "" }, ...options]}
      value={chosen}
      onChange={(next) => onChange(next ?? undefined)}
      disabled={disabled}
      placeholder={none}
      notFoundContent={none}
      data-testid={testIdOf(path)}
      aria-label={label}
    />
  );
}

export function ConnectionField(props: FieldProps) {
  const { t } = useTranslation("editor");
  const { words } = useForm();
  const options = useConnections().map((connection) => ({
    value: connection.key,
    label: words.text(connection.name) || connection.key,
  }));
  return <OneOf {...props} options={options} none={t("field.no_connection")} />;
}

export function FlowField(props: FieldProps) {
  const { t } = useTranslation("editor");
  const { words } = useForm();
  const options = useFlows().map((flow) => ({
    value: flow.key,
    label: words.text(flow.name) || flow.key,
  }));
  return <OneOf {...props} options={options} none={t("field.no_flow")} />;
}

const USUAL_ZONES = ["Asia/Shanghai", "Asia/Hong_Kong", "UTC"];

export function TimezoneField(props: FieldProps) {
  const { t } = useTranslation("editor");
  const options = useMemo(() => {
    const all = Intl.supportedValuesOf?.("timeZone") ?? [];
    return [...new Set([...USUAL_ZONES, ...all])].map((zone) => ({ value: zone, label: zone }));
  }, []);
  return <OneOf {...props} options={options} none={t("field.choose")} />;
}

/** A word of one's own, with the usual ones offered. */
export function ChosenField({ path, schema, value, onChange, label }: FieldProps) {
  const { t } = useTranslation("editor");
  const { disabled } = useForm();
  const options = (schema.examples ?? []).map((example) => ({
    value: String(example),
    label: t(`end_result.${String(example)}`, { defaultValue: String(example) }),
  }));
  return (
    <AutoComplete
      className="hr-wide"
      options={options}
      value={typeof value === "string" ? value : ""}
      onChange={(next) => onChange(next || undefined)}
      disabled={disabled}
      data-testid={testIdOf(path)}
      aria-label={label}
    />
  );
}
