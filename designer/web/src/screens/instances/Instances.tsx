// All cases: which flow, how they stand, since when, where they wait.

import { CloseOutlined, NodeIndexOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Dropdown, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { FlowSummary, InstanceSummary, Page } from "../../api/types";
import { BatchDialog, type BatchWish } from "../../batches/BatchDialog";
import { SelectionBar } from "../../batches/SelectionBar";
import { type Column, DataTable } from "../../ui/DataTable";
import { EmptyState, PageBody, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { useDelayed } from "../../ui/useDelayed";
import { BusinessFilter } from "./BusinessFilter";
import "./instances.css";
import { RANGES, rangeStart } from "./ranges";

const EVERY_MS = 15_000;
/** Migrations have a screen of their own. */
const BULK = ["suspend", "resume", "priority", "hold", "release", "cancel"];
const STATUSES = [
  "open",
  "running",
  "waiting",
  "incident",
  "suspended",
  "compensating",
  "completed",
  "cancelled",
  "failed",
];

export default function Instances() {
  const { t } = useTranslation("instances");
  const { t: words } = useTranslation("batches");
  const [asked, setAsked] = useSearchParams();
  const flow = asked.get("flow") ?? "";
  const status = asked.get("status") ?? "";
  const range = asked.get("range") ?? "";
  const node = asked.get("node") ?? "";
  const version = asked.get("version") ?? "";
  const search = asked.get("search") ?? "";
  const delayed = useDelayed(search);
  const where = asked.get("where") ?? "";
  const delayedWhere = useDelayed(where).trim();
  const kinds = useKinds();
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [wish, setWish] = useState<BatchWish | null>(null);
  const set = (name: string, value: string) =>
    setAsked(
      (before) => {
        const next = new URLSearchParams(before);
        value === "" ? next.delete(name) : next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const list = useList<InstanceSummary>(
    "/api/instances",
    {
      flow,
      status,
      search: delayed,
      from: rangeStart(range),
      filter: delayedWhere,
      node,
      version,
    },
    { everyMs: EVERY_MS },
  );
  const chosen = (list.rows ?? []).filter((instance) => ticked.has(instance.id));
  const all = selectionOf({
    flow,
    status,
    search: delayed,
    from: rangeStart(range),
    filter: delayedWhere,
    node,
  });
  if (version !== "") all["version"] = Number(version);
  const filtered = [flow, status, range, search, where, node, version].some(
    (value) => value !== "",
  );
  return (
    <>
      <PageHeader title={t("title")} subtitle={t("subtitle")} />
      <PageBody wide>
        <div className="hr-filters" data-testid="instance-filters">
          <SearchField
            label={t("search")}
            value={search}
            onChange={(value) => set("search", value)}
          />
          <FlowFilter value={flow} onChange={(value) => set("flow", value)} />
          <Select
            value={status}
            options={["", ...STATUSES].map((value) => ({
              value,
              label: value === "" ? t("any_status") : t(`status.${value}`),
            }))}
            onChange={(value) => set("status", value)}
            popupMatchSelectWidth={false}
            aria-label={t("status_label")}
            data-testid="filter-status"
          />
          <Select
            value={range}
            options={["", ...RANGES].map((value) => ({
              value,
              label: t(`range.${value === "" ? "all" : value}`),
            }))}
            onChange={(value) => set("range", value)}
            popupMatchSelectWidth={false}
            aria-label={t("range_label")}
            data-testid="filter-range"
          />
          <BusinessFilter flow={flow} value={where} onChange={(value) => set("where", value)} />
          {(["node", "version"] as const).map(
            (name) =>
              asked.get(name) !== null && (
                <Button
                  key={name}
                  icon={<CloseOutlined />}
                  iconPlacement="end"
                  onClick={() => set(name, "")}
                  aria-label={t("drop_filter", {
                    what: t(`only.${name}`, { value: asked.get(name) }),
                  })}
                  data-testid={`filter-${name}`}
                >
                  {t(`only.${name}`, { value: asked.get(name) })}
                </Button>
              ),
          )}
          {kinds.length > 0 && (list.rows?.length ?? 0) > 1 && (
            <Dropdown
              trigger={["click"]}
              menu={{
                items: kinds.map((kind) => ({
                  key: kind,
                  label: words(`kind.${kind}`),
                  danger: kind === "cancel",
                })),
                onClick: ({ key }) => setWish({ kind: key, selection: all }),
              }}
            >
              <Button data-testid="btn-bulk-all">{t("bulk_all")}</Button>
            </Dropdown>
          )}
        </div>
        <DataTable
          label={t("title")}
          columns={useColumns()}
          {...list}
          rowKey={(instance) => instance.id}
          to={(instance) => `/instances/${instance.id}`}
          testId={(instance) => `instance-${instance.id}`}
          selection={kinds.length > 0 ? { keys: ticked, onChange: setTicked } : undefined}
          empty={
            filtered ? (
              <EmptyState
                title={t("none_found")}
                text={t("none_found_text")}
                action={
                  <Button onClick={() => setAsked({}, { replace: true })} data-testid="btn-widen">
                    {t("widen")}
                  </Button>
                }
              />
            ) : (
              <EmptyState
                icon={<NodeIndexOutlined />}
                title={t("none")}
                text={t("none_text")}
                action={<Link to="/start">{t("start_one")}</Link>}
              />
            )
          }
        />
        <SelectionBar
          count={chosen.length}
          kinds={kinds}
          onPick={(kind) =>
            setWish({ kind, selection: { ids: chosen.map((instance) => instance.id) } })
          }
          onClear={() => setTicked(new Set())}
        />
      </PageBody>
      {wish !== null && (
        <BatchDialog
          wish={wish}
          onClose={() => {
            setWish(null);
            setTicked(new Set());
          }}
        />
      )}
    </>
  );
}

/** What this person may do to many instances. */
function useKinds(): string[] {
  const may = useMay()("instances:read");
  const { data } = useQuery({
    queryKey: ["batch-kinds"],
    queryFn: () => api.get<Page<{ kind: string; subject: string }>>("/api/batches/kinds"),
    enabled: may,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const offered = new Set(
    data?.items.filter((each) => each.subject === "instance").map((each) => each.kind),
  );
  return BULK.filter((kind) => offered.has(kind));
}

/** What is asked for, as a batch is told: only what is set; "open" is what most kinds mean by themselves. */
function selectionOf(filters: Record<string, string | null>): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(filters).flatMap(([name, value]) =>
      value === null || value === "" || (name === "status" && value === "open")
        ? []
        : [[name, value]],
    ),
  );
}

function FlowFilter({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation("instances");
  const { text } = useText();
  const { data } = useQuery({
    queryKey: ["flows", "for-filter"],
    queryFn: () => api.get<Page<FlowSummary>>("/api/flows?limit=200"),
    retry: false,
  });
  const options = (data?.items ?? []).map((flow) => ({
    value: flow.key,
    label: text(flow.name) || flow.key,
  }));
  const known = value === "" || options.some((option) => option.value === value);
  return (
    <Select
      value={value}
      options={[
        { value: "", label: t("any_flow") },
        ...options,
        ...(known ? [] : [{ value, label: value }]),
      ]}
      onChange={onChange}
      showSearch={{ optionFilterProp: "label" }}
      popupMatchSelectWidth={false}
      aria-label={t("flow_label")}
      data-testid="filter-flow"
    />
  );
}

function useColumns(): Column<InstanceSummary>[] {
  const { t } = useTranslation("instances");
  const { text } = useText();
  return [
    {
      key: "key",
      title: t("column.key"),
      render: (instance) => instance.business_key || <code>{instance.id.slice(-10)}</code>,
    },
    {
      key: "flow",
      title: t("column.flow"),
      render: (instance) => (
        <>
          {text(instance.flow_name) || instance.flow_key}{" "}
          <span className="hr-muted">v{instance.version}</span>
        </>
      ),
    },
    {
      key: "status",
      title: t("column.status"),
      render: (instance) => <StatusTag status={instance.status} />,
      phone: "corner",
    },
    {
      key: "at",
      title: t("column.waiting_at"),
      render: (instance) =>
        instance.waiting_at.length === 0 ? (
          <span className="hr-muted">–</span>
        ) : (
          instance.waiting_at.map((name) => text(name)).join(t("comma"))
        ),
    },
    {
      key: "started",
      title: t("column.started"),
      render: (instance) => <RelativeTime at={instance.started_at} />,
    },
    {
      key: "ended",
      title: t("column.ended"),
      render: (instance) => <RelativeTime at={instance.ended_at} />,
      phone: "hidden",
    },
  ];
}
