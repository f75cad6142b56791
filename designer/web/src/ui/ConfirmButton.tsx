// A button for what cannot be undone: it asks first, in a dialog that says what is lost.

import { Button, type ButtonProps } from "antd";
import useApp from "antd/es/app/useApp";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

interface ConfirmButtonProps extends Omit<ButtonProps, "onClick" | "title"> {
  title: ReactNode;
  text?: ReactNode;
  confirmLabel: string;
  onConfirm: () => Promise<unknown> | unknown;
}

export function ConfirmButton({
  title,
  text,
  confirmLabel,
  onConfirm,
  ...button
}: ConfirmButtonProps) {
  const { modal } = useApp();
  const { t } = useTranslation("app");
  const ask = () =>
    modal.confirm({
      title,
      content: text,
      okText: confirmLabel,
      okButtonProps: { danger: button.danger ?? false, ...testId("btn-confirm") },
      cancelText: t("action.cancel"),
      cancelButtonProps: testId("btn-cancel"),
      autoFocusButton: "cancel",
      onOk: onConfirm,
    });
  return <Button {...button} onClick={ask} />;
}

function testId(name: string): ButtonProps {
  return { "data-testid": name } as ButtonProps;
}
