// The selected steps become a flow of their own: it needs a name, and is kept as a draft to be published.

import { App, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { extractSubflow } from "../../editor/commands/extractSubflow";
import { freshNodeId } from "../../editor/document";
import { useEditor } from "../../editor/store";
import { parted, whyNotApart } from "../../editor/subflow";
import { useText } from "../../ui/text";

export default function GroupDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("canvas");
  const { language } = useText();
  const { message } = App.useApp();
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const nodes = useEditor((state) => state.selection.nodes);
  const document = useEditor((state) => state.history.present);
  const types = useEditor((state) => state.types);
  const reason = whyNotApart(document, nodes, types);

  const make = async () => {
    setBusy(true);
    const title = { [language]: name.trim() };
    const node = freshNodeId(document, "subflow");
    try {
      const { key } = await api.post<{ key: string }>("/api/flows", { name: title });
      const found = parted(document, nodes, { key, name: title, node }, types);
      if (found !== null) await saveDraft(key, found.inner);
      useEditor.getState().run(extractSubflow, { nodes, id: node, flow: key, name: title });
      useEditor.getState().goTo(node);
      message.success(t("subflow.made"));
      onClose();
    } catch {
      message.error(t("subflow.failed"));
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t("action.subflow")}
      onCancel={onClose}
      onOk={() => void make()}
      okText={t("subflow.make")}
      cancelText={t("subflow.cancel")}
      confirmLoading={busy}
      okButtonProps={{
        disabled: reason !== null || name.trim() === "",
        "data-testid": "btn-group-make",
      }}
    >
      {reason === null ? (
        <>
          <p>{t("subflow.text", { count: nodes.length })}</p>
          <Input
            autoFocus
            value={name}
            maxLength={80}
            placeholder={t("subflow.name")}
            aria-label={t("subflow.name")}
            onChange={(event) => setName(event.target.value)}
            onPressEnter={() => name.trim() !== "" && void make()}
            data-testid="group-name"
          />
        </>
      ) : (
        <p role="alert" data-testid="group-why-not">
          {t(`subflow.why_${reason}`)}
        </p>
      )}
    </Modal>
  );
}

/** Over the draft that a new flow begins with. */
async function saveDraft(key: string, document: object): Promise<void> {
  const { draft } = await api.get<{ draft: { etag: string } }>(`/api/flows/${key}`);
  const etag = /^(W\/)?"/.test(draft.etag) ? draft.etag : `"${draft.etag}"`;
  await api.put(`/api/flows/${key}/draft`, document, { headers: { "If-Match": etag } });
}
