// The frame of a dialog that saves something: cancel, save, and what went wrong in between.

import { Button, Modal } from "antd";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import { Trouble } from "../../ui/Trouble";

interface DialogProps {
  title: string;
  saveLabel?: string;
  /** Says what is missing, or "" when it can be saved. */
  lacks?: string;
  onSave: () => Promise<unknown>;
  onClose: () => void;
  /** More buttons, at the left. */
  extra?: ReactNode;
  width?: number;
  testId?: string;
  children: ReactNode;
}

export function Dialog(props: DialogProps) {
  const { title, lacks = "", onSave, onClose, extra, children } = props;
  const { t } = useTranslation("app");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState(false);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (lacks !== "") return;
    setBusy(true);
    setError(null);
    try {
      await onSave();
      onClose();
    } catch (trouble) {
      setError(trouble);
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={title}
      onCancel={onClose}
      footer={null}
      width={props.width ?? 560}
      mask={{ closable: false }}
      destroyOnHidden
    >
      <form className="hr-dialog-form" onSubmit={save} noValidate data-testid={props.testId}>
        <div className="hr-stack">
          {children}
          {tried && lacks !== "" && (
            <p className="hr-tone-error" role="alert" data-testid="dialog-lacks">
              {lacks}
            </p>
          )}
          {error !== null && <Trouble error={withoutPaths(error)} />}
        </div>
        <div className="hr-dialog-foot">
          <span className="hr-dialog-extra">{extra}</span>
          <Button onClick={onClose} data-testid="btn-cancel">
            {t("action.cancel")}
          </Button>
          <Button type="primary" htmlType="submit" loading={busy} data-testid="btn-save">
            {props.saveLabel ?? t("action.save")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** With few fields the sentence says enough: `/substitute_id` before it helps nobody. */
function withoutPaths(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  const problems = error.problems.map((problem) => ({ ...problem, path: "" }));
  return new ApiError(error.status, error.code, error.message, error.params, problems);
}

interface LineProps {
  label: string;
  help?: string;
  children: ReactNode;
}

/** A label over one control. */
export function Line({ label, help, children }: LineProps) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is what it is given
    <label className="hr-org-field">
      <span>{label}</span>
      {children}
      {help !== undefined && <small className="hr-muted">{help}</small>}
    </label>
  );
}
