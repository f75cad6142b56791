// Two people worked on the same draft. Nothing is lost: theirs, mine, or mine kept aside.

import { App, Button, Modal } from "antd";
import { useTranslation } from "react-i18next";
import type { DraftControl } from "../../editor/draft";
import { useEditor } from "../../editor/store";
import { copyText } from "../../ui/copy";
import { RelativeTime } from "../../ui/time";

export function StaleDialog({ draft }: { draft: DraftControl }) {
  const { t } = useTranslation("editor");
  const { message } = App.useApp();
  const { stale } = draft;
  const copy = async () => {
    await copyText(JSON.stringify(useEditor.getState().history.present, null, 2));
    message.success(t("stale.copied"));
  };
  return (
    <Modal
      open
      closable={false}
      title={t("stale.title")}
      footer={[
        <Button key="copy" onClick={() => void copy()} data-testid="btn-stale-copy">
          {t("stale.copy")}
        </Button>,
        <Button
          key="mine"
          danger
          onClick={() => void draft.keepMine()}
          data-testid="btn-stale-mine"
        >
          {t("stale.mine")}
        </Button>,
        <Button
          key="theirs"
          type="primary"
          onClick={draft.takeTheirs}
          disabled={stale?.document === null}
          data-testid="btn-stale-theirs"
        >
          {t("stale.theirs")}
        </Button>,
      ]}
    >
      <div className="hr-dialog" data-testid="stale-dialog">
        <p>
          {t("stale.text", { who: stale?.by ?? t("stale.someone") })}{" "}
          <RelativeTime at={stale?.at} />
        </p>
        <p className="hr-muted-text">{t("stale.hint")}</p>
      </div>
    </Modal>
  );
}
