// Moments of the server as the browser's own field for day and time has them, and back.

const MINUTE_MS = 60_000;

/** "2026-11-22T08:00:00Z" → "2026-11-22T16:00" in Shanghai. */
export function dayOf(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16);
}

export function momentOf(local: string): string {
  return new Date(local).toISOString();
}
