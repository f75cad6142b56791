// Four weeks on a line, a row for each person who is away.

import { LeftOutlined, RightOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useList } from "../../api/list";
import { Card, EmptyState, ErrorState, Loading } from "../../ui/page";
import { useText } from "../../ui/text";
import { exactDate, useNow } from "../../ui/time";
import type { Substitution } from "./organisation";
import { barOf, daysFrom, SHOWN_DAYS, startOfDay } from "./span";

const STEP_DAYS = 14;

export function SubstitutionLine({ onOpen }: { onOpen: (each: Substitution) => void }) {
  const { t } = useTranslation("organisation");
  const { language } = useText();
  const now = useNow();
  const [first, setFirst] = useState(() => daysFrom(startOfDay(Date.now()), 1)[0] ?? Date.now());
  const days = daysFrom(first);
  const last = daysFrom(first, SHOWN_DAYS + 1).at(-1) ?? first;
  const list = useList<Substitution>("/api/substitutions", {
    from: new Date(first).toISOString(),
    until: new Date(last).toISOString(),
    limit: 200,
  });
  const step = (count: number) => {
    const day = new Date(first);
    setFirst(new Date(day.getFullYear(), day.getMonth(), day.getDate() + count).getTime());
  };
  const people = new Map<string, Substitution[]>();
  for (const each of list.rows ?? []) {
    people.set(each.person.id, [...(people.get(each.person.id) ?? []), each]);
  }
  return (
    <Card testId="substitution-line">
      <div className="hr-spread hr-org-line-head">
        <strong>
          {exactDate(new Date(first).toISOString(), language)} –{" "}
          {exactDate(new Date(days.at(-1) ?? first).toISOString(), language)}
        </strong>
        <span className="hr-row">
          <Button
            icon={<LeftOutlined />}
            aria-label={t("substitutions.week_before")}
            onClick={() => step(-STEP_DAYS)}
          />
          <Button onClick={() => setFirst(startOfDay(Date.now()))}>
            {t("substitutions.today")}
          </Button>
          <Button
            icon={<RightOutlined />}
            aria-label={t("substitutions.week_after")}
            onClick={() => step(STEP_DAYS)}
          />
        </span>
      </div>
      {list.rows === undefined ? (
        list.error ? (
          <ErrorState error={list.error} onRetry={list.onRetry} />
        ) : (
          <Loading rows={3} />
        )
      ) : people.size === 0 ? (
        <EmptyState title={t("substitutions.none_here")} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section className="hr-org-line" aria-label={t("substitutions.calendar")} tabIndex={0}>
          <div className="hr-org-line-days" aria-hidden>
            <span />
            <div className="hr-org-line-track">
              {days.map((day) => (
                <span
                  key={day}
                  data-weekend={[0, 6].includes(new Date(day).getDay()) || undefined}
                  data-today={day === startOfDay(now) || undefined}
                >
                  {new Date(day).getDate()}
                </span>
              ))}
            </div>
          </div>
          {[...people.values()].map((own) => (
            <div key={own[0]?.person.id} className="hr-org-line-row">
              <span className="hr-org-line-name">{own[0]?.person.name}</span>
              <div className="hr-org-line-track">
                {days.map((day) => (
                  <i
                    key={day}
                    data-weekend={[0, 6].includes(new Date(day).getDay()) || undefined}
                    data-today={day === startOfDay(now) || undefined}
                  />
                ))}
                {own.map((each) => (
                  <SpanBar key={each.id} each={each} first={first} last={last} onOpen={onOpen} />
                ))}
              </div>
            </div>
          ))}
        </section>
      )}
    </Card>
  );
}

interface SpanBarProps {
  each: Substitution;
  first: number;
  last: number;
  onOpen: (each: Substitution) => void;
}

function SpanBar({ each, first, last, onOpen }: SpanBarProps) {
  const { t } = useTranslation("organisation");
  const { language } = useText();
  const bar = barOf(Date.parse(each.from), Date.parse(each.until), first, last);
  if (bar === null) return null;
  const who = each.substitute?.name ?? t("substitutions.nobody");
  const says = t("substitutions.says_bar", {
    person: each.person.name,
    substitute: who,
    from: exactDate(each.from, language),
    until: exactDate(each.until, language),
  });
  return (
    <button
      type="button"
      className="hr-org-bar-span"
      data-open-left={bar.openLeft || undefined}
      data-open-right={bar.openRight || undefined}
      data-nobody={each.substitute === null || undefined}
      style={{ left: `${bar.left * 100}%`, width: `${bar.width * 100}%` }}
      title={says}
      aria-label={says}
      disabled={each.may_change === false || each.state === "past"}
      onClick={() => onOpen(each)}
    >
      {who}
    </button>
  );
}
