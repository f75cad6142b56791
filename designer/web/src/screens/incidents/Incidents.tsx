// What is stuck and needs a person: the error in plain words, and a way on.

import { RedoOutlined, SafetyCertificateOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { Incident } from "../../api/types";
import { type Column, DataTable } from "../../ui/DataTable";
import { problemText, useErrorText } from "../../ui/errorText";
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
  return (
    <>
      <PageHeader title={t("incidents.title")} subtitle={t("incidents.subtitle")} />
      <PageBody>
        <div className="hr-bar">
          <Segments
            label={t("incidents.filter")}
            options={FILTERS.map((value) => ({ value, title: t(`incidents.${value}`) }))}
            value={status}
            onChange={setStatus}
          />
        </div>
        <DataTable
          label={t("incidents.title")}
          columns={useColumns(status)}
          {...list}
          rowKey={(incident) => incident.id}
          to={(incident) => `/instances/${incident.instance_id}`}
          testId={(incident) => `incident-${incident.id}`}
          empty={
            <EmptyState
              icon={<SafetyCertificateOutlined />}
              title={t(`incidents.no_${status}`)}
              text={t(`incidents.no_${status}_text`)}
            />
          }
        />
      </PageBody>
    </>
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
          <span className="hr-incident-detail">{incident.message}</span>
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
