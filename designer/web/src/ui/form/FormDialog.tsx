// A form in a dialog: checks before it sends, shows what the server found at the field, and asks before it
// throws away what was typed.

import { Button, Modal } from "antd";
import useApp from "antd/es/app/useApp";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { JsonSchema } from "../../schema";
import { Trouble } from "../Trouble";
import type { JsonObject } from "./kinds";
import { SchemaForm } from "./SchemaForm";
import { useForm } from "./useForm";

interface FormDialogProps {
  title: ReactNode;
  intro?: ReactNode;
  schema: JsonSchema;
  start?: JsonObject;
  submitLabel?: string;
  /** For what is lost by sending it. */
  danger?: boolean;
  /** What the other button says, where "Cancel" could be taken for what is asked. */
  cancelLabel?: string;
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
  const { title, intro, schema, start = {}, submitLabel, onSubmit, onClose, extra } = props;
  const { t } = useTranslation("app");
  const { modal } = useApp();
  const form = useForm({
    schema,
    start,
    onSubmit,
    prepare: props.prepare,
    conflict: props.conflict,
  });
  const close = () => {
    if (!form.changed) return onClose();
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
      <form className="hr-dialog-form" onSubmit={form.submit} noValidate>
        {intro !== undefined && <div className="hr-muted">{intro}</div>}
        <SchemaForm {...form.fields} />
        {form.error !== null && <Trouble error={form.error} known={form.known} />}
        <div className="hr-dialog-foot">
          <span className="hr-dialog-extra">{extra?.(form.value)}</span>
          <Button onClick={close} data-testid="btn-cancel">
            {props.cancelLabel ?? t("action.cancel")}
          </Button>
          <Button
            type="primary"
            danger={props.danger ?? false}
            htmlType="submit"
            loading={form.busy}
            data-testid="btn-save"
          >
            {submitLabel ?? t("action.save")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
