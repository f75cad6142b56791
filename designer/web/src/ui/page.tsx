// The frame of a screen: its header, and the three states before there is anything to show.

import { ArrowLeftOutlined, InboxOutlined, WarningOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { createContext, type ReactNode, useContext, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useErrorText } from "./errorText";
import "./page.css";

/** What the shell adds to every header: the bell, on a phone. */
export const HeaderExtra = createContext<ReactNode>(null);

/** What waits for the person, told by the browser's tab before the title. */
export const TabCount = createContext(0);

interface PageHeaderProps {
  title: ReactNode;
  /** What the browser tab says; the title itself when that is text. */
  tab?: string;
  subtitle?: ReactNode;
  back?: string;
  actions?: ReactNode;
  /** Tabs or filters below the title. */
  below?: ReactNode;
}

export function PageHeader({ title, tab, subtitle, back, actions, below }: PageHeaderProps) {
  const { t } = useTranslation("app");
  const extra = useContext(HeaderExtra);
  const count = useContext(TabCount);
  const named = tab ?? (typeof title === "string" ? title : "");
  useEffect(() => {
    const waiting = count > 0 ? `(${count}) ` : "";
    document.title = waiting + (named ? `${named} · ${t("product")}` : t("product"));
  }, [named, count, t]);
  return (
    <header className="hr-page-header">
      <div
        className={back === undefined ? "hr-page-header-row" : "hr-page-header-row hr-page-deep"}
      >
        {back !== undefined && (
          <Link
            to={back}
            className="hr-icon-link"
            aria-label={t("action.back")}
            data-testid="btn-back"
          >
            <ArrowLeftOutlined aria-hidden />
          </Link>
        )}
        <div className="hr-page-title">
          <h1>{title}</h1>
          {subtitle !== undefined && <p className="hr-muted">{subtitle}</p>}
        </div>
        {actions !== undefined && <div className="hr-page-actions">{actions}</div>}
        {extra}
      </div>
      {below}
    </header>
  );
}

/** The scrolling ground of an ordinary screen. */
export function PageBody({ children, wide }: { children: ReactNode; wide?: boolean }) {
  return <div className={wide ? "hr-page-body hr-page-wide" : "hr-page-body"}>{children}</div>;
}

export function Card({
  title,
  actions,
  children,
  className,
  testId,
}: {
  title?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
  testId?: string;
}) {
  return (
    <section className={`hr-card ${className ?? ""}`} data-testid={testId}>
      {title !== undefined && (
        <div className="hr-card-head">
          <h2>{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}

interface EmptyStateProps {
  icon?: ReactNode;
  title: ReactNode;
  text?: ReactNode;
  action?: ReactNode;
  testId?: string;
}

export function EmptyState({ icon, title, text, action, testId }: EmptyStateProps) {
  return (
    <div className="hr-empty" data-testid={testId ?? "empty"}>
      <span className="hr-empty-icon" aria-hidden>
        {icon ?? <InboxOutlined />}
      </span>
      <p className="hr-empty-title">{title}</p>
      {text !== undefined && <p className="hr-muted">{text}</p>}
      {action !== undefined && <div className="hr-empty-action">{action}</div>}
    </div>
  );
}

export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation("app");
  const textOf = useErrorText();
  return (
    <div className="hr-empty" role="alert" data-testid="error-state">
      <span className="hr-empty-icon hr-tone-error" aria-hidden>
        <WarningOutlined />
      </span>
      <p className="hr-empty-title">{t("state.failed")}</p>
      <p className="hr-muted">{textOf(error)}</p>
      {onRetry !== undefined && (
        <div className="hr-empty-action">
          <Button onClick={onRetry} data-testid="btn-retry">
            {t("action.retry")}
          </Button>
        </div>
      )}
    </div>
  );
}

/** Grey rows in the place of what is coming. */
export function Loading({ rows = 4, tall = false }: { rows?: number; tall?: boolean }) {
  const { t } = useTranslation("app");
  return (
    <div className="hr-loading" role="status" aria-label={t("state.loading")}>
      {Array.from({ length: rows }, (_, row) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all the same
          key={row}
          className={tall ? "hr-skeleton hr-skeleton-tall" : "hr-skeleton"}
          style={{ width: `${96 - ((row * 17) % 30)}%` }}
        />
      ))}
    </div>
  );
}
