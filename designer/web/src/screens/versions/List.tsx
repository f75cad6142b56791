// All versions, newest first: roll back or forward with one click, deprecate, retire.

import { DiffOutlined } from "@ant-design/icons";
import { Button, Select } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api } from "../../api/client";
import type { List as Pages } from "../../api/list";
import { useMay } from "../../api/session";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { type Column, DataTable } from "../../ui/DataTable";
import { StatusTag, Tag } from "../../ui/StatusTag";
import { RelativeTime } from "../../ui/time";
import { useAct } from "./act";
import type { Routing, Version } from "./versions";

const STATES = ["active", "deprecated", "retired"] as const;

interface ListProps {
  flowKey: string;
  list: Pages<Version>;
  routing: Routing;
}

export function List({ flowKey, list, routing }: ListProps) {
  const { t } = useTranslation("versions");
  const may = useMay();
  const columns: Column<Version>[] = [
    {
      key: "version",
      title: t("version"),
      render: (row) => (
        <span className="hr-version-name">
          <strong>{t("number", { version: row.version })}</strong>
          {row.note !== "" && <span className="hr-muted">{row.note}</span>}
        </span>
      ),
    },
    {
      key: "state",
      title: t("state"),
      phone: "corner",
      render: (row) => <State row={row} routing={routing} />,
    },
    {
      key: "published",
      title: t("published"),
      render: (row) => (
        <>
          <RelativeTime at={row.published_at} /> ·{" "}
          {row.published_by === "engine" ? t("app:word.system") : row.published_by}
        </>
      ),
    },
    {
      key: "open",
      title: t("open"),
      align: "right",
      render: (row) =>
        row.open_instances > 0 && may("instances:read") ? (
          <Link to={`/instances?flow=${flowKey}&status=open`}>{row.open_instances}</Link>
        ) : (
          row.open_instances
        ),
    },
    {
      key: "actions",
      title: <span className="hr-hidden">{t("actions")}</span>,
      align: "right",
      render: (row) => <Actions flowKey={flowKey} row={row} routing={routing} />,
    },
  ];
  return (
    <DataTable
      label={t("title")}
      columns={columns}
      {...list}
      rowKey={(row) => String(row.version)}
      testId={(row) => `version-${row.version}`}
      empty={null}
    />
  );
}

function State({ row, routing }: { row: Version; routing: Routing }) {
  const { t } = useTranslation("versions");
  if (row.version === routing.published_version)
    return <StatusTag status="published">{t("in_force")}</StatusTag>;
  if (routing.running?.rules.some((rule) => rule.version === row.version))
    return <Tag tone="accent">{t("in_canary")}</Tag>;
  if (row.status === "active") return <span className="hr-muted">–</span>;
  return (
    <Tag tone={row.status === "retired" ? "neutral" : "warn"}>{t(`status.${row.status}`)}</Tag>
  );
}

function Actions({ flowKey, row, routing }: { flowKey: string; row: Version; routing: Routing }) {
  const { t } = useTranslation("versions");
  const { busy, act } = useAct();
  const may = useMay();
  const navigate = useNavigate();
  const current = row.version === routing.published_version;
  const older = row.version < (routing.published_version ?? 0);
  const path = `/api/flows/${flowKey}/versions/${row.version}`;
  return (
    <span className="hr-version-actions">
      <Button
        type="text"
        icon={<DiffOutlined />}
        aria-label={t("diff.of", { version: row.version })}
        title={t("diff.of", { version: row.version })}
        onClick={() =>
          navigate(
            `/flows/${flowKey}/versions/difference?from=${current ? row.version - 1 : row.version}&to=${current ? row.version : (routing.published_version ?? "")}`,
          )
        }
        data-testid={`btn-diff-${row.version}`}
      />
      {may("flows:publish") && !current && (
        <>
          <Select
            size="middle"
            value={row.status}
            aria-label={t("status.change", { version: row.version })}
            options={STATES.map((value) => ({ value, label: t(`status.${value}`) }))}
            onChange={(status) => void act(() => api.put(`${path}/status`, { status }))}
            data-testid={`status-${row.version}`}
          />
          <ConfirmButton
            loading={busy}
            disabled={row.status === "retired"}
            title={t(older ? "activate.back_title" : "activate.forward_title", {
              version: row.version,
            })}
            text={t(routing.running === null ? "activate.text" : "activate.text_canary")}
            confirmLabel={t(older ? "activate.back" : "activate.forward")}
            onConfirm={() =>
              act(() => api.post(`${path}/activate`), t("activate.done", { version: row.version }))
            }
            data-testid={`btn-activate-${row.version}`}
          >
            {t(older ? "activate.back" : "activate.forward")}
          </ConfirmButton>
        </>
      )}
    </span>
  );
}
