// Try a connection now, and say what the far side answered.

import { ThunderboltOutlined } from "@ant-design/icons";
import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useErrorText } from "../../ui/errorText";

interface Answer {
  ok: boolean;
  message: string;
}

export function TestButton({ connectionKey }: { connectionKey: string }) {
  const { t } = useTranslation("admin");
  const { message } = App.useApp();
  const textOf = useErrorText();
  const [busy, setBusy] = useState(false);
  const test = async () => {
    setBusy(true);
    try {
      const answer = await api.post<Answer>(`/api/connections/${connectionKey}/test`);
      if (answer.ok) message.success(t("connections.works", { message: answer.message }));
      else message.error(t("connections.fails", { message: answer.message }), 8);
    } catch (error) {
      message.error(textOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button
      icon={<ThunderboltOutlined />}
      loading={busy}
      onClick={test}
      data-testid={`test-${connectionKey}`}
    >
      {t("connections.test")}
    </Button>
  );
}
