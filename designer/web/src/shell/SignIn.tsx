// The first page: sign in, or, in a demo, become one of its people with one press.

import { RightOutlined } from "@ant-design/icons";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session";
import type { DemoUser } from "../api/types";
import { Channels } from "./Channels";
import { Logo } from "./Logo";
import { LanguageSwitch } from "./Preferences";
import { SignInForm, useSignIn } from "./SignInForm";
import { Avatar } from "./UserMenu";
import { useRoleNames } from "./useRoleNames";
import { useWorkspaceName } from "./useWorkspaceName";
import "./SignIn.css";

export function SignIn() {
  const { t } = useTranslation("app");
  const demoUsers = useSession((state) => state.demoUsers);
  const named = useWorkspaceName();
  useEffect(() => {
    document.title = `${t("action.sign_in")} · ${t("product")}`;
  }, [t]);
  return (
    <div className="hr-sign-in">
      <div className="hr-sign-in-brand">
        <Channels />
        <div className="hr-sign-in-words">
          <p className="hr-sign-in-claim">{t("sign_in.claim")}</p>
          <p>{t("sign_in.claim_text")}</p>
        </div>
      </div>
      <main className="hr-sign-in-side">
        <div className="hr-sign-in-top">
          <LanguageSwitch />
        </div>
        <div className="hr-sign-in-card">
          <div className="hr-sign-in-head">
            <Logo size={40} />
            <div>
              <h1>{t("product")}</h1>
              <p className="hr-muted">{named || t("sign_in.welcome")}</p>
            </div>
          </div>
          <SignInForm />
          {demoUsers.length > 0 && <DemoUsers users={demoUsers} />}
        </div>
      </main>
    </div>
  );
}

function DemoUsers({ users }: { users: DemoUser[] }) {
  const { t } = useTranslation("app");
  const roleNames = useRoleNames();
  const { busy, signIn } = useSignIn();
  return (
    <section className="hr-demo" aria-labelledby="demo-title">
      <h2 id="demo-title">{t("sign_in.demo")}</h2>
      <p className="hr-muted hr-small">{t("sign_in.demo_text")}</p>
      <ul>
        {users.map((user) => (
          <li key={user.login}>
            <button
              type="button"
              className="hr-demo-user"
              disabled={busy}
              onClick={() => signIn(user.login, user.password)}
              data-testid={`demo-${user.login}`}
            >
              <Avatar name={user.name} />
              <span className="hr-demo-name">
                {user.name}
                <small>{roleNames(user.roles)}</small>
              </span>
              <RightOutlined aria-hidden />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
