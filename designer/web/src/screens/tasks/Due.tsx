// The time that is left, counting down; loud only when it is soon or over, and still while the clock is paused.

import { ClockCircleOutlined, PauseCircleOutlined } from "@ant-design/icons";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { exactTime } from "../../ui/time";
import { countdown, type Part, parts as partsOf, type Tone, tickMs } from "./countdown";

const TONES = { calm: "neutral", soon: "warn", late: "error", paused: "accent" } as const;

interface DueProps {
  at: string | null | undefined;
  pausedAt?: string | null | undefined;
  warned?: boolean | undefined;
  /** When it began: what is soon depends on how long it has in all. */
  from?: string | undefined;
}

export function Due({ at, pausedAt, warned, from }: DueProps) {
  const { t } = useTranslation("tasks");
  const now = useTicking(at && !pausedAt ? at : null);
  if (!at) {
    return pausedAt ? (
      <Tag tone="accent" icon={<PauseCircleOutlined />}>
        {t("paused")}
      </Tag>
    ) : null;
  }
  return <Told at={at} now={now} pausedAt={pausedAt} warned={warned} from={from} />;
}

function Told({ at, now, pausedAt, warned, from }: DueProps & { at: string; now: number }) {
  const { t } = useTranslation("tasks");
  const { language } = useText();
  const { tone, parts } = countdown(at, now, pausedAt, warned, from);
  const time = useLength(parts);
  return (
    <span title={exactTime(at, language)} className="hr-due" data-testid="due" data-tone={tone}>
      <Tag
        tone={TONES[tone]}
        icon={tone === "paused" ? <PauseCircleOutlined /> : <ClockCircleOutlined />}
      >
        {t(`due.${tone}` satisfies `due.${Tone}`, { time })}
      </Tag>
    </span>
  );
}

/** "2 d 4 h" in the reader's language. */
export function useLength(parts: Part[]): string {
  const { t } = useTranslation("tasks");
  return parts.map(([count, unit]) => t(`unit.${unit}`, { count })).join(" ");
}

/** The present, as often as the reading of that moment changes. */
export function useTicking(at: string | null): number {
  const [now, setNow] = useState(Date.now);
  const every = at === null ? null : tickMs(at, now);
  useEffect(() => {
    if (every === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

/** "possible for 4 min 12 s more" */
export function Left({ end }: { end: string }) {
  const { t } = useTranslation("tasks");
  const now = useTicking(end);
  const left = useLength(partsOf(Math.max(0, Date.parse(end) - now)));
  return <>{t("left", { time: left })}</>;
}
