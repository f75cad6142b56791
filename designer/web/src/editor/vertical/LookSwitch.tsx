// The two looks of one flow, to choose between.

import { useTranslation } from "react-i18next";
import type { Look } from "./look";

export function LookSwitch({ look, onChange }: { look: Look; onChange: (look: Look) => void }) {
  const { t } = useTranslation("editor");
  return (
    <fieldset className="hr-look hr-left-tabs" aria-label={t("vertical.look")}>
      {(["canvas", "vertical"] as const).map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={look === each}
          onClick={() => onChange(each)}
          data-testid={`look-${each}`}
        >
          {t(`vertical.${each}`)}
        </button>
      ))}
    </fieldset>
  );
}
