// A rota as it is planned: shifts, a pattern of weeks that repeats, and days that differ from it. Pure.

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type DayName = (typeof DAYS)[number];

export interface Shift {
  id: string;
  name: string;
  /** `08:00`; one that ends when it begins or before lasts into the next day. */
  from: string;
  to: string;
  on?: "all" | "work" | "rest";
}

/** People of a shift, by day: user ids. */
export type Week = Partial<Record<DayName, Record<string, string[]>>>;

export interface RotaException {
  date: string;
  shift: string;
  people: string[];
  note?: string;
}

export interface RotaPlan {
  name: string;
  timezone: string;
  calendar?: string | null;
  shifts: Shift[];
  /** A Monday. */
  starts_on: string;
  weeks: Week[];
  exceptions: RotaException[];
}

export const WEEKS_MAX = 8;
const DAY_MS = 86_400_000;

export function isOvernight({ from, to }: Shift): boolean {
  return to <= from;
}

/** The date in a time zone; where the zone is unknown, the one here. */
export function todayIn(zone: string, now: Date): string {
  const format = (timeZone?: string) =>
    new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", ...(timeZone ? { timeZone } : {}) });
  try {
    return format(zone).format(now);
  } catch {
    return format().format(now);
  }
}

/** `2026-11-22` → the Monday of its week. */
export function mondayOf(date: string): string {
  const at = Date.parse(`${date}T00:00:00Z`);
  const weekday = (new Date(at).getUTCDay() + 6) % 7;
  return isoDate(at - weekday * DAY_MS);
}

export function plusDays(date: string, days: number): string {
  return isoDate(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS);
}

function isoDate(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** The seven dates of a week. */
export function datesOf(monday: string): string[] {
  return DAYS.map((_, index) => plusDays(monday, index));
}

/** Which week of the pattern a date falls into; before it begins too. */
export function weekIndex(plan: Pick<RotaPlan, "starts_on" | "weeks">, date: string): number {
  const count = Math.max(1, plan.weeks.length);
  const days =
    (Date.parse(`${mondayOf(date)}T00:00:00Z`) -
      Date.parse(`${mondayOf(plan.starts_on)}T00:00:00Z`)) /
    DAY_MS;
  const weeks = Math.round(days / 7);
  return ((weeks % count) + count) % count;
}

export function dayName(date: string): DayName {
  const weekday = (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
  return DAYS[weekday] ?? "mon";
}

export function inPattern(plan: RotaPlan, week: number, day: DayName, shift: string): string[] {
  return plan.weeks[week]?.[day]?.[shift] ?? [];
}

export interface Cell {
  people: string[];
  /** This day differs from the pattern. */
  exception: boolean;
}

/** Who is planned for a shift of a date. */
export function onDate(plan: RotaPlan, date: string, shift: string): Cell {
  const own = plan.exceptions.find((each) => each.date === date && each.shift === shift);
  if (own !== undefined) return { people: own.people, exception: true };
  return {
    people: inPattern(plan, weekIndex(plan, date), dayName(date), shift),
    exception: false,
  };
}

export function withPattern(
  plan: RotaPlan,
  week: number,
  day: DayName,
  shift: string,
  people: string[],
): RotaPlan {
  const weeks = plan.weeks.map((old, index) => {
    if (index !== week) return old;
    const { [shift]: _, ...others } = old[day] ?? {};
    return { ...old, [day]: people.length === 0 ? others : { ...others, [shift]: people } };
  });
  return { ...plan, weeks };
}

/** Another plan for one day; null goes back to the pattern, and so does what equals it. */
export function withException(
  plan: RotaPlan,
  date: string,
  shift: string,
  people: string[] | null,
): RotaPlan {
  const others = plan.exceptions.filter((each) => each.date !== date || each.shift !== shift);
  const usual = inPattern(plan, weekIndex(plan, date), dayName(date), shift);
  if (people === null || sameList(people, usual)) return { ...plan, exceptions: others };
  const exceptions = [...others, { date, shift, people }].sort(
    (a, b) => a.date.localeCompare(b.date) || a.shift.localeCompare(b.shift),
  );
  return { ...plan, exceptions };
}

export function withWeek(plan: RotaPlan): RotaPlan {
  if (plan.weeks.length >= WEEKS_MAX) return plan;
  return { ...plan, weeks: [...plan.weeks, plan.weeks.at(-1) ?? {}] };
}

export function withoutWeek(plan: RotaPlan): RotaPlan {
  return plan.weeks.length <= 1 ? plan : { ...plan, weeks: plan.weeks.slice(0, -1) };
}

/** A shift that goes takes its people along, everywhere. */
export function withShifts(plan: RotaPlan, shifts: Shift[]): RotaPlan {
  const kept = new Set(shifts.map(({ id }) => id));
  const weeks = plan.weeks.map(
    (week) =>
      Object.fromEntries(
        Object.entries(week).map(([day, byShift]) => [
          day,
          Object.fromEntries(Object.entries(byShift).filter(([shift]) => kept.has(shift))),
        ]),
      ) as Week,
  );
  const exceptions = plan.exceptions.filter(({ shift }) => kept.has(shift));
  return { ...plan, shifts, weeks, exceptions };
}

export function freshShiftId(shifts: readonly Shift[]): string {
  for (let number = 1; ; number += 1) {
    const id = `s${number}`;
    if (!shifts.some((shift) => shift.id === id)) return id;
  }
}

/** A shift that is not worked on every day may rest where nobody stands. */
export function mustBeStaffed(shift: Shift): boolean {
  return shift.on === undefined || shift.on === "all";
}

/** Cells of the pattern where nobody stands who still is there, as `week/day/shift`. */
export function gapsInPattern(plan: RotaPlan, gone: (id: string) => boolean = () => false) {
  return plan.weeks.flatMap((_, week) =>
    DAYS.flatMap((day) =>
      plan.shifts
        .filter(mustBeStaffed)
        .filter((shift) => inPattern(plan, week, day, shift.id).every(gone))
        .map((shift) => `${week}/${day}/${shift.id}`),
    ),
  );
}

/** Everybody planned somewhere, each once. */
export function crewOf(plan: RotaPlan): string[] {
  const planned = plan.weeks.flatMap((week) =>
    Object.values(week).flatMap((day) => Object.values(day).flat()),
  );
  return [...new Set([...planned, ...plan.exceptions.flatMap(({ people }) => people)])];
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((id, index) => id === other[index]);
}
