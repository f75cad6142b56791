// On a phone, everything that has no place in the bottom bar.

import { LogoutOutlined, UserOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay, useSession } from "../api/session";
import type { Screen } from "../screens/screen";
import { Card, PageBody, PageHeader } from "../ui/page";
import { LanguageSwitch, ModeSwitch } from "./Preferences";
import { NavEntry, navGroups, navItems, PHONE_BAR } from "./Shell";
import { Avatar } from "./UserMenu";
import { useRoleNames } from "./useRoleNames";

export function More({ screens }: { screens: Screen[] }) {
  const { t } = useTranslation("app");
  const { user, signOut } = useSession();
  const roleNames = useRoleNames();
  const items = navItems(screens, useMay()).filter(({ name }) => !PHONE_BAR.includes(name));
  return (
    <>
      <PageHeader title={t("nav.more")} />
      <PageBody>
        <div className="hr-stack">
          <Card>
            <div className="hr-row">
              <Avatar name={user?.name ?? ""} />
              <strong>{user?.name}</strong>
              <span className="hr-muted">{roleNames(user?.roles ?? [])}</span>
            </div>
          </Card>
          <nav aria-label={t("nav.more")} className="hr-stack hr-more-nav">
            {navGroups(items).map(([group, own]) => (
              <Card key={group} {...(group === "work" ? {} : { title: t(`shell.${group}`) })}>
                {own.map((item) => (
                  <NavEntry key={item.name} item={item} count={undefined} />
                ))}
              </Card>
            ))}
          </nav>
          <Card title={t("account.preferences")}>
            <div className="hr-row">
              <LanguageSwitch />
              <ModeSwitch />
            </div>
          </Card>
          <Card>
            <Link className="hr-menu-item" to="/account" data-testid="nav-account">
              <UserOutlined aria-hidden /> {t("nav.account")}
            </Link>
            <button
              type="button"
              className="hr-menu-item"
              onClick={signOut}
              data-testid="btn-sign-out"
            >
              <LogoutOutlined aria-hidden /> {t("action.sign_out")}
            </button>
          </Card>
        </div>
      </PageBody>
    </>
  );
}
