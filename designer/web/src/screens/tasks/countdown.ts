// How long something still takes, in the two units that matter: "2 d 4 h", "12 min", and seconds when they begin to count.

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
export const SOON_MS = 4 * HOUR * 1_000;
/** Of the whole time; a task that has four hours is not urgent from its first minute. */
const SOON_SHARE = 0.25;
const SECONDS_BELOW_MS = 5 * MINUTE * 1_000;

export type Unit = "d" | "h" | "min" | "s";
export type Tone = "calm" | "soon" | "late" | "paused";
export type Part = [number, Unit];

/** The one or two largest units of a length; never negative. */
export function parts(ms: number): Part[] {
  const seconds = Math.floor(Math.abs(ms) / 1_000);
  if (seconds >= DAY) return two(seconds, DAY, "d", HOUR, "h");
  if (seconds >= HOUR) return two(seconds, HOUR, "h", MINUTE, "min");
  if (Math.abs(ms) >= SECONDS_BELOW_MS) return [[Math.floor(seconds / MINUTE), "min"]];
  if (seconds >= MINUTE) return two(seconds, MINUTE, "min", 1, "s");
  return [[seconds, "s"]];
}

function two(seconds: number, first: number, unit: Unit, second: number, lower: Unit): Part[] {
  const whole: Part = [Math.floor(seconds / first), unit];
  const rest = Math.floor((seconds % first) / second);
  return rest === 0 ? [whole] : [whole, [rest, lower]];
}

export interface Countdown {
  tone: Tone;
  parts: Part[];
}

/** Paused: the time that was left when it was paused, and it stays that. */
export function countdown(
  dueAt: string,
  now: number,
  pausedAt?: string | null,
  warned = false,
  from?: string,
): Countdown {
  const left = Date.parse(dueAt) - (pausedAt ? Date.parse(pausedAt) : now);
  if (pausedAt) return { tone: "paused", parts: parts(Math.max(0, left)) };
  if (left < 0) return { tone: "late", parts: parts(left) };
  const whole = from ? Date.parse(dueAt) - Date.parse(from) : Number.POSITIVE_INFINITY;
  const soon = warned || left < Math.min(SOON_MS, whole * SOON_SHARE);
  return { tone: soon ? "soon" : "calm", parts: parts(left) };
}

/** When it will read differently: a second hand only where seconds are shown. */
export function tickMs(dueAt: string, now: number): number {
  return Math.abs(Date.parse(dueAt) - now) < SECONDS_BELOW_MS + MINUTE * 1_000 ? 1_000 : 30_000;
}
