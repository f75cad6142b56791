// Says that the network is gone, for as long as it is.

import { DisconnectOutlined } from "@ant-design/icons";
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";

export function OfflineNotice() {
  const { t } = useTranslation("app");
  const online = useSyncExternalStore(listen, () => navigator.onLine);
  if (online) return null;
  return (
    <div className="hr-notice" role="status" data-testid="offline">
      <DisconnectOutlined aria-hidden /> {t("state.offline")}
    </div>
  );
}

function listen(changed: () => void): () => void {
  window.addEventListener("online", changed);
  window.addEventListener("offline", changed);
  return () => {
    window.removeEventListener("online", changed);
    window.removeEventListener("offline", changed);
  };
}
