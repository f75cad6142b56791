// The bell: what was told to the person. A panel on a desk, a screen of its own on a phone.

import { BellOutlined } from "@ant-design/icons";
import { Suspense, useCallback, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useNarrow } from "../theme/mode";
import { lazy } from "../ui/lazy";
import { Loading } from "../ui/page";
import { useNotifications } from "./notifications";
import { useOutside } from "./useOutside";
import "./Bell.css";

const NotificationList = lazy(() =>
  import("./NotificationList").then((module) => ({ default: module.NotificationList })),
);

export function Bell() {
  const { t } = useTranslation("app");
  const narrow = useNarrow();
  const { data } = useNotifications();
  const [open, setOpen] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const close = useCallback(() => setOpen(false), []);
  useOutside(frame, open, close);
  const unread = data?.items.filter((item) => !item.read).length ?? 0;
  const label = unread > 0 ? t("bell.unread", { count: unread }) : t("bell.title");
  const sign = (
    <>
      <BellOutlined aria-hidden />
      {unread > 0 && (
        <span className="hr-bell-count" aria-hidden>
          {unread > 99 ? "99+" : unread}
        </span>
      )}
    </>
  );
  if (narrow) {
    return (
      <Link
        to="/notifications"
        className="hr-icon-link hr-bell"
        aria-label={label}
        data-testid="bell"
      >
        {sign}
      </Link>
    );
  }
  return (
    <div className="hr-bell-frame" ref={frame}>
      <button
        type="button"
        className="hr-icon-link hr-bell"
        aria-label={label}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        data-testid="bell"
      >
        {sign}
      </button>
      {open && (
        <section className="hr-menu hr-bell-panel" aria-label={t("bell.title")}>
          <h2 className="hr-bell-title">{t("bell.title")}</h2>
          <Suspense fallback={<Loading />}>
            <NotificationList onOpen={close} />
          </Suspense>
        </section>
      )}
    </div>
  );
}
