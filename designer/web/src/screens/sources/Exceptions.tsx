// Orders nobody could read yet: say what a status means, take them again, accept or leave them.

import { CheckCircleOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import { type Column, DataTable } from "../../ui/DataTable";
import { useErrorText } from "../../ui/errorText";
import { JsonView } from "../../ui/JsonView";
import { EmptyState, ErrorState, Loading } from "../../ui/page";
import { Segments } from "../../ui/Segments";
import { Sheet } from "../../ui/Sheet";
import { RelativeTime } from "../../ui/time";
import { Frame, Word } from "./parts";
import type { OrderException, Preview } from "./types";

const STATUSES = ["open", "done", "dismissed"] as const;
const ORDER_STATES = [
  "unpaid",
  "paid",
  "held",
  "part_shipped",
  "shipped",
  "signed",
  "completed",
  "cancelled",
  "refunded",
];
const REFUND_STATES = ["requested", "approved", "returning", "refunded", "refused", "closed"];

type Whole = OrderException & { payload: unknown; preview: Preview | null };

export default function Exceptions() {
  const { t } = useTranslation("sources");
  const [query, setQuery] = useSearchParams();
  const [open, setOpen] = useState<number | null>(null);
  const status = STATUSES.find((one) => one === query.get("status")) ?? "open";
  const source = query.get("source");
  const list = useList<OrderException>("/api/order-exceptions", { status, source });
  const columns: Column<OrderException>[] = [
    {
      key: "order",
      title: t("exception.order"),
      render: (one) => one.record_key || t("exception.no_number"),
    },
    {
      key: "kind",
      title: t("exception.why"),
      phone: "corner",
      render: (one) => <Word group="exception_kind" of={one.kind} />,
    },
    {
      key: "code",
      title: t("map.code"),
      render: (one) => (one.code ? <code>{one.code}</code> : "–"),
    },
    { key: "source", title: t("source"), render: (one) => one.source },
    { key: "times", title: t("exception.times"), align: "right", render: (one) => one.times },
    { key: "at", title: t("exception.at"), render: (one) => <RelativeTime at={one.updated_at} /> },
  ];
  return (
    <Frame part="exceptions">
      <div className="hr-src-filters">
        <Segments
          label={t("exception.status")}
          options={STATUSES.map((one) => ({ value: one, title: t(`exception_status.${one}`) }))}
          value={status}
          onChange={(one) =>
            setQuery({ status: one, ...(source ? { source } : {}) }, { replace: true })
          }
        />
        {source !== null && (
          <Button onClick={() => setQuery({ status }, { replace: true })}>
            {t("only_source", { source })}
          </Button>
        )}
      </div>
      <DataTable
        label={t("exceptions.title")}
        columns={columns}
        {...list}
        rowKey={(one) => String(one.id)}
        testId={(one) => `exception-${one.id}`}
        onOpen={(one) => setOpen(one.id)}
        empty={
          <EmptyState
            icon={<CheckCircleOutlined />}
            title={t(`exceptions.empty_${status}`)}
            text={t("exceptions.empty_text")}
          />
        }
      />
      {open !== null && <One id={open} onClose={() => setOpen(null)} />}
    </Frame>
  );
}

function One({ id, onClose }: { id: number; onClose: () => void }) {
  const { t } = useTranslation("sources");
  const { data, error, refetch } = useQuery({
    queryKey: ["/api/order-exceptions", id],
    queryFn: ({ signal }) => api.get<Whole>(`/api/order-exceptions/${id}`, { signal }),
  });
  return (
    <Sheet title={data?.record_key || t("exception.order")} onClose={onClose} wide>
      {data === undefined ? (
        error ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : (
          <Loading />
        )
      ) : (
        <Shown found={data} onDone={onClose} />
      )}
    </Sheet>
  );
}

function Shown({ found, onDone }: { found: Whole; onDone: () => void }) {
  const { t } = useTranslation("sources");
  const { message } = App.useApp();
  const textOf = useErrorText();
  const may = useMay();
  const queries = useQueryClient();
  const states = found.what === "order" ? ORDER_STATES : REFUND_STATES;
  const [state, setState] = useState<string | null>(null);
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const act = async (
    what: string,
    body: unknown,
    said: (answer: Record<string, unknown>) => string,
  ) => {
    setBusy(true);
    try {
      const answer = await api.post<Record<string, unknown>>(
        `/api/order-exceptions/${found.id}/${what}`,
        body,
      );
      message.info(said(answer));
      await queries.invalidateQueries({ queryKey: ["/api/order-exceptions"] });
      await queries.invalidateQueries({ queryKey: ["/api/order-exceptions", found.id] });
      if (what !== "retry" || answer["status"] === "done") onDone();
    } catch (error) {
      message.error(textOf(error));
    } finally {
      setBusy(false);
    }
  };
  const held = found.kind === "went_back" || found.kind === "conflict";
  return (
    <div className="hr-stack">
      <p>
        <Word group="exception_kind" of={found.kind} /> {t(`exception_help.${found.kind}`)}
      </p>
      {found.problems.map((problem) => (
        <div className="hr-src-trouble" key={`${problem.path} ${problem.code}`}>
          {t(`problem.${problem.code}`, { ...problem.params, defaultValue: problem.message })}
        </div>
      ))}
      {found.status === "open" && found.kind === "status_unknown" && may("tables:write") && (
        <div className="hr-src-filters">
          <Select
            value={state}
            placeholder={t("exception.means")}
            aria-label={t("exception.means")}
            style={{ minWidth: 180 }}
            options={states.map((value) => ({ value, label: t(`state.${value}`) }))}
            onChange={setState}
            data-testid="learn-state"
          />
          <Button
            type="primary"
            disabled={state === null}
            loading={busy}
            onClick={() =>
              act("learn", { state }, (answer) =>
                t("exception.learned", { taken: answer["taken"], failed: answer["failed"] }),
              )
            }
            data-testid="btn-learn"
          >
            {t("exception.learn")}
          </Button>
        </div>
      )}
      {found.status === "open" && may("records:write") && (
        <>
          <div className="hr-src-filters">
            {held ? (
              <Button
                type="primary"
                loading={busy}
                onClick={() => act("accept", {}, () => t("exception.accepted"))}
              >
                {t("exception.accept")}
              </Button>
            ) : (
              <Button
                loading={busy}
                onClick={() =>
                  act("retry", {}, (answer) =>
                    answer["status"] === "done" ? t("exception.taken") : t("exception.still"),
                  )
                }
                data-testid="btn-retry-exception"
              >
                {t("exception.retry")}
              </Button>
            )}
            <Link to={`/sources/at/${found.source}?view=map`}>{t("exception.mend_map")}</Link>
          </div>
          <div className="hr-src-filters">
            <Input
              value={note}
              maxLength={1_000}
              placeholder={t("exception.why_not")}
              aria-label={t("exception.why_not")}
              onChange={(event) => setNote(event.target.value)}
              style={{ maxWidth: 320 }}
            />
            <Button
              danger
              disabled={note.trim() === ""}
              loading={busy}
              onClick={() => act("dismiss", { note }, () => t("exception.dismissed"))}
            >
              {t("exception.dismiss")}
            </Button>
          </div>
        </>
      )}
      {found.note && <p className="hr-muted">{found.note}</p>}
      <JsonView value={found.payload} label={t("map.sample")} />
    </div>
  );
}
