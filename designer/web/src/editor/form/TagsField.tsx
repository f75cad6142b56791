// A few words of one's own: type one, press Enter, type the next.

import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { type FieldProps, testIdOf, useForm } from "./context";

export function TagsField({ path, schema, value, onChange, label }: FieldProps) {
  const { t } = useTranslation("editor");
  const { disabled } = useForm();
  const offered = (schema.items?.examples ?? schema.examples ?? []).map(String);
  return (
    <Select
      mode="tags"
      className="hr-wide"
      value={Array.isArray(value) ? value.map(String) : []}
      options={offered.map((each) => ({ value: each, label: each }))}
      onChange={(next: string[]) => {
        const words = next.map((each) => each.trim()).filter((each) => each !== "");
        onChange(words.length === 0 ? undefined : words);
      }}
      tokenSeparators={[",", "，", " "]}
      notFoundContent={null}
      placeholder={t("condition.list")}
      disabled={disabled}
      data-testid={testIdOf(path)}
      aria-label={label}
    />
  );
}
