// All cases: which flow, how they stand, since when, where they wait.

import { NodeIndexOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import type { FlowSummary, InstanceSummary, Page } from "../../api/types";
import { type Column, DataTable } from "../../ui/DataTable";
import { EmptyState, PageBody, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { useDelayed } from "../../ui/useDelayed";
import "./instances.css";
import { RANGES, rangeStart } from "./ranges";

const EVERY_MS = 15_000;
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
  const [asked, setAsked] = useSearchParams();
  const flow = asked.get("flow") ?? "";
  const status = asked.get("status") ?? "";
  const range = asked.get("range") ?? "";
  const search = asked.get("search") ?? "";
  const delayed = useDelayed(search);
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
    { flow, status, search: delayed, from: rangeStart(range) },
    { everyMs: EVERY_MS },
  );
  const filtered = [flow, status, range, search].some((value) => value !== "");
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
        </div>
        <DataTable
          label={t("title")}
          columns={useColumns()}
          {...list}
          rowKey={(instance) => instance.id}
          to={(instance) => `/instances/${instance.id}`}
          testId={(instance) => `instance-${instance.id}`}
          empty={
            filtered ? (
              <EmptyState title={t("none_found")} text={t("none_found_text")} />
            ) : (
              <EmptyState icon={<NodeIndexOutlined />} title={t("none")} text={t("none_text")} />
            )
          }
        />
      </PageBody>
    </>
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
