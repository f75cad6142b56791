// Somebody else has saved another plan of the same rota meanwhile: theirs, or mine over it. Nothing is lost before one chooses.

import { Button, Modal } from "antd";
import { useTranslation } from "react-i18next";

interface Props {
  who: string;
  busy: boolean;
  onMine: () => void;
  onTheirs: () => void;
  onClose: () => void;
}

export function RotaStale({ who, busy, onMine, onTheirs, onClose }: Props) {
  const { t } = useTranslation("organisation");
  return (
    <Modal
      open
      title={t("rotas.stale_title", { who })}
      onCancel={onClose}
      footer={[
        <Button key="mine" danger loading={busy} onClick={onMine} data-testid="btn-rota-mine">
          {t("rotas.stale_mine")}
        </Button>,
        <Button
          key="theirs"
          type="primary"
          disabled={busy}
          onClick={onTheirs}
          data-testid="btn-rota-theirs"
        >
          {t("rotas.stale_theirs")}
        </Button>,
      ]}
    >
      <p data-testid="rota-stale">{t("rotas.stale_text", { who })}</p>
    </Modal>
  );
}
