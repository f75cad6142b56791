// A month of a calendar: holidays, make-up days and days of one's own stand out by colour and by word.

import { LeftOutlined, RightOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, query } from "../../api/client";
import { Card, ErrorState, Loading } from "../../ui/page";
import { useText } from "../../ui/text";
import {
  type Calendar,
  type Content,
  type Day,
  emptyBefore,
  hoursText,
  type Month,
  monthAfter,
  WEEKDAYS,
} from "./calendar";
import { DayDialog } from "./Dialogs";

interface MonthViewProps {
  calendar: Calendar;
  write: boolean;
  onSave: (content: Content) => Promise<unknown>;
}

export function MonthView({ calendar, write, onSave }: MonthViewProps) {
  const { t } = useTranslation("calendars");
  const { language } = useText();
  const [wanted, setWanted] = useState<string | null>(null);
  const [edited, setEdited] = useState<Day | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: ["/api/calendars", calendar.key, calendar.version, wanted],
    queryFn: ({ signal }) =>
      api.get<Month>(`/api/calendars/${calendar.key}/days${query({ month: wanted })}`, { signal }),
    placeholderData: (before) => before,
  });
  const inWords = (date: string, how: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(language, { ...how, timeZone: "UTC" }).format(new Date(date));
  if (data === undefined)
    return error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading />;
  const title = inWords(`${data.month}-01`, { year: "numeric", month: "long" });
  const step = (by: 1 | -1) => (
    <Button
      icon={by === 1 ? <RightOutlined /> : <LeftOutlined />}
      aria-label={t(by === 1 ? "later" : "earlier")}
      onClick={() => setWanted(monthAfter(data.month, by))}
      data-testid={by === 1 ? "btn-later" : "btn-earlier"}
    />
  );
  return (
    <Card
      title={title}
      actions={
        <span className="hr-row">
          {step(-1)}
          {step(1)}
        </span>
      }
    >
      <div className="hr-cal-month">
        {WEEKDAYS.map((name) => (
          <span key={name} className="hr-cal-weekday" aria-hidden>
            {t(`short.${name}`)}
          </span>
        ))}
        {data.items.map((day, index) => (
          <Cell
            key={day.date}
            day={day}
            today={day.date === data.today}
            first={index === 0 ? emptyBefore(day.date) + 1 : undefined}
            title={inWords(day.date, { month: "long", day: "numeric", weekday: "long" })}
            onOpen={write ? () => setEdited(day) : undefined}
          />
        ))}
      </div>
      {edited !== null && (
        <DayDialog
          day={edited}
          title={inWords(edited.date, {
            year: "numeric",
            month: "long",
            day: "numeric",
            weekday: "long",
          })}
          content={calendar.content}
          onSave={onSave}
          onClose={() => setEdited(null)}
        />
      )}
    </Card>
  );
}

interface CellProps {
  day: Day;
  today: boolean;
  first: number | undefined;
  title: string;
  onOpen: (() => void) | undefined;
}

function Cell({ day, today, first, title, onOpen }: CellProps) {
  const { t } = useTranslation("calendars");
  const { text } = useText();
  const open = day.hours.length > 0;
  const word = text(day.note) || (day.kind === "own" ? t(open ? "own" : "closed") : "");
  const kind = day.kind === "own" ? (open ? "own" : "own-closed") : day.kind;
  const told = [title, t(`kind.${day.kind}`), word, open ? hoursText(day.hours) : t("closed")];
  return (
    <button
      type="button"
      className={`hr-cal-day hr-cal-${kind}${today ? " hr-cal-today" : ""}`}
      style={first === undefined ? undefined : { gridColumnStart: first }}
      aria-current={today ? "date" : undefined}
      disabled={onOpen === undefined}
      onClick={onOpen}
      data-testid={`day-${day.date}`}
    >
      <span className="hr-hidden">{told.filter(Boolean).join(", ")}</span>
      <span className="hr-cal-number" aria-hidden>
        {Number(day.date.slice(-2))}
        {day.kind === "makeup" && <b>{t("makeup_mark")}</b>}
        {day.kind === "holiday" && <b>{t("holiday_mark")}</b>}
      </span>
      <span className="hr-cal-word" aria-hidden>
        {word}
      </span>
      <span className="hr-cal-when" aria-hidden>
        {hoursText(day.hours)}
      </span>
    </button>
  );
}
