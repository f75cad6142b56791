// Requests as they came in, with what was answered; one can be run once more in test mode.

import { InboxOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import { type Column, DataTable } from "../../ui/DataTable";
import { useErrorText } from "../../ui/errorText";
import { JsonView } from "../../ui/JsonView";
import { EmptyState, ErrorState, Loading } from "../../ui/page";
import { Segments } from "../../ui/Segments";
import { Sheet } from "../../ui/Sheet";
import { ExactTime } from "../../ui/time";
import { Detail, Frame, Length, Word } from "./parts";
import type { Inflow, InflowWhole } from "./types";

const VERDICTS = ["", "taken", "duplicate", "exception", "refused", "wrong"];

export default function RawLog() {
  const { t } = useTranslation("sources");
  const may = useMay();
  const [query, setQuery] = useSearchParams();
  const [open, setOpen] = useState<number | null>(null);
  const verdict = VERDICTS.find((one) => one === query.get("verdict")) ?? "";
  const digest = query.get("digest");
  const list = useList<Inflow>("/api/inflows", { verdict, digest }, { everyMs: 10_000 });
  const columns: Column<Inflow>[] = [
    { key: "at", title: t("log.at"), render: (one) => <ExactTime at={one.at} /> },
    {
      key: "verdict",
      title: t("log.verdict"),
      phone: "corner",
      render: (one) => <Word group="verdict" of={one.verdict} />,
    },
    { key: "source", title: t("source"), render: (one) => one.source },
    { key: "way", title: t("log.way"), render: (one) => t(`way.${one.way}`) },
    { key: "detail", title: t("log.detail"), render: (one) => <Detail of={one.detail} /> },
    {
      key: "took",
      title: t("log.took"),
      align: "right",
      render: (one) => <Length ms={one.took_ms} />,
    },
    {
      key: "digest",
      title: t("log.digest"),
      phone: "hidden",
      render: (one) => <code>{one.digest.slice(0, 10)}</code>,
    },
  ];
  return (
    <Frame part="log">
      <div className="hr-src-filters">
        <Segments
          label={t("log.verdict")}
          options={VERDICTS.map((one) => ({
            value: one,
            title: one ? t(`verdict.${one}`) : t("all"),
          }))}
          value={verdict}
          onChange={(one) => setQuery(one ? { verdict: one } : {}, { replace: true })}
        />
        {digest !== null && (
          <Button onClick={() => setQuery({}, { replace: true })}>{t("log.all_again")}</Button>
        )}
      </div>
      <DataTable
        label={t("log.title")}
        columns={columns}
        {...list}
        rowKey={(one) => String(one.id)}
        testId={(one) => `inflow-${one.id}`}
        {...(may("records:write") ? { onOpen: (one: Inflow) => setOpen(one.id) } : {})}
        empty={
          <EmptyState icon={<InboxOutlined />} title={t("log.empty")} text={t("log.empty_text")} />
        }
      />
      {open !== null && (
        <One
          id={open}
          onSame={(same) => {
            setOpen(null);
            setQuery({ digest: same });
          }}
          onClose={() => setOpen(null)}
        />
      )}
    </Frame>
  );
}

interface OneProps {
  id: number;
  onSame: (digest: string) => void;
  onClose: () => void;
}

function One({ id, onSame, onClose }: OneProps) {
  const { t } = useTranslation("sources");
  const { message } = App.useApp();
  const textOf = useErrorText();
  const [replayed, setReplayed] = useState<unknown>(null);
  const { data, error, refetch } = useQuery({
    queryKey: ["/api/inflows", id],
    queryFn: ({ signal }) => api.get<InflowWhole>(`/api/inflows/${id}`, { signal }),
  });
  const replay = async () => {
    try {
      setReplayed(await api.post(`/api/inflows/${id}/replay`));
    } catch (problem) {
      message.error(textOf(problem));
    }
  };
  return (
    <Sheet
      title={t("log.one")}
      onClose={onClose}
      wide
      foot={
        data && (
          <>
            <Button onClick={() => onSame(data.digest)}>{t("log.same")}</Button>
            <Button type="primary" onClick={replay} data-testid="btn-replay">
              {t("log.replay")}
            </Button>
          </>
        )
      }
    >
      {data === undefined ? (
        error ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : (
          <Loading />
        )
      ) : (
        <div className="hr-stack">
          <p>
            <Word group="verdict" of={data.verdict} /> {data.source} · {t(`way.${data.way}`)} ·{" "}
            <Detail of={data.detail} />
          </p>
          <p className="hr-muted">
            {t("log.digest")} <code>{data.digest}</code>
          </p>
          {data.first !== null && <p>{t("log.seen_before", { id: data.first })}</p>}
          {replayed !== null && (
            <>
              <h3>{t("log.replayed")}</h3>
              <p className="hr-muted">{t("log.replayed_text")}</p>
              <JsonView value={(replayed as { items: unknown }).items} label={t("log.replayed")} />
            </>
          )}
          <h3>{t("log.headers")}</h3>
          <JsonView value={{ ...data.headers, ...data.query }} label={t("log.headers")} />
          <h3>{t("log.body")}</h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <pre className="hr-src-body" tabIndex={0}>
            {data.body}
          </pre>
          {data.cut && <p className="hr-muted">{t("log.cut")}</p>}
          <h3>{t("log.reply")}</h3>
          <code>
            {data.status} {data.reply}
          </code>
        </div>
      )}
    </Sheet>
  );
}
