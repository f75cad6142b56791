// "Since when": spans that end now, and today.

const DAY_MS = 86_400_000;

export const RANGES = ["today", "7d", "30d"];

/** ISO time, or null for no limit. To the minute, so that the question stays the same while one looks. */
export function rangeStart(range: string, now = new Date()): string | null {
  if (range === "") return null;
  const start = new Date(now);
  start.setSeconds(0, 0);
  if (range === "today") start.setHours(0, 0, 0, 0);
  else start.setTime(start.getTime() - Number.parseInt(range, 10) * DAY_MS);
  return start.toISOString();
}
