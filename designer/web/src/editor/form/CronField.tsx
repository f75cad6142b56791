// A calendar in plain words; the five fields of cron for those who know them.

import { Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { cronSentence } from "../sentence";
import { type FieldProps, testIdOf, useForm } from "./context";

const USUAL = [
  "*/5 * * * *",
  "*/30 * * * *",
  "0 * * * *",
  "0 9 * * *",
  "30 8 * * 1-5",
  "0 2 * * *",
  "0 9 * * 1",
  "0 9 1 * *",
];

export function CronField({ path, value, onChange, label }: FieldProps) {
  const { t } = useTranslation("editor");
  const { disabled } = useForm();
  const cron = typeof value === "string" ? value : "";
  const words = cronSentence(cron, t);
  return (
    <>
      <Select
        className="hr-wide"
        value={USUAL.includes(cron) ? cron : null}
        placeholder={t("cron.choose")}
        options={USUAL.map((each) => ({ value: each, label: cronSentence(each, t) }))}
        onChange={(next) => onChange(next ?? undefined)}
        disabled={disabled}
        data-testid={`${testIdOf(path)}.usual`}
        aria-label={t("cron.choose")}
      />
      <Input
        className="hr-mono hr-below"
        value={cron}
        placeholder="0 9 * * *"
        onChange={(event) => onChange(event.target.value || undefined)}
        disabled={disabled}
        data-testid={testIdOf(path)}
        aria-label={label}
      />
      <p className="hr-readback">{words !== "" && words !== cron ? words : t("cron.fields")}</p>
    </>
  );
}
