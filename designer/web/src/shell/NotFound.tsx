// An address that leads nowhere.

import { CompassOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { EmptyState, PageBody, PageHeader } from "../ui/page";

export function NotFound() {
  const { t } = useTranslation("app");
  return (
    <>
      <PageHeader title={t("state.not_found")} />
      <PageBody>
        <EmptyState
          icon={<CompassOutlined />}
          title={t("state.not_found")}
          text={t("state.not_found_text")}
          action={<Link to="/">{t("action.home")}</Link>}
          testId="not-found"
        />
      </PageBody>
    </>
  );
}
