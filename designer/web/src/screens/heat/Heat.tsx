// Many instances over one drawing: where they wait, where they fail, which way they go; and who is behind each number.

import { useQuery } from "@tanstack/react-query";
import { Progress, Select } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { api, query } from "../../api/client";
import { FlowDrawing } from "../../editor/canvas/FlowDrawing";
import type { FlowDocument, NodeTypes } from "../../editor/document";
import { span } from "../../editor/duration";
import { useNodeTypes } from "../../editor/remote";
import { nameOf } from "../../editor/variables";
import { type Column, DataTable } from "../../ui/DataTable";
import { EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { Segments } from "../../ui/Segments";
import { Sheet } from "../../ui/Sheet";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import "./heat.css";
import {
  DAYS,
  type HeatMap,
  type HeatNode,
  MEASURES,
  type Measure,
  marksOf,
  measured,
  plain,
  warmth,
} from "./heat";

const DAY_MS = 86_400_000;

export default function Heat() {
  const { t } = useTranslation(["heat", "editor"]);
  const { text } = useText();
  const { key = "" } = useParams();
  const [asked, setAsked] = useSearchParams();
  const version = asked.get("version") ?? "";
  const days = DAYS.find((one) => String(one) === asked.get("days")) ?? 30;
  const measure = MEASURES.find((one) => one === asked.get("by")) ?? "median";
  const [from] = useFrom(days);
  const counting = useCounting(key);
  const { types } = useNodeTypes();
  const heat = useQuery({
    queryKey: ["heat", key, version, from, counting.round],
    queryFn: () => api.get<HeatMap>(`/api/flows/${key}/heat${query({ version, from })}`),
    placeholderData: (before) => before,
  });
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(asked);
    value === "" ? next.delete(name) : next.set(name, value);
    setAsked(next, { replace: true });
  };
  const map = heat.data;
  const versions = [...new Set([...(map?.versions ?? []), map?.drawn ?? 0])].filter(Boolean);
  return (
    <>
      <PageHeader
        title={t("title", { name: text(map?.document?.name) || key })}
        tab={t("tab")}
        subtitle={t("subtitle")}
        back={`/flows/${key}`}
      />
      <PageBody wide>
        <div className="hr-bar hr-heat-bar">
          <Segments
            label={t("by")}
            testId="by"
            options={MEASURES.map((value) => ({ value, title: t(`measure.${value}`) }))}
            value={measure}
            onChange={(value) => set("by", value)}
          />
          <Select
            value={String(days)}
            options={DAYS.map((value) => ({
              value: String(value),
              label: t("days", { count: value }),
            }))}
            onChange={(value) => set("days", value)}
            popupMatchSelectWidth={false}
            aria-label={t("period")}
            data-testid="heat-days"
          />
          <Select
            value={version}
            options={[
              { value: "", label: t("all_versions") },
              ...versions
                .sort((a, b) => b - a)
                .map((value) => ({
                  value: String(value),
                  label: t("version", { version: value }),
                })),
            ]}
            onChange={(value) => set("version", value)}
            popupMatchSelectWidth={false}
            aria-label={t("which_version")}
            data-testid="heat-version"
          />
        </div>
        <Counting counting={counting} />
        {heat.error ? (
          <ErrorState error={heat.error} onRetry={() => void heat.refetch()} />
        ) : map === undefined || types === undefined ? (
          <Loading rows={6} />
        ) : map.document === null ? (
          <EmptyState title={t("unpublished")} text={t("unpublished_text")} />
        ) : (
          <Shown map={map} document={map.document} types={types} measure={measure} from={from} />
        )}
      </PageBody>
    </>
  );
}

/** The beginning of the period; the same text while the screen is open, so that nothing is asked anew for a second gone. */
function useFrom(days: number): [string] {
  const [now] = useState(() => Date.now());
  return [new Date(now - (days - 1) * DAY_MS).toISOString()];
}

interface CountingState {
  counted: number;
  behind: number;
  /** Grows when there is more to see. */
  round: number;
  done: boolean;
  error: unknown;
}

/** Counts what has ended since somebody looked last, a portion a request, until the map is up to date. */
function useCounting(key: string): CountingState {
  const [state, setState] = useState<CountingState>({
    counted: 0,
    behind: 0,
    round: 0,
    done: false,
    error: null,
  });
  const running = useRef("");
  useEffect(() => {
    if (running.current === key) return;
    running.current = key;
    let total = 0;
    const on = async () => {
      for (;;) {
        const found = await api.post<{ counted: number; behind: number }>(
          `/api/flows/${key}/heat/count`,
        );
        if (running.current !== key) return;
        total += found.counted;
        const done = found.behind === 0 || found.counted === 0;
        setState((before) => ({
          counted: total,
          behind: found.behind,
          round: before.round + (found.counted > 0 ? 1 : 0),
          done,
          error: null,
        }));
        if (done) return;
      }
    };
    on().catch((error: unknown) => setState((before) => ({ ...before, done: true, error })));
  }, [key]);
  // Leaving the screen ends the counting after the portion under way.
  useEffect(
    () => () => {
      running.current = "";
    },
    [],
  );
  return state;
}

function Counting({ counting }: { counting: CountingState }) {
  const { t } = useTranslation("heat");
  const { counted, behind, done, error } = counting;
  if (error) return <ErrorState error={error} />;
  if (done || counted === 0) return null;
  return (
    <div className="hr-heat-counting" role="status" data-testid="counting">
      <span>{t("counting", { counted, total: counted + behind })}</span>
      <Progress
        percent={Math.floor((100 * counted) / Math.max(1, counted + behind))}
        size="small"
        showInfo={false}
        aria-label={t("counting", { counted, total: counted + behind })}
      />
    </div>
  );
}

interface ShownProps {
  map: HeatMap;
  document: FlowDocument;
  types: NodeTypes;
  measure: Measure;
  from: string;
}

function Shown({ map, document, types, measure, from }: ShownProps) {
  const { t } = useTranslation(["heat", "editor"]);
  const { t: editorWords } = useTranslation("editor");
  const { text } = useText();
  const [selected, setSelected] = useState<string | null>(null);
  const [behind, setBehind] = useState<{ node: string; kind: "slow" | "failed" } | null>(null);
  const time = (ms: number | null) => (ms === null ? "–" : span(ms, editorWords));
  const said = (row: HeatNode) => {
    const value = measured(row, measure);
    if (measure === "failed") return t("mark.failed", { count: value });
    if (measure === "waiting") return t("mark.waiting", { count: value });
    return time(value);
  };
  const warm = useMemo(() => warmth(map.nodes, measure), [map, measure]);
  const marks = marksOf(map, measure, (row) => plain(said(row)));
  const names = new Map(document.nodes.map((node) => [node.id, nameOf(node, types, text)]));
  const rows = [...map.nodes].sort(
    (a, b) => measured(b, measure) - measured(a, measure) || b.visits - a.visits,
  );
  const columns: Column<HeatNode>[] = [
    {
      key: "node",
      title: t("column.node"),
      render: (row) => (
        <span className="hr-heat-name">
          <i style={{ opacity: warm.get(row.node) ?? 0 }} aria-hidden />
          {names.get(row.node) ?? row.node}
        </span>
      ),
    },
    { key: "visits", title: t("column.visits"), align: "right", render: (row) => row.visits },
    {
      key: "median",
      title: t("column.median"),
      align: "right",
      render: (row) => (
        <Behind
          shown={time(row.median_ms)}
          active={(row.max_ms ?? 0) > 0}
          label={t("slowest_of", { name: names.get(row.node) ?? row.node })}
          onOpen={() => setBehind({ node: row.node, kind: "slow" })}
          testId={`slow-${row.node}`}
        />
      ),
    },
    { key: "p95", title: t("column.p95"), align: "right", render: (row) => time(row.p95_ms) },
    {
      key: "failed",
      title: t("column.failed"),
      align: "right",
      render: (row) => (
        <Behind
          shown={String(row.failed)}
          active={row.failed > 0}
          label={t("failed_of", { name: names.get(row.node) ?? row.node })}
          onOpen={() => setBehind({ node: row.node, kind: "failed" })}
          testId={`failed-${row.node}`}
        />
      ),
    },
    {
      key: "waiting",
      title: t("column.waiting"),
      align: "right",
      render: (row) =>
        row.waiting > 0 ? (
          <Link
            to={`/instances${query({ flow: map.flow_key, node: row.node, status: "open", version: map.version })}`}
            data-testid={`waiting-${row.node}`}
          >
            {row.waiting}
          </Link>
        ) : (
          0
        ),
    },
  ];
  return (
    <div className="hr-heat" data-testid="heat">
      {/* The drawing knows nodes by id only; these are the colours of this map. */}
      <style>
        {[...warm]
          .map(
            ([id, share]) =>
              `.hr-heat-drawing .hr-node[data-testid=${JSON.stringify(`node-${id}`)}]` +
              `{background:color-mix(in srgb,var(--hr-error) ${Math.round(6 + 34 * share)}%,var(--hr-surface));` +
              `border-color:var(--hr-error)}`,
          )
          .join("\n")}
      </style>
      <p className="hr-heat-sum" data-testid="heat-sum">
        {t("sum", {
          count: map.instances.visits,
          median: time(map.instances.median_ms),
          p95: time(map.instances.p95_ms),
          failed: map.instances.failed,
          open: map.open,
        })}
      </p>
      <div className="hr-heat-drawing">
        <FlowDrawing
          document={document}
          types={types}
          marks={marks}
          selected={selected}
          onSelect={setSelected}
          first={rows[0]?.node ?? null}
          label={t("drawing", { version: map.drawn })}
        />
      </div>
      <DataTable
        label={t("column.all")}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.node}
        onOpen={(row) => setSelected(row.node)}
        testId={(row) => `heat-${row.node}`}
        empty={<EmptyState title={t("none")} text={t("none_text")} />}
      />
      {behind !== null && (
        <BehindSheet
          map={map}
          node={behind.node}
          name={names.get(behind.node) ?? behind.node}
          kind={behind.kind}
          from={from}
          onClose={() => setBehind(null)}
        />
      )}
    </div>
  );
}

interface BehindProps {
  shown: string;
  active: boolean;
  label: string;
  onOpen: () => void;
  testId: string;
}

function Behind({ shown, active, label, onOpen, testId }: BehindProps) {
  if (!active) return <>{shown}</>;
  return (
    <button
      type="button"
      className="hr-heat-behind"
      aria-label={`${shown}, ${label}`}
      title={label}
      onClick={(event) => {
        event.stopPropagation();
        onOpen();
      }}
      data-testid={testId}
    >
      {shown}
    </button>
  );
}

interface BehindRow {
  id: string;
  ms: number | null;
  business_key: string | null;
  status: string;
  version: number;
  started_at: string;
}

interface BehindSheetProps {
  map: HeatMap;
  node: string;
  name: string;
  kind: "slow" | "failed";
  from: string;
  onClose: () => void;
}

function BehindSheet({ map, node, name, kind, from, onClose }: BehindSheetProps) {
  const { t } = useTranslation(["heat", "editor"]);
  const { t: editorWords } = useTranslation("editor");
  const path = `/api/flows/${map.flow_key}/heat/${node}`;
  const list = useQuery({
    queryKey: ["heat-behind", path, kind, map.version, from],
    queryFn: () =>
      api.get<{ items: BehindRow[] }>(`${path}${query({ kind, version: map.version, from })}`),
  });
  return (
    <Sheet title={t(`behind.${kind}`, { name })} onClose={onClose} light testId="behind">
      {list.error ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : list.data === undefined ? (
        <Loading rows={4} />
      ) : list.data.items.length === 0 ? (
        <EmptyState title={t("behind.none")} text={t("behind.none_text")} />
      ) : (
        <ul className="hr-heat-list">
          {list.data.items.map((row) => (
            <li key={`${row.id} ${row.ms}`}>
              <span>
                <Link to={`/instances/${row.id}`}>{row.business_key || row.id}</Link>
                <small className="hr-muted">
                  {" "}
                  v{row.version} · <RelativeTime at={row.started_at} />
                </small>
              </span>
              <StatusTag status={row.status} />
              {row.ms !== null && <strong>{span(row.ms, editorWords)}</strong>}
            </li>
          ))}
        </ul>
      )}
    </Sheet>
  );
}
