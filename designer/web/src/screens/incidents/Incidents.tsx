// What is stuck and needs a person: the error in plain words, and a way on.

import { RedoOutlined, SafetyCertificateOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Dropdown } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { Incident } from "../../api/types";
import { BatchDialog, type BatchWish } from "../../batches/BatchDialog";
import { SelectionBar } from "../../batches/SelectionBar";
import { type Column, DataTable } from "../../ui/DataTable";
import { problemText, reasonText, useErrorText } from "../../ui/errorText";
import { EmptyState, PageBody, PageHeader } from "../../ui/page";
import { Segments } from "../../ui/Segments";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import "./incidents.css";

const EVERY_MS = 15_000;
const FILTERS = ["open", "resolved"] as const;
type Filter = (typeof FILTERS)[number];

export default function Incidents() {
  const { t } = useTranslation("admin");
  const [status, setStatus] = useState<Filter>("open");
  const list = useList<Incident>("/api/incidents", { status }, { everyMs: EVERY_MS });
  const may = useMay();
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [wish, setWish] = useState<BatchWish | null>(null);
  const bulk = status === "open" && may("instances:operate");
  const chosen = (list.rows ?? []).filter((incident) => ticked.has(incident.id));
  const pick = (kind: string) => {
    const ids = chosen.map((each) => (kind === "cancel" ? (each.instance_id ?? "") : each.id));
    setWish({ kind, selection: { ids: [...new Set(ids)] } });
  };
  return (
    <>
      <PageHeader title={t("incidents.title")} subtitle={t("incidents.subtitle")} />
      <PageBody>
        <div className="hr-bar">
          <Segments
            label={t("incidents.filter")}
            options={FILTERS.map((value) => ({ value, title: t(`incidents.${value}`) }))}
            value={status}
            onChange={(next) => {
              setStatus(next);
              setTicked(new Set());
            }}
          />
          {bulk && (list.rows?.length ?? 0) > 1 && (
            <RetryAll rows={list.rows ?? []} onWish={setWish} />
          )}
        </div>
        <DataTable
          label={t("incidents.title")}
          columns={useColumns(status)}
          {...list}
          rowKey={(incident) => incident.id}
          to={(incident) => `/instances/${incident.instance_id}`}
          testId={(incident) => `incident-${incident.id}`}
          selection={bulk ? { keys: ticked, onChange: setTicked } : undefined}
          empty={
            <EmptyState
              icon={<SafetyCertificateOutlined />}
              title={t(`incidents.no_${status}`)}
              text={t(`incidents.no_${status}_text`)}
            />
          }
        />
        {bulk && (
          <SelectionBar
            count={chosen.length}
            kinds={["retry", "skip", "cancel"]}
            onPick={pick}
            onClear={() => setTicked(new Set())}
          />
        )}
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

/** All that are open, or all with the same error: also those that are not loaded here. */
function RetryAll({ rows, onWish }: { rows: Incident[]; onWish: (wish: BatchWish) => void }) {
  const { t } = useTranslation(["admin", "errors"]);
  const codes = [...new Map(rows.map((incident) => [incident.code, incident])).values()];
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: [
          { key: "", label: t("incidents.retry_all_open") },
          ...codes.map((incident) => ({
            key: incident.code,
            label: t("incidents.retry_all_of", {
              what: t(`errors:${incident.code}`, { defaultValue: incident.code }),
            }),
          })),
        ],
        onClick: ({ key }) => onWish({ kind: "retry", selection: key === "" ? {} : { code: key } }),
      }}
    >
      <Button icon={<RedoOutlined />} data-testid="btn-retry-all">
        {t("incidents.retry_all")}
      </Button>
    </Dropdown>
  );
}

function useColumns(status: Filter): Column<Incident>[] {
  const { t } = useTranslation(["admin", "errors"]);
  const { text } = useText();
  const may = useMay();
  const columns: Column<Incident>[] = [
    {
      key: "what",
      title: t("incidents.what"),
      render: (incident) => (
        <>
          {problemText(t, incident)}
          {!problemText(t, incident).includes(reasonText(incident.message)) && (
            <span className="hr-incident-detail">{reasonText(incident.message)}</span>
          )}
        </>
      ),
    },
    {
      key: "flow",
      title: t("incidents.flow"),
      render: (incident) => text(incident.flow_name) || incident.flow_key,
    },
    {
      key: "node",
      title: t("incidents.node"),
      render: (incident) => text(incident.node_name) || incident.node,
    },
    {
      key: "raised",
      title: t("incidents.raised"),
      render: (incident) => <RelativeTime at={incident.raised_at} />,
    },
  ];
  if (status === "resolved") {
    const resolution: Column<Incident> = {
      key: "resolution",
      title: t("incidents.resolution"),
      render: (incident) => (
        <StatusTag status="resolved">
          {t(`incidents.by.${incident.resolution}`, { defaultValue: incident.resolution ?? "–" })}
        </StatusTag>
      ),
    };
    return [...columns, resolution];
  }
  if (!may("instances:operate")) return columns;
  const actions: Column<Incident> = {
    key: "actions",
    title: <span className="hr-hidden">{t("actions")}</span>,
    align: "right",
    render: (incident) => <Retry incident={incident} />,
  };
  return [...columns, actions];
}

function Retry({ incident }: { incident: Incident }) {
  const { t } = useTranslation("admin");
  const { message } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const retry = async () => {
    setBusy(true);
    try {
      await api.post(`/api/incidents/${incident.id}/retry`);
      message.success(t("incidents.retried"));
    } catch (error) {
      message.error(textOf(error));
    } finally {
      setBusy(false);
      await queries.invalidateQueries({ queryKey: ["/api/incidents"] });
    }
  };
  return (
    <Button
      icon={<RedoOutlined />}
      loading={busy}
      onClick={retry}
      data-testid={`retry-${incident.id}`}
    >
      {t("incidents.retry")}
    </Button>
  );
}
