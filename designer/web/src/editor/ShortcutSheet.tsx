// All keys on one sheet.

import { Modal } from "antd";
import { useTranslation } from "react-i18next";
import { SHORTCUTS } from "./shortcuts";

export function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("editor");
  return (
    <Modal open title={t("action.shortcuts")} onCancel={onClose} footer={null} width={760}>
      <div className="hr-shortcuts" data-testid="shortcuts">
        {SHORTCUTS.map(([section, rows]) => (
          <section key={section}>
            <h3>{t(`shortcut.section_${section}`)}</h3>
            <dl>
              {rows.map(([what, keys]) => (
                <div key={what}>
                  <dt>{t(`shortcut.${what}`)}</dt>
                  <dd>
                    {keys.map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
