// A screen that threw: say so, and offer to load it again. A new release on the server looks the same,
// since the files of the old one are gone; loading again mends that.

import { ToolOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { useRouteError } from "react-router";
import { EmptyState } from "../ui/page";

export function Broken() {
  const { t } = useTranslation("app");
  const error = useRouteError();
  return (
    <div role="alert" style={{ paddingTop: "10vh" }}>
      <EmptyState
        icon={<ToolOutlined />}
        title={t("state.broken")}
        text={t("state.broken_text")}
        action={
          <Button type="primary" onClick={() => window.location.reload()} data-testid="btn-reload">
            {t("action.reload")}
          </Button>
        }
        testId="broken"
      />
      <details className="hr-muted hr-small" style={{ textAlign: "center" }}>
        <summary>{t("state.details")}</summary>
        <code>{error instanceof Error ? error.message : String(error)}</code>
      </details>
    </div>
  );
}
