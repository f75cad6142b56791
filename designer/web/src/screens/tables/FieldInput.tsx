// Where a value of a field is typed: in a cell of the grid, and in the form of a record.

import { Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useList } from "../../api/list";
import { useText } from "../../ui/text";
import { useDelayed } from "../../ui/useDelayed";
import { type Field, popupIn, type Row, titleOf } from "./table";

interface FieldInputProps {
  field: Field;
  value: string;
  onChange: (value: string) => void;
  autoFocus?: boolean;
  invalid?: boolean;
  testId?: string;
  describedBy?: string;
}

export function FieldInput(props: FieldInputProps) {
  const { field, value, onChange, autoFocus, invalid, testId, describedBy } = props;
  const { t } = useTranslation("tables");
  const { language, text } = useText();
  const shared = {
    "aria-label": titleOf(field, language),
    "aria-describedby": describedBy,
    autoFocus: autoFocus ?? false,
    ...(invalid ? { status: "error" as const } : {}),
  };
  switch (field.kind) {
    case "enum":
      return (
        <Select
          getPopupContainer={popupIn}
          {...shared}
          data-testid={testId}
          value={value || null}
          allowClear={!field.required}
          showSearch={{ optionFilterProp: "label" }}
          onChange={(next: string | null) => onChange(next ?? "")}
          options={(field.options ?? []).map((option) => ({
            value: option.value,
            label: text(option.title) || option.value,
          }))}
        />
      );
    case "yes_no":
      return (
        <Select
          getPopupContainer={popupIn}
          {...shared}
          data-testid={testId}
          value={value || null}
          allowClear
          onChange={(next: string | null) => onChange(next ?? "")}
          options={[
            { value: "true", label: t("yes") },
            { value: "false", label: t("no") },
          ]}
        />
      );
    case "reference":
      return <ReferenceInput {...props} />;
    case "long_text":
    case "json":
      return (
        <Input.TextArea
          {...shared}
          data-testid={testId}
          value={value}
          autoSize={{ minRows: 2, maxRows: 8 }}
          onChange={(event) => onChange(event.target.value)}
        />
      );
    default:
      return (
        <Input
          {...shared}
          data-testid={testId}
          value={value}
          type={TYPES[field.kind] ?? "text"}
          inputMode={field.kind === "integer" ? "numeric" : MODES[field.kind]}
          suffix={field.kind === "money" ? (field.currency ?? "CNY") : undefined}
          maxLength={field.max_length ?? 500}
          onChange={(event) => onChange(event.target.value)}
        />
      );
  }
}

const TYPES: Partial<Record<Field["kind"], string>> = {
  date: "date",
  date_time: "datetime-local",
  phone: "tel",
};
const MODES: Partial<Record<Field["kind"], "decimal" | "tel">> = {
  money: "decimal",
  decimal: "decimal",
  phone: "tel",
};

/** A record of another table, found by words. */
function ReferenceInput({ field, value, onChange, autoFocus, testId }: FieldInputProps) {
  const { language } = useText();
  const [typed, setTyped] = useState("");
  const list = useList<Row>(
    `/api/tables/${field.table}/records`,
    { search: useDelayed(typed), limit: 20 },
    { enabled: Boolean(field.table) },
  );
  const options = (list.rows ?? []).map((row) => ({
    value: row.key,
    label: row.title === row.key ? row.key : `${row.title} (${row.key})`,
  }));
  return (
    <Select
      getPopupContainer={popupIn}
      aria-label={titleOf(field, language)}
      data-testid={testId}
      autoFocus={autoFocus ?? false}
      value={value || null}
      allowClear={!field.required}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      onChange={(next: string | null) => onChange(next ?? "")}
      options={options}
    />
  );
}
