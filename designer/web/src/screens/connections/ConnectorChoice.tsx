// Which kind of system to connect to.

import { Modal } from "antd";
import { useTranslation } from "react-i18next";
import type { Connector } from "../../api/types";
import { useText } from "../../ui/text";

interface ConnectorChoiceProps {
  connectors: Connector[];
  onChoose: (connector: Connector) => void;
  onBuild: () => void;
  onClose: () => void;
}

export function ConnectorChoice({ connectors, onChoose, onBuild, onClose }: ConnectorChoiceProps) {
  const { t } = useTranslation(["admin", "own_connectors"]);
  const { text } = useText();
  return (
    <Modal open title={t("connections.choose")} footer={null} onCancel={onClose}>
      <ul className="hr-connectors">
        {connectors.map((connector) => (
          <li key={connector.name}>
            <button
              type="button"
              className="hr-connector"
              onClick={() => onChoose(connector)}
              data-testid={`connector-${connector.name}`}
            >
              <strong>{text(connector.title)}</strong>
              <span className="hr-muted">{text(connector.help)}</span>
            </button>
          </li>
        ))}
        <li>
          <button
            type="button"
            className="hr-connector"
            onClick={onBuild}
            data-testid="connector-build"
          >
            <strong>{t("own_connectors:build")}</strong>
            <span className="hr-muted">{t("own_connectors:none_text")}</span>
          </button>
        </li>
      </ul>
    </Modal>
  );
}
