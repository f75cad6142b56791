// Times as people say them, with the exact one on hover.

import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { type Language, useText } from "./text";

const TICK_MS = 30_000;
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "3 minutes ago", "in 2 days"; kept up to date while it is shown. */
export function RelativeTime({ at }: { at: string | null | undefined }) {
  const { t } = useTranslation("app");
  const { language } = useText();
  const now = useNow();
  if (!at) return <span className="hr-muted">–</span>;
  return (
    <time dateTime={at} title={exactTime(at, language)}>
      {relativeTime(at, now, language, t("just_now"))}
    </time>
  );
}

export function ExactTime({ at }: { at: string | null | undefined }) {
  const { language } = useText();
  if (!at) return <span className="hr-muted">–</span>;
  return <time dateTime={at}>{exactTime(at, language)}</time>;
}

/** `justNow`: what a moment ago is called. */
export function relativeTime(
  at: string,
  now: number,
  language: Language,
  justNow?: string,
): string {
  const seconds = (Date.parse(at) - now) / 1000;
  const format = new Intl.RelativeTimeFormat(tag(language), { numeric: "auto" });
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  if (unit === "second") return (seconds <= 0 && justNow) || format.format(0, "second");
  return format.format(Math.trunc(seconds / size), unit);
}

export function exactTime(at: string, language: Language): string {
  return new Intl.DateTimeFormat(tag(language), {
    dateStyle: "medium",
    timeStyle: "short",
  }).format(new Date(at));
}

/** The time of a day, to the second. */
export function clockTime(at: string | number, language: Language): string {
  return new Intl.DateTimeFormat(tag(language), { timeStyle: "medium" }).format(new Date(at));
}

export function exactDate(at: string, language: Language): string {
  return new Intl.DateTimeFormat(tag(language), { dateStyle: "medium" }).format(new Date(at));
}

const LENGTHS: ["hour" | "minute" | "second", number][] = [
  ["hour", 7_200_000],
  ["minute", 120_000],
  ["second", 0],
];
const UNIT_MS = { hour: 3_600_000, minute: 60_000, second: 1_000 };

/** How long something took: "3.5 hr", "12 min"; as the language says it. */
export function lengthText(ms: number, language: Language): string {
  const unit = LENGTHS.find(([, least]) => ms >= least)?.[0] ?? "second";
  return new Intl.NumberFormat(tag(language), {
    style: "unit",
    unit,
    maximumFractionDigits: unit === "minute" ? 0 : 1,
  }).format(ms / UNIT_MS[unit]);
}

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

/** The present, moving every half minute; one clock for all that show a time. */
export function useNow(): number {
  return useSyncExternalStore(listen, () => now);
}

function listen(moved: () => void): () => void {
  listeners.add(moved);
  if (timer === undefined) {
    timer = setInterval(tick, TICK_MS);
    if (Date.now() - now > TICK_MS) tick(); // nobody looked for a while
  }
  return () => {
    listeners.delete(moved);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  now = Date.now();
  for (const moved of listeners) moved();
}

function tag(language: Language): string {
  return language === "zh" ? "zh-CN" : "en-GB";
}
