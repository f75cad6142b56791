// The working hours of one day: several spans, none of them is closed.

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { Span } from "./calendar";

interface HoursProps {
  /** Whose hours: "Monday". */
  label: string;
  value: Span[];
  onChange: (value: Span[]) => void;
}

export function Hours({ label, value, onChange }: HoursProps) {
  const { t } = useTranslation("calendars");
  const set = (index: number, span: Span) =>
    onChange(value.map((each, at) => (at === index ? span : each)));
  const last = value.at(-1);
  const next: Span = last === undefined ? ["09:00", "18:00"] : [last[1], "24:00"];
  return (
    <fieldset className="hr-cal-hours">
      <legend>{label}</legend>
      <div className="hr-cal-spans">
        {value.length === 0 && <span className="hr-muted">{t("closed")}</span>}
        {value.map(([from, to], index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a span is its place; it has no other name
          <span className="hr-cal-span" key={index}>
            <input
              type="time"
              aria-label={`${label}: ${t("from")}`}
              value={from}
              onChange={(event) => set(index, [event.target.value, to])}
            />
            –
            <input
              type="time"
              aria-label={`${label}: ${t("to")}`}
              value={to === "24:00" ? "00:00" : to}
              onChange={(event) =>
                set(index, [from, event.target.value === "00:00" ? "24:00" : event.target.value])
              }
            />
            <Button
              type="text"
              icon={<DeleteOutlined />}
              aria-label={`${label}: ${t("remove_span")} ${index + 1}`}
              onClick={() => onChange(value.filter((_, at) => at !== index))}
            />
          </span>
        ))}
        <Button
          type="text"
          icon={<PlusOutlined />}
          disabled={last?.[1] === "24:00"}
          aria-label={`${label}: ${t("add_span")}`}
          onClick={() => onChange([...value, next])}
        />
      </div>
    </fieldset>
  );
}
