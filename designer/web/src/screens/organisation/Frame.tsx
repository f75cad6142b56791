// The head of every screen of the organisation: where one is, and the way to the others.

import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import { useMay } from "../../api/session";
import { useNarrow } from "../../theme/mode";
import { PageBody, PageHeader } from "../../ui/page";
import "./organisation.css";

const TABS: [name: string, address: string, permission: string][] = [
  ["departments", "/organisation", "users:read"],
  ["people", "/organisation/people", "users:read"],
  ["posts", "/organisation/posts", "users:read"],
  ["roles", "/roles", "users:read"],
  ["substitutions", "/organisation/substitutions", ""],
  ["rotas", "/organisation/rotas", "users:read"],
  ["import", "/organisation/import", "users:write"],
  ["who", "/organisation/who", "users:read"],
];

interface FrameProps {
  part: string;
  actions?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

export function Frame({ part, actions, wide = false, children }: FrameProps) {
  const { t } = useTranslation(["organisation", "people"]); // those of the picker too
  const narrow = useNarrow();
  const name = t(`tab.${part}`);
  return (
    <>
      <PageHeader
        title={t("title")}
        tab={`${name} · ${t("title")}`}
        {...(narrow ? {} : { subtitle: t("subtitle") })}
        {...(actions === undefined ? {} : { actions })}
        below={<Tabs />}
      />
      <PageBody wide={wide}>{children}</PageBody>
    </>
  );
}

function Tabs() {
  const { t } = useTranslation("organisation");
  const may = useMay();
  const bar = useRef<HTMLElement>(null);
  // On a phone the bar is wider than the window.
  useEffect(() => {
    const active = bar.current?.querySelector<HTMLElement>(".active");
    if (bar.current && active) bar.current.scrollLeft = active.offsetLeft - 60;
  }, []);
  return (
    <nav className="hr-org-tabs" aria-label={t("title")} ref={bar}>
      {TABS.filter(([, , permission]) => may(permission || undefined)).map(([name, address]) => (
        <NavLink key={name} to={address} end data-testid={`org-tab-${name}`}>
          {t(`tab.${name}`)}
        </NavLink>
      ))}
    </nav>
  );
}
