// The server forgot us while a screen was open: sign in over it, so that nothing typed is lost.

import { Modal } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session";
import { SignInForm } from "./SignInForm";

export function SessionExpired() {
  const { t } = useTranslation("app");
  const { expired, user } = useSession();
  if (!expired || user === null) return null;
  const done = () => {
    // Another person must not see what the one before had open.
    if (useSession.getState().user?.id !== user.id) window.location.assign(document.baseURI);
  };
  return (
    <Modal open title={t("session.expired")} footer={null} closable={false} width={400} centered>
      <p className="hr-muted" style={{ marginBottom: 16 }}>
        {t("session.expired_text")}
      </p>
      <SignInForm login={user.login} onDone={done} />
    </Modal>
  );
}
