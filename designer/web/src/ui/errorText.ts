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
    context: told.params?.["format"], // "format_email" says better what is wrong than "format"
    defaultValue: told.message || t("errors:unknown"),
  });
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
