// Spans of time on a line of days, for the calendar of substitutions. Pure.

export const SHOWN_DAYS = 28;
const DAY_MS = 86_400_000;

/** Midnight of a moment, here. */
export function startOfDay(at: number): number {
  const day = new Date(at);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
}

/** The days shown from this one on; by the calendar, since a day may have 23 hours. */
export function daysFrom(first: number, count = SHOWN_DAYS): number[] {
  const day = new Date(first);
  return Array.from({ length: count }, (_, index) =>
    new Date(day.getFullYear(), day.getMonth(), day.getDate() + index).getTime(),
  );
}

export interface Bar {
  /** In parts of the whole line, 0 to 1. */
  left: number;
  width: number;
  /** It begins before, or ends after, what is shown. */
  openLeft: boolean;
  openRight: boolean;
}

/** Where a span lies on the line; null when it is not on it. */
export function barOf(from: number, until: number, first: number, last: number): Bar | null {
  if (until <= first || from >= last) return null;
  const length = last - first;
  const begin = Math.max(from, first);
  const end = Math.min(until, last);
  return {
    left: (begin - first) / length,
    width: Math.max((end - begin) / length, 0.012),
    openLeft: from < first,
    openRight: until > last,
  };
}

/** ISO → what `datetime-local` shows, in this place's time. */
export function localOf(iso: string): string {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function isoOf(local: string): string {
  return new Date(local).toISOString();
}

/** Tomorrow at midnight to the day after the fifth: what most people are away. */
export function usualSpan(now: number): { from: string; until: string } {
  const [, tomorrow = now, , , , , after = now] = daysFrom(startOfDay(now), 7);
  return {
    from: localOf(new Date(tomorrow).toISOString()),
    until: localOf(new Date(after).toISOString()),
  };
}

export { DAY_MS };
