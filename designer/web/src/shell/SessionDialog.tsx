// Signing in over the screen that was open.

import { Modal } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session";
import type { User } from "../api/types";
import { SignInForm } from "./SignInForm";

export default function SessionDialog({ user }: { user: User }) {
  const { t } = useTranslation("app");
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
