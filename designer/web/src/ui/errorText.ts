// What went wrong, in the reader's language: by the error's code and params, else the server's own words.

import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";

export interface Told {
  code?: string;
  message?: string;
  params?: Record<string, unknown>;
  path?: string;
}

/** `problemText(t, problem)`: the sentence for one problem, or for a whole error. */
export function problemText(t: TFunction, told: Told): string {
  const code = told.code || "unknown";
  const status = /^http_(\d{3})$/.exec(code)?.[1];
  if (status) return t("errors:http", { status });
  return t([`errors:${code}`, `editor:problem.${code}`], {
    ...told.params,
    reason: reasonOf(told),
    context: told.params?.["format"], // "format_email" says better what is wrong than "format"
    defaultValue: reasonText(told.message ?? "") || t("errors:unknown"),
  });
}

type Say = (reason: string, at?: unknown) => string;
let say: Say = (reason) => reason;

/** What the engine says of expressions is translated by `reasons.ts`, which comes with the words of errors (i18n.ts). */
export function speakReasons(by: Say): void {
  say = by;
}

/** A sentence of the engine in the reader's language, with its place; as it is where nobody knows it. */
export const reasonText: Say = (reason, at) => say(reason, at);

/** Why, in the reader's language; where only a sentence was kept (an incident's), it is the reason. */
export function reasonOf({ params, message }: Told): string {
  const reason = params?.["reason"];
  return typeof reason === "string"
    ? reasonText(reason, params?.["at"])
    : reasonText(message ?? "");
}

export function useErrorText(): (error: unknown) => string {
  // The words of errors come after the first screen (main.tsx); what tells an error in its place waits for them (Trouble.tsx).
  const { t } = useTranslation("app");
  return (error) => (typeof error === "string" ? error : problemText(t, toldBy(error)));
}

export function toldBy(error: unknown): Told {
  if (error instanceof Error) {
    const { code, params } = error as Error & Told;
    return { ...(code ? { code } : {}), message: error.message, ...(params ? { params } : {}) };
  }
  return {};
}
