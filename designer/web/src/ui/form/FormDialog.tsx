// A form in a dialog: checks before it sends, shows what the server found at the field, and asks before it
// throws away what was typed.

import { App, Button, Modal } from "antd";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Trouble } from "../Trouble";
import { askedOnly, type JsonObject } from "./kinds";
import { SchemaForm } from "./SchemaForm";
import type { JsonSchema } from "./schema";
import { type FormProblem, validateForm, withoutEmpty } from "./validate";

interface FormDialogProps {
  title: ReactNode;
  intro?: ReactNode;
  schema: JsonSchema;
  start?: JsonObject;
  submitLabel?: string;
  onSubmit: (value: JsonObject) => Promise<unknown>;
  onClose: () => void;
  /** The last touch before it is checked and sent. */
  prepare?: (value: JsonObject) => JsonObject;
  /** What a 409 means here, in better words than the general ones. */
  conflict?: string;
  /** More buttons, at the left. */
  extra?: (value: JsonObject) => ReactNode;
  width?: number;
}

export function FormDialog(props: FormDialogProps) {
  const {
    title,
    intro,
    schema,
    start = {},
    submitLabel,
    onSubmit,
    onClose,
    extra,
    prepare = same,
  } = props;
  const { t } = useTranslation("app");
  const { modal } = App.useApp();
  const [value, setValue] = useState(start);
  const [problems, setProblems] = useState<FormProblem[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const changed = JSON.stringify(value) !== JSON.stringify(start);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const filled = prepare(askedOnly(schema, withoutEmpty(value)) as JsonObject);
    const found = validateForm(schema, filled);
    setProblems(found);
    setError(null);
    if (found.length > 0) return;
    setBusy(true);
    try {
      await onSubmit(filled);
    } catch (reason) {
      const taken = (reason as { status?: number }).status === 409 && props.conflict;
      setError(taken || reason);
      setProblems(problemsOf(reason));
    } finally {
      setBusy(false);
    }
  };
  const close = () => {
    if (!changed) return onClose();
    modal.confirm({
      title: t("form.unsaved"),
      content: t("form.unsaved_text"),
      okText: t("action.discard"),
      okButtonProps: { danger: true },
      cancelText: t("action.keep_editing"),
      onOk: onClose,
    });
  };
  return (
    <Modal
      open
      title={title}
      onCancel={close}
      footer={null}
      width={props.width ?? 520}
      mask={{ closable: false }}
      destroyOnHidden
    >
      <form className="hr-dialog-form" onSubmit={submit} noValidate>
        {intro !== undefined && <div className="hr-muted">{intro}</div>}
        <SchemaForm
          schema={schema}
          value={value}
          onChange={setValue}
          problems={problems}
          disabled={busy}
        />
        {error !== null && <Trouble error={error} known={Object.keys(schema.properties ?? {})} />}
        <div className="hr-dialog-foot">
          <span className="hr-dialog-extra">{extra?.(value)}</span>
          <Button onClick={close} data-testid="btn-cancel">
            {t("action.cancel")}
          </Button>
          <Button type="primary" htmlType="submit" loading={busy} data-testid="btn-save">
            {submitLabel ?? t("action.save")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function same(value: JsonObject): JsonObject {
  return value;
}

export function problemsOf(error: unknown): FormProblem[] {
  const problems = (error as { problems?: FormProblem[] } | null)?.problems;
  return Array.isArray(problems) ? problems : [];
}
