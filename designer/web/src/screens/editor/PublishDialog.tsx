// From draft to version: saves first, shows what stands in the way, asks for a note.

import { useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Checkbox, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, api } from "../../api/client";
import type { DraftControl } from "../../editor/draft";
import { Problems } from "../../editor/Problems";
import { isError } from "../../editor/problems";
import type { Words } from "../../editor/sentence";
import { useEditor } from "../../editor/store";
import { useErrorText } from "../../ui/errorText";

interface PublishDialogProps {
  flowKey: string;
  version: number | null;
  draft: DraftControl;
  words: Words;
  onPublished: (version: number) => void;
  onClose: () => void;
}

export function PublishDialog(props: PublishDialogProps) {
  const { flowKey, version, draft, words, onPublished, onClose } = props;
  const { t } = useTranslation("editor");
  const { message } = App.useApp();
  const errorText = useErrorText();
  const queries = useQueryClient();
  const problems = useEditor((state) => state.problems);
  const { setProblems } = useEditor.getState();
  const [note, setNote] = useState("");
  const [beside, setBeside] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const errors = problems.filter(isError).length;

  const publish = async () => {
    setBusy(true);
    setError(null);
    try {
      if (!(await draft.save())) throw draft.error ?? new ApiError(0, "offline", "");
      const answer = await api.post<{ version: number }>(`/api/flows/${flowKey}/publish`, {
        etag: draft.etag(),
        ...(note.trim() === "" ? {} : { note: note.trim() }),
        ...(beside ? { activate: false } : {}),
      });
      message.success(t("publish.done", { version: answer.version }));
      if (!beside) onPublished(answer.version);
      void queries.invalidateQueries({ queryKey: ["versions", flowKey] });
      onClose();
    } catch (caught) {
      if (caught instanceof ApiError && caught.problems.length > 0) setProblems(caught.problems);
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t("publish.title")}
      onCancel={onClose}
      footer={[
        <Button key="cancel" onClick={onClose}>
          {t("action.cancel")}
        </Button>,
        <Button
          key="publish"
          type="primary"
          loading={busy}
          disabled={errors > 0}
          onClick={() => void publish()}
          data-testid="btn-publish-confirm"
        >
          {t("publish.confirm", { version: (version ?? 0) + 1 })}
        </Button>,
      ]}
    >
      <div className="hr-dialog" data-testid="publish-dialog">
        {errors > 0 ? (
          <Alert type="error" showIcon title={t("publish.blocked", { count: errors })} />
        ) : (
          <p>{t(version === null ? "publish.first" : "publish.next")}</p>
        )}
        {problems.length > 0 && (
          // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/noStaticElementInteractions: a click on a problem inside leads to it; the dialog gives way
          <div
            className="hr-dialog-scroll"
            onClick={(event) => (event.target as Element).closest("button") && onClose()}
          >
            <Problems words={words} />
          </div>
        )}
        {errors === 0 && (
          <Input.TextArea
            value={note}
            onChange={(event) => setNote(event.target.value)}
            placeholder={t("publish.note")}
            aria-label={t("publish.note")}
            autoSize={{ minRows: 2, maxRows: 6 }}
            maxLength={500}
            data-testid="publish-note"
          />
        )}
        {errors === 0 && version !== null && (
          <Checkbox
            checked={beside}
            onChange={(event) => setBeside(event.target.checked)}
            data-testid="publish-beside"
          >
            {t("publish.beside")}
          </Checkbox>
        )}
        {beside && <p className="hr-muted">{t("publish.beside_text")}</p>}
        {error !== null && errors === 0 && (
          <Alert
            type="error"
            showIcon
            title={
              error instanceof ApiError && error.code === "conflict"
                ? t("publish.canary_runs")
                : errorText(error)
            }
          />
        )}
      </div>
    </Modal>
  );
}
