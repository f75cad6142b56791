// The head of every screen for operators: where one is, and the way to the others.

import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import { useMay } from "../../api/session";
import { PageBody, PageHeader } from "../../ui/page";
import "./operations.css";
import { PARTS } from "./parts";

interface FrameProps {
  part: string;
  actions?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

export function Frame({ part, actions, wide = false, children }: FrameProps) {
  const { t } = useTranslation("operations");
  return (
    <>
      <PageHeader
        title={t(`${part}.title`)}
        subtitle={t(`${part}.subtitle`)}
        {...(actions === undefined ? {} : { actions })}
        below={<Tabs />}
      />
      <PageBody wide={wide}>{children}</PageBody>
    </>
  );
}

export function Tabs() {
  const { t } = useTranslation("operations");
  const may = useMay();
  const bar = useRef<HTMLElement>(null);
  // On a phone the bar is wider than the window.
  useEffect(() => {
    const active = bar.current?.querySelector<HTMLElement>(".active");
    if (bar.current && active) bar.current.scrollLeft = active.offsetLeft - 60;
  }, []);
  return (
    <nav className="hr-op-tabs" aria-label={t("title")} ref={bar}>
      <NavLink to="/operations" end data-testid="op-tab-overview">
        {t("overview.tab")}
      </NavLink>
      {PARTS.filter((part) => may(part.permission)).map((part) => (
        <NavLink key={part.name} to={part.address} data-testid={`op-tab-${part.name}`}>
          {t(`${part.name}.title`)}
        </NavLink>
      ))}
    </nav>
  );
}
