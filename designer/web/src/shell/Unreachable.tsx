// The server does not answer at all, so nothing can be shown.

import { DisconnectOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session";
import { EmptyState } from "../ui/page";

export function Unreachable() {
  const { t } = useTranslation("app");
  const load = useSession((state) => state.load);
  return (
    <main style={{ paddingTop: "16vh" }}>
      <EmptyState
        icon={<DisconnectOutlined />}
        title={t("state.unreachable")}
        text={t("state.unreachable_text")}
        action={
          <Button type="primary" onClick={load} data-testid="btn-retry">
            {t("action.retry")}
          </Button>
        }
      />
    </main>
  );
}
