// A span of milliseconds as people say it: "1.2 s", "3 min", "2 days".

import type { TFunction } from "i18next";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function span(milliseconds: number, t: TFunction<"editor">): string {
  if (milliseconds < SECOND) return t("span.ms", { n: Math.round(milliseconds) });
  if (milliseconds < MINUTE) return t("span.s", { n: rounded(milliseconds / SECOND) });
  if (milliseconds < HOUR) return t("span.m", { n: rounded(milliseconds / MINUTE) });
  if (milliseconds < DAY) return t("span.h", { n: rounded(milliseconds / HOUR) });
  return t("span.d", { n: rounded(milliseconds / DAY) });
}

function rounded(value: number): number {
  return value < 10 ? Math.round(value * 10) / 10 : Math.round(value);
}
