// Languages. A namespace is a file `designer/locales/<language>/<area>.json`, loaded when a screen asks for it:
// `const { t } = useTranslation("tasks")`. A new language is a new folder.

import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { type Language, languageOf } from "./ui/text";

const KEY = "headrace.language";

type Load = () => Promise<{ default: Record<string, unknown> }>;
const files = import.meta.glob<{ default: Record<string, unknown> }>("../../locales/*/*.json");

export const languages: Language[] = ["zh", "en"];

export const i18n = i18next.createInstance();

export function startI18n(): Promise<unknown> {
  i18n.on("languageChanged", (tag) => {
    document.documentElement.lang = languageOf(tag) === "zh" ? "zh-CN" : "en";
  });
  return i18n
    .use({ type: "backend", read })
    .use(initReactI18next)
    .init({
      lng: storedLanguage() ?? languageOf(navigator.language),
      fallbackLng: false, // both languages have every text (a test says so); the other one need not be fetched
      supportedLngs: languages,
      ns: ["app"],
      defaultNS: "app",
      interpolation: { escapeValue: false },
      returnNull: false,
    });
}

/** The language chosen on this device, or none yet. */
export function storedLanguage(): Language | undefined {
  const value = localStorage.getItem(KEY);
  return value === null ? undefined : languageOf(value);
}

export function changeLanguage(language: Language, remember = true): Promise<unknown> {
  if (remember) localStorage.setItem(KEY, language);
  return i18n.changeLanguage(language);
}

function read(
  language: string,
  namespace: string,
  done: (error: Error | null, texts: Record<string, unknown> | null) => void,
): void {
  const load = files[`../../locales/${language}/${namespace}.json`] as Load | undefined;
  if (load === undefined) {
    done(new Error(`Expected locales/${language}/${namespace}.json, but there is none.`), null);
    return;
  }
  // With the words of errors comes what finds them for sentences of the engine.
  const more = namespace === "errors" ? import("./ui/reasons") : null;
  Promise.all([load(), more]).then(
    ([module, reasons]) => {
      reasons?.speakBy(i18n);
      done(null, module.default);
    },
    (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), null),
  );
}
