// The cells of the flow list.

import { ApiOutlined, FieldTimeOutlined, FormOutlined, MailOutlined } from "@ant-design/icons";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "../../api/session";
import type { FlowSummary } from "../../api/types";
import { StatusTag, Tag } from "../../ui/StatusTag";

export function State({ flow }: { flow: FlowSummary }) {
  const { t } = useTranslation("flows");
  if (flow.published_version === null)
    return <StatusTag status="draft">{t("never_published")}</StatusTag>;
  return (
    <span className="hr-row">
      <StatusTag status="published">{t("version", { version: flow.published_version })}</StatusTag>
      {flow.has_draft_changes && <StatusTag status="changed" />}
    </span>
  );
}

const SIGNS: Record<string, ReactNode> = {
  start: <FormOutlined />,
  webhook: <ApiOutlined />,
  message_start: <MailOutlined />,
  schedule: <FieldTimeOutlined />,
};

export function Starts({ flow }: { flow: FlowSummary }) {
  const { t } = useTranslation("flows");
  if (flow.starts.length === 0) return <span className="hr-muted">–</span>;
  return (
    <span className="hr-row">
      {flow.starts.map((start) => (
        <Tag key={start} icon={SIGNS[start]}>
          {t(`starts.${start}`, { defaultValue: start })}
        </Tag>
      ))}
    </span>
  );
}

export function Open({ flow }: { flow: FlowSummary }) {
  const may = useMay();
  if (flow.open_instances === 0 || !may("instances:read")) return <>{flow.open_instances}</>;
  return <Link to={`/instances?flow=${flow.key}`}>{flow.open_instances}</Link>;
}

export function Incidents({ flow }: { flow: FlowSummary }) {
  if (flow.incidents === 0) return <span className="hr-muted">0</span>;
  return (
    <Link to={`/instances?flow=${flow.key}&status=incident`}>
      <StatusTag status="incident">{flow.incidents}</StatusTag>
    </Link>
  );
}
