// The notifications as a list; opening one marks it read and leads to its instance or task.

import { BellOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { Notification } from "../api/types";
import { EmptyState, ErrorState, Loading } from "../ui/page";
import { useText } from "../ui/text";
import { RelativeTime } from "../ui/time";
import { useNotifications, useRead } from "./notifications";
import "./Bell.css";

export function NotificationList({ onOpen }: { onOpen?: () => void }) {
  const { t } = useTranslation("app");
  const { text } = useText();
  const { data, error, refetch } = useNotifications();
  const read = useRead();
  const navigate = useNavigate();
  if (data === undefined)
    return error ? <ErrorState error={error} onRetry={refetch} /> : <Loading />;
  if (data.items.length === 0) {
    return (
      <EmptyState icon={<BellOutlined />} title={t("bell.empty")} text={t("bell.empty_text")} />
    );
  }
  const open = (item: Notification) => {
    if (!item.read) read.mutate(item.id);
    const address = addressOfSubject(item);
    if (address === undefined) return;
    navigate(address);
    onOpen?.();
  };
  return (
    <ul>
      {data.items.map((item) => (
        <li key={item.id}>
          <button
            type="button"
            className={item.read ? "hr-notification" : "hr-notification hr-notification-unread"}
            onClick={() => open(item)}
            data-testid={`notification-${item.id}`}
          >
            <span className="hr-notification-body">
              <span className="hr-notification-name">{text(item.title)}</span>
              {!item.read && <span className="hr-hidden"> {t("bell.new")}</span>}
              <span className="hr-notification-text">{text(item.text)}</span>
              <span className="hr-muted hr-small">
                <RelativeTime at={item.at} />
              </span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function addressOfSubject(item: Notification): string | undefined {
  if (item.task_id) return `/tasks/${item.task_id}`;
  return item.instance_id ? `/instances/${item.instance_id}` : undefined;
}
