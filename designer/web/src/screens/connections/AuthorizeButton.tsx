// A connection that a person allows once at the far side (OAuth): there and back again.

import { SafetyCertificateOutlined } from "@ant-design/icons";
import { App, Button } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { api } from "../../api/client";
import { useErrorText } from "../../ui/errorText";

export function AuthorizeButton({ connectionKey }: { connectionKey: string }) {
  const { t } = useTranslation("own_connectors");
  const { message } = App.useApp();
  const textOf = useErrorText();
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    try {
      const { url } = await api.post<{ url: string }>(
        `/api/connections/${connectionKey}/authorize`,
      );
      window.location.assign(url);
    } catch (error) {
      message.error(textOf(error));
      setBusy(false);
    }
  };
  return (
    <Button
      icon={<SafetyCertificateOutlined />}
      loading={busy}
      onClick={go}
      data-testid={`authorize-${connectionKey}`}
    >
      {t("authorize")}
    </Button>
  );
}

/** Says what became of it, once, when the far side has sent the person back. */
export function useAuthorized() {
  const { t } = useTranslation("own_connectors");
  const { message } = App.useApp();
  const [query, setQuery] = useSearchParams();
  const came = query.get("authorized");
  useEffect(() => {
    if (came === null) return;
    if (came === "no") message.error(t("not_authorized"));
    else message.success(t("authorized"));
    setQuery({}, { replace: true });
  }, [came, message, setQuery, t]);
}
