// What the screens of orders share: the head with its ways to the others, and states as a word with a colour.

import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import { useMay } from "../../api/session";
import { PageBody, PageHeader } from "../../ui/page";
import { Tag, type Tone } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { lengthText } from "../../ui/time";
import "../operations/operations.css";
import "./sources.css";

const PARTS = [
  { name: "sources", to: "/sources", permission: "records:read" },
  { name: "exceptions", to: "/sources/exceptions", permission: "records:read" },
  { name: "interfaces", to: "/sources/interfaces", permission: "connections:read" },
  { name: "log", to: "/sources/log", permission: "records:read" },
];

interface FrameProps {
  part: string;
  actions?: ReactNode;
  children: ReactNode;
}

export function Frame({ part, actions, children }: FrameProps) {
  const { t } = useTranslation("sources");
  return (
    <>
      <PageHeader
        title={t(`${part}.title`)}
        subtitle={t(`${part}.subtitle`)}
        {...(actions === undefined ? {} : { actions })}
        below={<Tabs />}
      />
      <PageBody>{children}</PageBody>
    </>
  );
}

function Tabs() {
  const { t } = useTranslation("sources");
  const may = useMay();
  const bar = useRef<HTMLElement>(null);
  // On a phone the bar is wider than the window.
  useEffect(() => {
    const active = bar.current?.querySelector<HTMLElement>(".active");
    if (bar.current && active) bar.current.scrollLeft = active.offsetLeft - 60;
  }, []);
  return (
    <nav className="hr-op-tabs" aria-label={t("parts")} ref={bar}>
      {PARTS.filter((part) => may(part.permission)).map((part) => (
        <NavLink key={part.name} to={part.to} end data-testid={`src-tab-${part.name}`}>
          {t(`${part.name}.tab`)}
        </NavLink>
      ))}
    </nav>
  );
}

const TONES: Record<string, Tone> = {
  green: "ok",
  ok: "ok",
  taken: "ok",
  created: "ok",
  done: "ok",
  amber: "warn",
  failing: "warn",
  deprecated: "warn",
  exception: "warn",
  status_unknown: "warn",
  values_wrong: "warn",
  conflict: "warn",
  went_back: "warn",
  red: "error",
  gone: "error",
  failed: "error",
  refused: "error",
  wrong: "error",
  unreadable: "error",
  running: "info",
  queued: "info",
  open: "info",
  updated: "info",
};

/** `<Word group="health" of="green" />` says `sources:health.green`. */
export function Word({ group, of }: { group: string; of: string }) {
  const { t } = useTranslation("sources");
  return <Tag tone={TONES[of] ?? "neutral"}>{t(`${group}.${of}`)}</Tag>;
}

export function Length({ ms }: { ms: number | null | undefined }) {
  const { language } = useText();
  if (ms === null || ms === undefined) return <>–</>;
  return <>{ms < 1_000 ? `${ms} ms` : lengthText(ms, language)}</>;
}

/** The names of the ways in, one after the other. */
export function WaysText({ ways }: { ways: string[] }) {
  const { t } = useTranslation("sources");
  return <>{ways.map((way) => t(`way.${way}`)).join(" · ") || "–"}</>;
}

/** "2 created, 9 same" in the reader's language; anything else as it is. */
export function Detail({ of }: { of: string }) {
  const { t } = useTranslation("sources");
  const told = of.replace(/(\d+) (created|updated|same|exception|wrong|named)/g, (_, count, word) =>
    t(`outcome.${word}`, { n: count }),
  );
  return <>{told || "–"}</>;
}

/** PT15M as people say it. */
export function Every({ iso }: { iso: string }) {
  const { language } = useText();
  const found = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(iso);
  if (found === null) return <>{iso}</>;
  const [days, hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0));
  const ms =
    ((((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1_000;
  return <>{lengthText(ms, language)}</>;
}
