// Navigation: a side bar on a desk, a bar at the bottom on a phone. Shows only what the person may open.

import { MenuFoldOutlined, MenuOutlined, MenuUnfoldOutlined } from "@ant-design/icons";
import { Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, matchPath, NavLink, Outlet, useLocation } from "react-router";
import { useMay } from "../api/session";
import type { Nav, Screen } from "../screens/screen";
import { useMedia, useNarrow } from "../theme/mode";
import { HeaderExtra, Loading, TabCount } from "../ui/page";
import { Bell } from "./Bell";
import { Logo } from "./Logo";
import { useLiveInbox } from "./live";
import { UserMenu } from "./UserMenu";
import { useWorkspaceName } from "./useWorkspaceName";
import "./Shell.css";

export const PHONE_BAR = ["tasks", "start", "instances"];
const GROUPS = ["work", "build", "run", "manage"] as const;
const KEY = "headrace.sidebar";

export interface NavItem extends Nav {
  name: string;
  address: string;
}

/** The screens in the navigation that the person may open, in order. */
export function navItems(screens: Screen[], may: ReturnType<typeof useMay>): NavItem[] {
  return screens
    .flatMap(({ path, nav }) => {
      if (!nav || !may(nav.permission)) return [];
      const address = nav.to ?? path.replace(/\/[:*].*$/, "");
      return [{ ...nav, address: address || "/", name: address.split("/")[1] || "home" }];
    })
    .sort((one, other) => one.order - other.order);
}

/** The same by what they are for; a group in which there is nothing is left out. */
export function navGroups(items: NavItem[]): [group: (typeof GROUPS)[number], own: NavItem[]][] {
  return GROUPS.map((group, index): [typeof group, NavItem[]] => [
    group,
    items.filter((item) => Math.min(Math.floor(item.order / 100), 3) === index),
  ]).filter(([, own]) => own.length > 0);
}

export function Shell({ screens }: { screens: Screen[] }) {
  const { t } = useTranslation("app");
  const narrow = useNarrow();
  const location = useLocation();
  const items = navItems(screens, useMay());
  const todo = useLiveInbox()?.todo ?? 0;
  useAppBadge(todo);
  const current = screens.find((screen) => matchPath(screen.path, location.pathname));
  const counts = { tasks: todo };
  const deep = current?.wholeWindow ?? false;
  return (
    <div className="hr-shell">
      <a className="hr-skip" href="#main">
        {t("shell.skip")}
      </a>
      {!narrow && <SideBar items={items} counts={counts} rail={deep} />}
      <main className="hr-main" id="main" tabIndex={-1}>
        <TabCount.Provider value={todo}>
          <HeaderExtra.Provider value={narrow ? <Bell /> : null}>
            <Suspense fallback={<ScreenLoading />} key={current?.path ?? ""}>
              <Outlet context={items} />
            </Suspense>
          </HeaderExtra.Provider>
        </TabCount.Provider>
      </main>
      {narrow && !deep && <BottomBar items={items} counts={counts} />}
    </div>
  );
}

interface BarProps {
  items: NavItem[];
  counts: Record<string, number>;
}

function SideBar({ items, counts, rail }: BarProps & { rail: boolean }) {
  const { t } = useTranslation("app");
  const small = useMedia("(max-width: 1099px)");
  const [choice, setChoice] = useState(() => localStorage.getItem(KEY));
  const named = useWorkspaceName();
  const folded = rail || (choice === null ? small : choice === "folded");
  const fold = () => {
    const next = folded ? "open" : "folded";
    localStorage.setItem(KEY, next);
    setChoice(next);
  };
  return (
    <aside className={folded ? "hr-side hr-side-folded" : "hr-side"}>
      <div className="hr-side-head">
        <Link to="/" className="hr-brand" aria-label={folded ? t("product") : undefined}>
          <Logo />
          {!folded && (
            <span className="hr-brand-name">
              {t("product")}
              {named && <small>{named}</small>}
            </span>
          )}
        </Link>
        {!folded && <Bell />}
      </div>
      {folded && <Bell />}
      <nav className="hr-nav" aria-label={t("shell.navigation")}>
        {navGroups(items).map(([group, own]) => (
          <div key={group} className="hr-nav-group">
            {!folded && group !== "work" && <p className="hr-nav-title">{t(`shell.${group}`)}</p>}
            {own.map((item) => (
              <NavEntry key={item.name} item={item} count={counts[item.name]} folded={folded} />
            ))}
          </div>
        ))}
      </nav>
      <div className="hr-side-foot">
        <UserMenu folded={folded} />
        {!rail && (
          <button
            type="button"
            className="hr-icon-link"
            onClick={fold}
            aria-label={t(folded ? "shell.unfold" : "shell.fold")}
            aria-expanded={!folded}
          >
            {folded ? <MenuUnfoldOutlined aria-hidden /> : <MenuFoldOutlined aria-hidden />}
          </button>
        )}
      </div>
    </aside>
  );
}

interface NavEntryProps {
  item: NavItem;
  count: number | undefined;
  folded?: boolean;
}

export function NavEntry({ item, count, folded = false }: NavEntryProps) {
  const { t } = useTranslation(["app", item.labelKey.split(":")[0] ?? "app"]);
  const Icon = item.icon;
  const label = t(item.labelKey);
  return (
    <NavLink
      to={item.address}
      end={item.address === "/"}
      className="hr-nav-entry"
      title={folded ? label : undefined}
      data-testid={`nav-${item.name}`}
    >
      <span className="hr-nav-icon" aria-hidden>
        <Icon />
      </span>
      <span className={folded ? "hr-hidden" : "hr-nav-label"}>{label}</span>
      {count ? (
        <span className="hr-nav-count">
          {count > 99 ? "99+" : count}
          <span className="hr-hidden"> {t("shell.waiting_for_you")}</span>
        </span>
      ) : null}
    </NavLink>
  );
}

function BottomBar({ items, counts }: BarProps) {
  const { t } = useTranslation("app");
  const shown = PHONE_BAR.flatMap((name) => items.filter((item) => item.name === name));
  return (
    <nav className="hr-bottom" aria-label={t("shell.navigation")}>
      {shown.map((item) => (
        <NavEntry key={item.name} item={item} count={counts[item.name]} />
      ))}
      <NavLink to="/more" className="hr-nav-entry" data-testid="nav-more">
        <span className="hr-nav-icon" aria-hidden>
          <MenuOutlined />
        </span>
        <span className="hr-nav-label">{t("nav.more")}</span>
      </NavLink>
    </nav>
  );
}

/** The number on the icon, where the page was put on a phone's start screen. */
function useAppBadge(count: number): void {
  useEffect(() => {
    // Where it is not possible it is not missed: the number stands in the page and in the tab too.
    void navigator.setAppBadge?.(count).catch(() => undefined);
  }, [count]);
}

function ScreenLoading() {
  return (
    <div className="hr-page-body">
      <Loading rows={6} />
    </div>
  );
}
