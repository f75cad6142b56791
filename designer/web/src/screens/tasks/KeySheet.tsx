// All keys of the inbox on one sheet.

import { useTranslation } from "react-i18next";
import { Sheet } from "../../ui/Sheet";
import { SHEET } from "./keys";

export function KeySheet({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("tasks");
  return (
    <Sheet title={t("keys.title")} onClose={onClose} light testId="key-sheet">
      <dl className="hr-keys">
        {SHEET.map(([wish, keys]) => (
          <div key={wish}>
            <dt>{t(`keys.${wish}`)}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}
