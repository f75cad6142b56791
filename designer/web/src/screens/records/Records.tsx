// Business records as flows keep them: orders, refunds, customers. One table at a time.

import { DatabaseOutlined } from "@ant-design/icons";
import { Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { BusinessRecord } from "../../api/types";
import { type Column, DataTable } from "../../ui/DataTable";
import { JsonView } from "../../ui/JsonView";
import { EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { Segments } from "../../ui/Segments";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { useDelayed } from "../../ui/useDelayed";
import { plainValue } from "../../ui/ValueView";

const FIELDS_MAX = 4; // columns of the record itself; the rest is one press away

interface TableInfo {
  table: string;
  records?: number;
}

export default function Records() {
  const { t } = useTranslation("admin");
  const [params, setParams] = useSearchParams();
  const tables = useList<TableInfo>("/api/records/tables");
  const names = tables.rows?.map((one) => one.table);
  const table = names?.find((name) => name === params.get("table")) ?? names?.[0];
  return (
    <>
      <PageHeader title={t("records.title")} subtitle={t("records.subtitle")} />
      <PageBody>
        {names === undefined ? (
          tables.error ? (
            <ErrorState error={tables.error} onRetry={tables.onRetry} />
          ) : (
            <Loading tall />
          )
        ) : table === undefined ? (
          <EmptyState
            icon={<DatabaseOutlined />}
            title={t("records.empty")}
            text={t("records.empty_text")}
          />
        ) : (
          <Table
            key={table}
            table={table}
            tables={tables.rows ?? []}
            onChoose={(name) => setParams({ table: name }, { replace: true })}
          />
        )}
      </PageBody>
    </>
  );
}

interface TableProps {
  table: string;
  tables: TableInfo[];
  onChoose: (name: string) => void;
}

function Table({ table, tables, onChoose }: TableProps) {
  const { t } = useTranslation(["admin", "app"]);
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState<BusinessRecord | null>(null);
  const list = useList<BusinessRecord>("/api/records", { table, search: useDelayed(typed) });
  return (
    <>
      <div className="hr-bar">
        {tables.length > 1 && (
          <Segments
            label={t("records.table")}
            options={tables.map((one) => ({
              value: one.table,
              title: `${one.table} (${one.records ?? 0})`,
            }))}
            value={table}
            onChange={onChoose}
            testId="table"
          />
        )}
        <SearchField label={t("records.search")} value={typed} onChange={setTyped} />
      </div>
      <DataTable
        label={table}
        columns={useColumns(list.rows ?? [])}
        {...list}
        rowKey={(record) => record.key}
        onOpen={setOpen}
        testId={(record) => `record-${record.key}`}
        empty={
          <EmptyState
            title={t("app:state.nothing_found")}
            text={t("app:state.nothing_found_text")}
          />
        }
      />
      {open && <RecordDialog record={open} onClose={() => setOpen(null)} />}
    </>
  );
}

/** Columns are the fields most records have, as far as they are simple. */
function useColumns(rows: BusinessRecord[]): Column<BusinessRecord>[] {
  const { t } = useTranslation("admin");
  const { language } = useText();
  const counts = new Map<string, number>();
  for (const { value } of rows) {
    for (const [name, item] of Object.entries(value ?? {})) {
      if (typeof item !== "object" || item === null) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  const names = [...counts].sort((one, other) => other[1] - one[1]).slice(0, FIELDS_MAX);
  return [
    { key: "key", title: t("records.key"), render: (record) => <code>{record.key}</code> },
    ...names.map(([name]) => ({
      key: `field ${name}`,
      title: name,
      render: (record: BusinessRecord) => plainValue(record.value?.[name], language),
    })),
    {
      key: "updated",
      title: t("records.updated"),
      render: (record) => <RelativeTime at={record.updated_at} />,
    },
  ];
}

function RecordDialog({ record, onClose }: { record: BusinessRecord; onClose: () => void }) {
  const { t } = useTranslation("admin");
  const may = useMay();
  return (
    <Modal open title={<code>{record.key}</code>} footer={null} onCancel={onClose} width={640}>
      <div className="hr-stack">
        <p className="hr-muted hr-row">
          {record.table} · {t("records.updated")} <RelativeTime at={record.updated_at} />
          {record.instance_id && may("instances:read") && (
            <Link to={`/instances/${record.instance_id}`}>{t("see_instance")}</Link>
          )}
        </p>
        <JsonView value={record.value} label={record.key} />
      </div>
    </Modal>
  );
}
