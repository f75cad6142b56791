// A business calendar as the API tells it, and small changes to its content: each answers a new one.

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

export type Weekday = (typeof WEEKDAYS)[number];
export type Span = [from: string, to: string];

export interface OwnDay {
  date: string;
  hours: Span[];
  note?: string;
}

export interface Content {
  name: { zh?: string; en?: string };
  timezone: string;
  weekly: Partial<Record<Weekday, Span[]>>;
  holidays: string | null;
  makeup?: Span[];
  unknown_years?: "weekly" | "refuse";
  days?: OwnDay[];
}

export interface Calendar {
  key: string;
  version: number;
  content: Content;
  standard: boolean;
  flows: string[];
  roles?: string[];
  holidays_from: string | null;
  unknown_years: number[];
}

export interface Day {
  date: string;
  kind: "work" | "rest" | "holiday" | "makeup" | "own";
  hours: Span[];
  note: { zh?: string; en?: string };
  known: boolean;
}

export interface Month {
  month: string;
  today: string;
  items: Day[];
}

/** `9–12, 13–18` for people; the minutes only where there are some. */
export function hoursText(spans: Span[]): string {
  const short = (time: string) => time.replace(/^0/, "").replace(/:00$/, "");
  return spans.map(([from, to]) => `${short(from)}–${short(to)}`).join(", ");
}

/** The day as set by hand; `null`: as the week and the public holidays say. */
export function withDay(content: Content, date: string, own: Omit<OwnDay, "date"> | null): Content {
  const others = (content.days ?? []).filter((day) => day.date !== date);
  const days = own === null ? others : [...others, { date, ...own }];
  return { ...content, days: days.sort((a, b) => a.date.localeCompare(b.date)) };
}

/** `2026-12` → `2027-01`. */
export function monthAfter(month: string, step: 1 | -1): string {
  const moment = new Date(`${month}-15T00:00:00Z`);
  moment.setUTCMonth(moment.getUTCMonth() + step);
  return moment.toISOString().slice(0, 7);
}

/** How many cells of a week that begins on Monday are empty before this day. */
export function emptyBefore(date: string): number {
  return (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
}
