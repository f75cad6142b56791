// The signed-in person at the foot of the side bar: preferences, account, sign-out.

import { LogoutOutlined, UserOutlined } from "@ant-design/icons";
import { useCallback, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSession } from "../api/session";
import { LanguageSwitch, ModeSwitch } from "./Preferences";
import { useOutside } from "./useOutside";
import { useRoleNames } from "./useRoleNames";
import "./UserMenu.css";

export function UserMenu({ folded }: { folded: boolean }) {
  const { t } = useTranslation("app");
  const user = useSession((state) => state.user);
  const signOut = useSession((state) => state.signOut);
  const roleNames = useRoleNames();
  const [open, setOpen] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const close = useCallback(() => setOpen(false), []);
  useOutside(frame, open, close);
  if (user === null) return null;
  return (
    <div className="hr-user" ref={frame}>
      <button
        type="button"
        className="hr-user-button"
        aria-expanded={open}
        aria-label={folded ? user.name : undefined}
        onClick={() => setOpen(!open)}
        data-testid="user-menu"
      >
        <Avatar name={user.name} />
        {!folded && (
          <span className="hr-user-name">
            {user.name}
            <small>{roleNames(user.roles)}</small>
          </span>
        )}
      </button>
      {open && (
        <section className="hr-menu hr-user-panel" aria-label={user.name}>
          <div className="hr-user-row">
            <LanguageSwitch />
          </div>
          <div className="hr-user-row">
            <ModeSwitch />
          </div>
          <Link className="hr-menu-item" to="/account" onClick={close} data-testid="nav-account">
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
        </section>
      )}
    </div>
  );
}

/** The last two characters of a Chinese name, else the first letter: 林晓 → 林晓, 客服 Ann → A. */
export function Avatar({ name }: { name: string }) {
  const letter = /[a-z]/i.exec(name)?.[0].toUpperCase();
  const sign = letter ?? name.trim().slice(-2);
  return (
    <span className="hr-avatar" aria-hidden>
      {sign}
    </span>
  );
}
