// One record: its fields, what has happened to it, and the instances that touched it.

import { EditOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import { JsonView } from "../../ui/JsonView";
import { Card, EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { ExactTime, RelativeTime } from "../../ui/time";
import { ValueView } from "../../ui/ValueView";
import { Cell } from "./Cell";
import { RecordForm } from "./RecordForm";
import { type Field, type Row, shownValue, type TableDetail, titleOf } from "./table";
import "./tables.css";

interface Whole extends Row {
  instances: {
    id: string;
    flow: string | null;
    version: number | null;
    status: string | null;
    created_at: string | null;
  }[];
}

interface Change {
  id: string;
  rev: number;
  at: string;
  kind: string;
  by: { id: string; name: string };
  channel: string;
  instance_id: string | null;
  node: string | null;
  changes: { field: string; before: unknown; after: unknown }[];
}

export default function RecordPage() {
  const { key = "", id = "" } = useParams();
  const { t } = useTranslation("tables");
  const { text, language } = useText();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const may = useMay();
  const [editing, setEditing] = useState(false);
  const table = useQuery({
    queryKey: ["/api/tables", key],
    queryFn: () => api.get<TableDetail>(`/api/tables/${key}`),
  });
  const path = `/api/tables/${key}/records/${id}`;
  const record = useQuery({ queryKey: [path], queryFn: () => api.get<Whole>(path) });
  const history = useList<Change>(`${path}/history`);
  if (!table.data || !record.data) {
    const error = table.error ?? record.error;
    return (
      <>
        <PageHeader title={t("record")} back={`/tables/${key}`} />
        <PageBody>
          {error ? (
            <ErrorState error={error} onRetry={() => void record.refetch()} />
          ) : (
            <Loading tall />
          )}
        </PageBody>
      </>
    );
  }
  const row = record.data;
  const drawn = table.data.definition.fields.filter((field) => !field.hidden);
  const known = new Set(drawn.map((field) => field.name));
  const extra = Object.fromEntries(Object.entries(row.value).filter(([name]) => !known.has(name)));
  const refresh = () => {
    void queries.invalidateQueries({ queryKey: [path] });
    void queries.invalidateQueries({ queryKey: [`${path}/history`] });
    void queries.invalidateQueries({ queryKey: [`/api/tables/${key}/records`] });
  };
  return (
    <>
      <PageHeader
        title={row.title}
        subtitle={
          <>
            <Link to={`/tables/${key}`}>{text(table.data.title) || key}</Link>
            {row.title !== row.key && (
              <>
                {" · "}
                <code>{row.key}</code>
              </>
            )}
            {" · "}
            {t("revision", { rev: row.rev })} · <RelativeTime at={row.updated_at} />
          </>
        }
        back={`/tables/${key}`}
        actions={
          table.data.rights.write &&
          table.data.drawn && (
            <Button
              type="primary"
              icon={<EditOutlined />}
              onClick={() => setEditing(true)}
              data-testid="btn-edit-record"
            >
              {t("edit")}
            </Button>
          )
        }
      />
      <PageBody>
        <div className="hr-tables-columns">
          <div className="hr-stack">
            <Card title={t("fields")}>
              {drawn.length > 0 && (
                <dl className="hr-tables-values">
                  {drawn.map((field) => (
                    <div key={field.name}>
                      <dt>{titleOf(field, language)}</dt>
                      <dd>
                        {field.kind === "reference" && row.value[field.name] ? (
                          <ReferenceLink field={field} row={row} />
                        ) : field.kind === "json" && row.value[field.name] ? (
                          <JsonView
                            value={row.value[field.name]}
                            label={titleOf(field, language)}
                          />
                        ) : (
                          <Cell field={field} row={row} />
                        )}
                      </dd>
                    </div>
                  ))}
                </dl>
              )}
              {Object.keys(extra).length > 0 && (
                <>
                  {drawn.length > 0 && <h3 className="hr-tables-extra">{t("extra")}</h3>}
                  <ValueView value={extra} />
                </>
              )}
            </Card>
            <Card title={t("instances")}>
              {row.instances.length === 0 ? (
                <p className="hr-muted">{t("no_instances")}</p>
              ) : (
                <ul className="hr-tables-instances">
                  {row.instances.map((one) => (
                    <li key={one.id}>
                      {one.flow && may("instances:read") ? (
                        <Link to={`/instances/${one.id}`}>{one.flow}</Link>
                      ) : (
                        <code>{one.flow ?? one.id}</code>
                      )}
                      {one.status && <StatusTag status={one.status} />}
                      <RelativeTime at={one.created_at} />
                    </li>
                  ))}
                </ul>
              )}
            </Card>
          </div>
          <Card title={t("history")}>
            {history.error ? (
              <ErrorState error={history.error} onRetry={history.onRetry} />
            ) : history.rows === undefined ? (
              <Loading />
            ) : history.rows.length === 0 ? (
              <EmptyState title={t("no_history")} />
            ) : (
              <ol className="hr-tables-history">
                {history.rows.map((change) => (
                  <li key={change.id}>
                    <p>
                      <b>{t(`kind.${change.kind}`, { defaultValue: change.kind })}</b>{" "}
                      <span className="hr-muted">
                        <ExactTime at={change.at} /> · {who(change, t("engine"), t("system"))}
                        {change.channel &&
                          ` · ${t(`channel.${change.channel}`, { defaultValue: change.channel })}`}
                        {change.instance_id && (
                          <>
                            {" · "}
                            <Link to={`/instances/${change.instance_id}`}>
                              {change.node ?? t("instance")}
                            </Link>
                          </>
                        )}
                      </span>
                    </p>
                    <ul>
                      {change.changes.slice(0, 30).map((one) => {
                        const field = drawn.find((f) => f.name === one.field) ?? {
                          name: one.field,
                          kind: "text" as const,
                        };
                        return (
                          <li key={one.field} className="hr-tables-change">
                            <span className="hr-muted">{titleOf(field, language)}</span>{" "}
                            {change.kind !== "create" && (
                              <>
                                <s>{shown(field, one.before, language)}</s> →{" "}
                              </>
                            )}
                            {shown(field, one.after, language)}
                          </li>
                        );
                      })}
                    </ul>
                  </li>
                ))}
              </ol>
            )}
            {history.more.has && (
              <Button onClick={history.more.load} loading={history.more.loading}>
                {t("app:action.more")}
              </Button>
            )}
          </Card>
        </div>
        {editing && (
          <RecordForm
            table={table.data}
            row={row}
            onClose={() => setEditing(false)}
            onDone={(done) => {
              setEditing(false);
              refresh();
              void message.success(t("saved", { name: done.title }));
            }}
          />
        )}
      </PageBody>
    </>
  );
}

function ReferenceLink({ field, row }: { field: Field; row: Row }) {
  const { language } = useText();
  const key = String(row.value[field.name]);
  const target = useQuery({
    queryKey: ["/api/tables", field.table, "by-key", key],
    queryFn: () => api.get<Row>(`/api/tables/${field.table}/by-key/${encodeURIComponent(key)}`),
    retry: false,
  });
  const name = shownValue(field, row, language);
  if (!target.data) return <>{name}</>;
  return <Link to={`/tables/${field.table}/records/${target.data.id}`}>{name}</Link>;
}

function who(change: Change, flow: string, system: string): string {
  if (change.by.id !== "engine") return change.by.name;
  return change.instance_id ? flow : system;
}

function shown(field: Field, value: unknown, language: "zh" | "en"): string {
  const row = { value: { [field.name]: value }, references: {} };
  const text = shownValue(field, row as unknown as Row, language);
  return text === "" ? "–" : text.slice(0, 200);
}
