// Bilingual text: show the current language, else the other.

import { useTranslation } from "react-i18next";

export type Language = "zh" | "en";
export type Text = Partial<Record<Language, string>>;

export function pick(text: Text | string | null | undefined, language: Language): string {
  if (text === null || text === undefined) return "";
  if (typeof text === "string") return text;
  const other = language === "zh" ? "en" : "zh";
  return text[language] || text[other] || "";
}

export function languageOf(tag: string | undefined): Language {
  return tag?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** The current language, and `text(…)` that picks by it. */
export function useText(): {
  language: Language;
  text: (value: Text | string | null | undefined) => string;
} {
  const { i18n } = useTranslation();
  const language = languageOf(i18n.resolvedLanguage ?? i18n.language);
  return { language, text: (value) => pick(value, language) };
}
