// Accounts at outside systems: their settings, secrets that are never shown again, and a way to try them.

import { ApiOutlined, DeleteOutlined, EditOutlined, PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { Connection, Connector } from "../../api/types";
import { useRemove } from "../../api/useRemove";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { type Column, DataTable } from "../../ui/DataTable";
import { EmptyState, PageBody, PageHeader } from "../../ui/page";
import { StatusTag, Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { ExactTime } from "../../ui/time";
import { AuthorizeButton, useAuthorized } from "./AuthorizeButton";
import { ConnectionDialog } from "./ConnectionDialog";
import { ConnectorChoice } from "./ConnectorChoice";
import { LimitsButton } from "./LimitsButton";
import { TestButton } from "./TestButton";
import "./connections.css";

type Open = { connector: Connector; connection: Connection | null };

export default function Connections() {
  const { t } = useTranslation("admin");
  const write = useMay()("connections:write");
  const [open, setOpen] = useState<Open | null>(null);
  const [choosing, setChoosing] = useState(false);
  const list = useList<Connection>("/api/connections");
  const connectors = useList<Connector>("/api/connectors").rows ?? [];
  const [query, setQuery] = useSearchParams();
  const navigate = useNavigate();
  useAuthorized();
  const wanted = connectors.find((one) => one.name === query.get("new"));
  useEffect(() => {
    if (wanted === undefined || !write) return;
    setOpen({ connector: wanted, connection: null });
    setQuery({}, { replace: true });
  }, [wanted, write, setQuery]);
  const edit = (connection: Connection) => {
    const connector = connectors.find((one) => one.name === connection.connector);
    if (connector) setOpen({ connector, connection });
  };
  const create = (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      onClick={() => setChoosing(true)}
      data-testid="btn-new-connection"
    >
      {t("connections.create")}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t("connections.title")}
        subtitle={t("connections.subtitle")}
        {...(write ? { actions: create } : {})}
      />
      <PageBody>
        <DataTable
          label={t("connections.title")}
          columns={useColumns(connectors, write, edit)}
          {...list}
          rowKey={(connection) => connection.key}
          testId={(connection) => `connection-${connection.key}`}
          {...(write ? { onOpen: edit } : {})}
          empty={
            <EmptyState
              icon={<ApiOutlined />}
              title={t("connections.empty")}
              text={t("connections.empty_text")}
              {...(write ? { action: create } : {})}
            />
          }
        />
      </PageBody>
      {choosing && (
        <ConnectorChoice
          connectors={connectors}
          onBuild={() => navigate("/own-connectors/new")}
          onClose={() => setChoosing(false)}
          onChoose={(connector) => {
            setChoosing(false);
            setOpen({ connector, connection: null });
          }}
        />
      )}
      {open && <ConnectionDialog {...open} onClose={() => setOpen(null)} />}
    </>
  );
}

function useColumns(
  connectors: Connector[],
  write: boolean,
  edit: (connection: Connection) => void,
): Column<Connection>[] {
  const { t } = useTranslation("admin");
  const { text } = useText();
  const titleOf = (name: string) =>
    text(connectors.find((one) => one.name === name)?.title) || name;
  return [
    {
      key: "name",
      title: t("connections.name"),
      render: (connection) => (
        <>
          {text(connection.name)} <code className="hr-muted">{connection.key}</code>
        </>
      ),
    },
    {
      key: "connector",
      title: t("connections.connector"),
      render: (connection) => titleOf(connection.connector),
    },
    {
      key: "secrets",
      title: t("connections.secrets"),
      render: (connection) => <Secrets connection={connection} />,
    },
    {
      key: "actions",
      title: <span className="hr-hidden">{t("actions")}</span>,
      align: "right",
      render: (connection) => {
        if (!write) return null;
        const connector = connectors.find((one) => one.name === connection.connector);
        return (
          <span className="hr-actions">
            {byCode(connector) && <AuthorizeButton connectionKey={connection.key} />}
            <TestButton connectionKey={connection.key} />
            {connector && <LimitsButton connector={connector} connection={connection} />}
            <Button
              type="text"
              icon={<EditOutlined />}
              aria-label={t("edit_of", { name: text(connection.name) })}
              onClick={() => edit(connection)}
              data-testid={`edit-${connection.key}`}
            />
            <Delete connection={connection} />
          </span>
        );
      },
    },
  ];
}

/** A person has to allow it once, at the far side. */
function byCode(connector: Connector | undefined): boolean {
  return connector?.by_code ?? false;
}

function Secrets({ connection }: { connection: Connection }) {
  const { t } = useTranslation("admin");
  const stored = Object.values(connection.secrets ?? {}).some(Boolean);
  const { expires_at: ends, trouble } = connection.token ?? {};
  if (trouble) return <Tag tone="error">{t("connections.token_trouble")}</Tag>;
  if (!stored) return <span className="hr-muted">{t("connections.not_stored")}</span>;
  return (
    <>
      <StatusTag status="active">{t("connections.stored")}</StatusTag>{" "}
      {ends && (
        <small className="hr-muted">
          {t("connections.token_ends")} <ExactTime at={ends} />
        </small>
      )}
    </>
  );
}

function Delete({ connection }: { connection: Connection }) {
  const { t } = useTranslation(["admin", "app"]);
  const { text } = useText();
  const remove = useRemove("/api/connections", t("connections.in_use"));
  const name = text(connection.name);
  return (
    <ConfirmButton
      type="text"
      danger
      icon={<DeleteOutlined />}
      aria-label={t("delete_of", { name })}
      title={t("connections.delete_title", { name })}
      text={t("connections.delete_text")}
      confirmLabel={t("app:action.delete")}
      onConfirm={() => remove(connection.key)}
      data-testid={`delete-${connection.key}`}
    />
  );
}
