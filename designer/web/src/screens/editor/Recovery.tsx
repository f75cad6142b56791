// Work that never reached the server: taken up again, or let go.

import { Button, Modal } from "antd";
import { useTranslation } from "react-i18next";
import type { Copy } from "../../editor/draft";
import { ExactTime } from "../../ui/time";

export default function Recovery({
  copy,
  onTake,
  onDrop,
}: {
  copy: Copy;
  onTake: () => void;
  onDrop: () => void;
}) {
  const { t } = useTranslation("editor");
  return (
    <Modal
      open
      closable={false}
      title={t("recovery.title")}
      footer={[
        <Button key="drop" onClick={onDrop} data-testid="btn-recovery-drop">
          {t("recovery.drop")}
        </Button>,
        <Button key="take" type="primary" onClick={onTake} data-testid="btn-recovery-take">
          {t("recovery.take")}
        </Button>,
      ]}
    >
      <p>
        {t("recovery.text")} <ExactTime at={copy.at} />
      </p>
    </Modal>
  );
}
