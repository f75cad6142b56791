// All that was told to me: the bell's list with room.

import { useTranslation } from "react-i18next";
import { NotificationList } from "../../shell/NotificationList";
import { Card, PageBody, PageHeader } from "../../ui/page";

export default function Notifications() {
  const { t } = useTranslation("app");
  return (
    <>
      <PageHeader title={t("bell.title")} />
      <PageBody>
        <Card>
          <NotificationList />
        </Card>
      </PageBody>
    </>
  );
}
