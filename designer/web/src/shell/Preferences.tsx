// Language and light or dark, as two small rows of choices.

import { useTranslation } from "react-i18next";
import { useSession } from "../api/session";
import { changeLanguage, languages } from "../i18n";
import { type ModeChoice, useModeChoice } from "../theme/mode";
import { type Language, useText } from "../ui/text";
import "../ui/Segments.css";

const OWN_NAME: Record<Language, string> = { zh: "中文", en: "English" };
const MODES: ModeChoice[] = ["light", "dark", "device"];

export function LanguageSwitch() {
  const { t } = useTranslation("app");
  const { language } = useText();
  const signedIn = useSession((state) => state.status === "in");
  const change = useSession((state) => state.change);
  const choose = async (next: Language) => {
    await changeLanguage(next);
    if (signedIn) await change({ language: next }).catch(() => undefined); // kept on this device anyway
  };
  return (
    <fieldset className="hr-segments">
      <legend className="hr-hidden">{t("preference.language")}</legend>
      {languages.map((each) => (
        <button
          key={each}
          type="button"
          lang={each === "zh" ? "zh-CN" : "en"}
          aria-pressed={each === language}
          onClick={() => choose(each)}
          data-testid={`lang-${each}`}
        >
          {OWN_NAME[each]}
        </button>
      ))}
    </fieldset>
  );
}

export function ModeSwitch() {
  const { t } = useTranslation("app");
  const { choice, choose } = useModeChoice();
  return (
    <fieldset className="hr-segments">
      <legend className="hr-hidden">{t("preference.theme")}</legend>
      {MODES.map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={each === choice}
          onClick={() => choose(each)}
          data-testid={`theme-${each}`}
        >
          {t(`preference.${each}`)}
        </button>
      ))}
    </fieldset>
  );
}
