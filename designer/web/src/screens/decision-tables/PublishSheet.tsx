// Publish: from when, what for, and what one should know before.

import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, type Problem } from "../../api/client";
import { useErrorText } from "../../ui/errorText";
import { Sheet } from "../../ui/Sheet";
import type { Checked } from "./table";

interface PublishSheetProps {
  checked: Checked | null;
  said: (problem: Problem) => string;
  onPublish: (note: string, validFrom: string | null) => Promise<void>;
  onClose: () => void;
}

export function PublishSheet({ checked, said, onPublish, onClose }: PublishSheetProps) {
  const { t } = useTranslation(["decision_tables", "errors"]);
  const textOf = useErrorText();
  const [note, setNote] = useState("");
  const [from, setFrom] = useState("");
  const [busy, setBusy] = useState(false);
  const [errors, setErrors] = useState<string[]>([]);
  const gaps = checked?.report?.gaps.length ?? 0;
  const failed = checked?.bench?.failed ?? 0;
  const publish = async () => {
    setBusy(true);
    try {
      await onPublish(note, from ? new Date(from).toISOString() : null);
    } catch (wrong) {
      const problems = wrong instanceof ApiError ? wrong.problems : [];
      setErrors(problems.length ? problems.slice(0, 5).map(said) : [textOf(wrong)]);
      setBusy(false);
    }
  };
  return (
    <Sheet
      title={t("publish")}
      onClose={onClose}
      testId="publish-sheet"
      foot={
        <Button
          type="primary"
          loading={busy}
          onClick={() => void publish()}
          data-testid="btn-publish-now"
        >
          {t("publish")}
        </Button>
      }
    >
      <div className="hr-stack">
        {gaps > 0 && <p className="hr-dt-told">{t("publish_gaps", { count: gaps })}</p>}
        {failed > 0 && <p className="hr-dt-told">{t("publish_failed", { count: failed })}</p>}
        <label className="hr-dt-field">
          <span>{t("valid_from")}</span>
          <input
            type="datetime-local"
            value={from}
            onChange={(event) => setFrom(event.target.value)}
            data-testid="valid-from"
          />
          <small className="hr-muted">{t("valid_from_help")}</small>
        </label>
        <label className="hr-dt-field">
          <span>{t("version_note")}</span>
          <input
            value={note}
            onChange={(event) => setNote(event.target.value)}
            data-testid="version-note"
          />
        </label>
        {errors.map((text) => (
          <p key={text} role="alert" className="hr-tone-error">
            {text}
          </p>
        ))}
      </div>
    </Sheet>
  );
}
