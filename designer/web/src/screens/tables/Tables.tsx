// All tables: those that somebody has drawn, and those that flows have begun by themselves.

import { DatabaseOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import { type Column, DataTable } from "../../ui/DataTable";
import { useErrorText } from "../../ui/errorText";
import { EmptyState, PageBody, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { Sheet } from "../../ui/Sheet";
import { Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { useDelayed } from "../../ui/useDelayed";
import { Labelled } from "./Labelled";
import { nameFor, type TableBrief, type TableDetail } from "./table";

export default function Tables() {
  const { t } = useTranslation(["tables", "app"]);
  const may = useMay();
  const [typed, setTyped] = useState("");
  const [making, setMaking] = useState(false);
  const list = useList<TableBrief>("/api/tables", { search: useDelayed(typed) });
  const create = may("tables:write") && (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      onClick={() => setMaking(true)}
      data-testid="btn-new-table"
    >
      {t("new_table")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("title")} subtitle={t("subtitle")} actions={create} />
      <PageBody>
        <div className="hr-bar">
          <SearchField label={t("search_tables")} value={typed} onChange={setTyped} />
        </div>
        <DataTable
          label={t("title")}
          columns={useColumns()}
          {...list}
          rowKey={(table) => table.key}
          to={(table) => `/tables/${table.key}`}
          testId={(table) => `table-${table.key}`}
          empty={
            typed ? (
              <EmptyState
                title={t("app:state.nothing_found")}
                text={t("app:state.nothing_found_text")}
              />
            ) : (
              <EmptyState
                icon={<DatabaseOutlined />}
                title={t("no_tables")}
                text={t("no_tables_text")}
                action={create}
              />
            )
          }
        />
        {making && <NewTable onClose={() => setMaking(false)} />}
      </PageBody>
    </>
  );
}

function useColumns(): Column<TableBrief>[] {
  const { t } = useTranslation("tables");
  const { text, language } = useText();
  const number = (value: number) => value.toLocaleString(language === "zh" ? "zh-CN" : "en-GB");
  return [
    {
      key: "title",
      title: t("table"),
      render: (table) => (
        <>
          {text(table.title) || table.key}{" "}
          {text(table.title) && <code className="hr-muted">{table.key}</code>}
        </>
      ),
    },
    {
      key: "state",
      title: t("state"),
      phone: "corner",
      render: (table) =>
        table.refilling ? (
          <Tag tone="warn">{t("refilling")}</Tag>
        ) : table.drawn ? (
          <Tag tone="ok">{t("drawn")}</Tag>
        ) : (
          <Tag>{t("loose")}</Tag>
        ),
    },
    {
      key: "records",
      title: t("records"),
      align: "right",
      render: (table) =>
        table.more ? t("more_than", { count: table.records }) : number(table.records),
    },
    {
      key: "fields",
      title: t("fields"),
      align: "right",
      phone: "hidden",
      render: (table) => (table.drawn ? number(table.fields) : "–"),
    },
    {
      key: "updated",
      title: t("changed"),
      render: (table) => <RelativeTime at={table.updated_at} />,
    },
  ];
}

function NewTable({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["tables", "app"]);
  const { language } = useText();
  const navigate = useNavigate();
  const textOf = useErrorText();
  const [title, setTitle] = useState("");
  const [key, setKey] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const name = key || (title ? nameFor(title, []) : "");
  const make = async () => {
    setBusy(true);
    try {
      const definition = {
        title: { [language]: title },
        fields: [
          {
            name: "no",
            kind: "text",
            title: { zh: "编号", en: "No." },
            required: true,
            index: true,
            search: true,
          },
        ],
        key_field: "no",
        display: "no",
        extra: "keep",
      };
      await api.post<TableDetail>("/api/tables", { key: name, definition });
      navigate(`/tables/${name}/design`);
    } catch (found) {
      setError(textOf(found));
      setBusy(false);
    }
  };
  return (
    <Sheet
      title={t("new_table")}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>{t("app:action.cancel")}</Button>
          <Button
            type="primary"
            disabled={!title.trim() || !/^[a-z][a-z0-9_]{0,63}$/.test(name)}
            loading={busy}
            onClick={() => void make()}
            data-testid="btn-make-table"
          >
            {t("make_table")}
          </Button>
        </>
      }
    >
      <div className="hr-tables-form">
        <Labelled title={t("table_title")}>
          <Input
            autoFocus
            value={title}
            maxLength={100}
            placeholder={t("table_title_example")}
            onChange={(event) => setTitle(event.target.value)}
            data-testid="table-title"
          />
        </Labelled>
        <Labelled title={t("table_key")}>
          <Input
            value={name}
            maxLength={64}
            onChange={(event) => setKey(event.target.value)}
            data-testid="table-key"
          />
          <small className="hr-muted">{t("table_key_help")}</small>
        </Labelled>
        {error && (
          <p role="alert" className="hr-tables-wrong">
            {error}
          </p>
        )}
      </div>
    </Sheet>
  );
}
