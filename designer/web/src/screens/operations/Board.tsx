// The board of a flow: what waits at which step, for how long, and where it piles up.

import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { api } from "../../api/client";
import type { FlowSummary, Page } from "../../api/types";
import { type Column, DataTable } from "../../ui/DataTable";
import { EmptyState, ErrorState, Loading } from "../../ui/page";
import { Tag } from "../../ui/StatusTag";
import { type Text, useText } from "../../ui/text";
import { lengthText, RelativeTime } from "../../ui/time";
import { Frame } from "./Frame";
import "../../ui/form/SchemaForm.css";

interface Stage {
  node: string;
  name: Text;
  waiting: number;
  late: number;
  oldest_at: string | null;
  came_today: number;
  ended_today: number;
  ended: number;
  mean_ms: number | null;
  p90_ms: number | null;
  bottleneck: boolean;
}

interface BoardOf {
  flow_key: string;
  version: number;
  days: number;
  stages: Stage[];
}

const SPANS = [7, 30, 90];
const FLOWS_MAX = 200;
const ASK_EVERY_MS = 30_000;

export default function Board() {
  const { t } = useTranslation("operations");
  const { text } = useText();
  const [params, setParams] = useSearchParams();
  const flows = useQuery({
    queryKey: ["flows", "for-filter"],
    queryFn: ({ signal }) =>
      api.get<Page<FlowSummary>>(`/api/flows?limit=${FLOWS_MAX}`, { signal }),
  });
  const published = flows.data?.items.filter((flow) => flow.published_version !== null);
  const key = params.get("flow") ?? busiest(published ?? [])?.key ?? "";
  const days = Number(params.get("days")) || 30;
  const choose = (name: string, value: string) => {
    const next = new URLSearchParams(params);
    next.set(name, value);
    setParams(next, { replace: true });
  };
  return (
    <Frame part="board">
      {flows.error !== null && published === undefined ? (
        <ErrorState error={flows.error} onRetry={() => void flows.refetch()} />
      ) : published === undefined ? (
        <Loading />
      ) : published.length === 0 ? (
        <EmptyState title={t("board.no_flows")} text={t("board.no_flows_text")} />
      ) : (
        <div className="hr-stack">
          <div className="hr-bar">
            <select
              className="hr-input hr-op-select"
              aria-label={t("flow")}
              value={key}
              onChange={(event) => choose("flow", event.target.value)}
              data-testid="board-flow"
            >
              {published.map((flow) => (
                <option key={flow.key} value={flow.key}>
                  {text(flow.name) || flow.key}
                </option>
              ))}
            </select>
            <select
              className="hr-input hr-op-select"
              aria-label={t("board.span")}
              value={days}
              onChange={(event) => choose("days", event.target.value)}
              data-testid="board-days"
            >
              {SPANS.map((span) => (
                <option key={span} value={span}>
                  {t("board.last_days", { count: span })}
                </option>
              ))}
            </select>
          </div>
          <Stages key={`${key} ${days}`} flow={key} days={days} />
        </div>
      )}
    </Frame>
  );
}

/** Without a choice, the flow through which most goes now. */
function busiest(flows: FlowSummary[]): FlowSummary | undefined {
  return flows.reduce<FlowSummary | undefined>(
    (most, flow) => (most && most.open_instances >= flow.open_instances ? most : flow),
    undefined,
  );
}

function Stages({ flow, days }: { flow: string; days: number }) {
  const { t } = useTranslation("operations");
  const { text, language } = useText();
  const took = (ms: number | null) => (ms === null ? "–" : lengthText(ms, language));
  const { data, error, refetch } = useQuery({
    queryKey: ["board", flow, days],
    queryFn: ({ signal }) => api.get<BoardOf>(`/api/flows/${flow}/board?days=${days}`, { signal }),
    refetchInterval: ASK_EVERY_MS,
  });
  if (data === undefined) {
    return error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading />;
  }
  const columns: Column<Stage>[] = [
    {
      key: "stage",
      title: t("board.stage"),
      render: (row) => (
        <span className="hr-op-stage">
          {text(row.name) || row.node}
          {row.bottleneck && row.waiting > 1 && <Tag tone="warn">{t("board.bottleneck")}</Tag>}
        </span>
      ),
    },
    { key: "waiting", title: t("board.waiting"), align: "right", render: (row) => row.waiting },
    {
      key: "late",
      title: t("board.late"),
      align: "right",
      render: (row) => (row.late > 0 ? <Tag tone="error">{row.late}</Tag> : 0),
    },
    {
      key: "oldest",
      title: t("board.oldest"),
      render: (row) => <RelativeTime at={row.oldest_at} />,
    },
    {
      key: "today",
      title: t("board.today"),
      render: (row) => t("board.came_and_went", { came: row.came_today, went: row.ended_today }),
    },
    { key: "ended", title: t("board.ended"), align: "right", render: (row) => row.ended },
    { key: "mean", title: t("board.mean"), align: "right", render: (row) => took(row.mean_ms) },
    { key: "p90", title: t("board.p90"), align: "right", render: (row) => took(row.p90_ms) },
  ];
  return (
    <>
      <DataTable
        label={t("board.title")}
        columns={columns}
        rows={data.stages}
        rowKey={(row) => row.node}
        testId={(row) => `stage-${row.node}`}
        empty={<EmptyState title={t("board.none")} text={t("board.none_text")} />}
      />
      <p className="hr-muted hr-small">
        {t("board.help", { count: data.days })} <Link to={`/flows/${flow}`}>{t("see_flow")}</Link>
      </p>
    </>
  );
}
