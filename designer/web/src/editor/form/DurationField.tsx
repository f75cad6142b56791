// A length of time: a number and a unit. What is written otherwise (P1DT2H) stays as it is, in a text field.

import { Button, Input, InputNumber, Select, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { durationFrom, durationParts, durationSentence, UNITS, type Unit } from "../sentence";
import { type FieldProps, testIdOf, useForm } from "./context";

const QUICK = ["PT30M", "PT2H", "PT24H", "P3D", "P7D"];

export function DurationField({ path, value, onChange, label }: FieldProps) {
  const { t } = useTranslation("editor");
  const { disabled } = useForm();
  const parts = durationParts(value);
  const [unit, setUnit] = useState<Unit>(parts?.[0]?.[1] ?? "H");
  const simple = value === undefined || parts?.length === 1;
  const count = parts?.[0]?.[0] ?? null;
  const shownUnit = parts?.[0]?.[1] ?? unit;
  if (!simple) {
    return (
      <>
        <Input
          value={String(value)}
          onChange={(event) => onChange(event.target.value || undefined)}
          disabled={disabled}
          data-testid={testIdOf(path)}
          aria-label={label}
        />
        <p className="hr-readback">{durationSentence(value, t)}</p>
      </>
    );
  }
  return (
    <>
      <Space.Compact block>
        <InputNumber
          className="hr-wide"
          min={0}
          precision={0}
          value={count}
          onChange={(next) => onChange(next === null ? undefined : durationFrom(next, shownUnit))}
          disabled={disabled}
          data-testid={testIdOf(path)}
          aria-label={label}
        />
        <Select
          style={{ width: 120 }}
          value={shownUnit}
          options={UNITS.map((each) => ({ value: each, label: t(`unit.name_${each}`) }))}
          onChange={(next) => {
            setUnit(next);
            if (count !== null) onChange(durationFrom(count, next));
          }}
          disabled={disabled}
          data-testid={`${testIdOf(path)}.unit`}
          aria-label={t("field.unit")}
        />
      </Space.Compact>
      {value === undefined && (
        <div className="hr-quick">
          {QUICK.map((duration) => (
            <Button
              key={duration}
              size="small"
              onClick={() => onChange(duration)}
              disabled={disabled}
            >
              {durationSentence(duration, t)}
            </Button>
          ))}
        </div>
      )}
    </>
  );
}
