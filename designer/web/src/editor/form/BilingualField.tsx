// A text in two languages: the reader's own is there, the other one click away.

import { TranslationOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useText } from "../../ui/text";
import type { Language, Text } from "../document";
import { type FieldProps, testIdOf, useForm } from "./context";

export function BilingualField({ path, value, onChange, label }: FieldProps) {
  const { disabled } = useForm();
  const text = typeof value === "object" && value !== null ? (value as Text) : {};
  return (
    <BilingualInput
      testId={testIdOf(path)}
      label={label}
      value={text}
      disabled={disabled}
      onChange={(next) => onChange(Object.keys(next).length === 0 ? undefined : next)}
    />
  );
}

interface BilingualInputProps {
  testId: string;
  label: string;
  value: Text;
  onChange: (value: Text) => void;
  disabled?: boolean;
  placeholder?: string;
  long?: boolean;
}

export function BilingualInput(props: BilingualInputProps) {
  const { t } = useTranslation("editor");
  const { language } = useText();
  const other: Language = language === "zh" ? "en" : "zh";
  const [both, setBoth] = useState(false);
  return (
    <div className="hr-e-bilingual">
      <div className="hr-e-bilingual-row">
        <One {...props} language={language} fallback={props.value[other]} />
        <Button
          type="text"
          icon={<TranslationOutlined />}
          aria-label={t("field.other_language")}
          title={t("field.other_language")}
          aria-pressed={both}
          onClick={() => setBoth(!both)}
        />
      </div>
      {both && <One {...props} language={other} fallback={undefined} />}
    </div>
  );
}

function One({
  testId,
  label,
  value,
  onChange,
  disabled,
  placeholder,
  long,
  language,
  fallback,
}: BilingualInputProps & { language: Language; fallback: string | undefined }) {
  const { t } = useTranslation("editor");
  const change = (typed: string) => {
    const { [language]: _, ...rest } = value;
    onChange(typed === "" ? rest : { ...rest, [language]: typed });
  };
  const shared = {
    value: value[language] ?? "",
    disabled: disabled ?? false,
    placeholder: fallback ?? placeholder ?? "",
    "aria-label": `${label} (${t(`language.${language}`)})`,
    "data-testid": `${testId}.${language}`,
  };
  return long ? (
    <Input.TextArea
      {...shared}
      autoSize={{ minRows: 2, maxRows: 5 }}
      onChange={(event) => change(event.target.value)}
    />
  ) : (
    <Input
      {...shared}
      suffix={<span className="hr-language">{t(`language.short_${language}`)}</span>}
      onChange={(event) => change(event.target.value)}
    />
  );
}
