// The records of a table: found, filtered, sorted, changed where they stand. Filters, columns and order are in the address.

import {
  DownloadOutlined,
  PlusOutlined,
  SettingOutlined,
  TableOutlined,
  UploadOutlined,
} from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, type ButtonProps, Dropdown } from "antd";
import { Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { ApiError, addressOf, api, query } from "../../api/client";
import { useList } from "../../api/list";
import { useNarrow } from "../../theme/mode";
import { DataTable } from "../../ui/DataTable";
import { useErrorText } from "../../ui/errorText";
import { lazy } from "../../ui/lazy";
import { EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { useDelayed } from "../../ui/useDelayed";
import { BulkEdit } from "./BulkEdit";
import { type BoardContent, firstBoard, readBoard } from "./board";
import { Cell } from "./Cell";
import { Filters } from "./Filters";
import { ImportSheet } from "./ImportSheet";
import { RecordForm } from "./RecordForm";
import { Sheetlike } from "./Sheetlike";
import { type Condition, type Row, shownFields, type TableDetail, titleOf } from "./table";
import { Views } from "./Views";
import "./tables.css";

const Board = lazy(() => import("./Board"));
const PAGE = 100;
const CONFIRM = { "data-testid": "btn-confirm" } as ButtonProps;

export default function Grid() {
  const { key = "" } = useParams();
  const { t } = useTranslation("tables");
  const table = useQuery({
    queryKey: ["/api/tables", key],
    queryFn: () => api.get<TableDetail>(`/api/tables/${key}`),
    refetchInterval: (found) => (found.state.data?.refilling ? 2_000 : false),
  });
  if (!table.data) {
    return (
      <>
        <PageHeader title={key} back="/tables" tab={t("title")} />
        <PageBody>
          {table.error ? (
            <ErrorState error={table.error} onRetry={() => void table.refetch()} />
          ) : (
            <Loading tall />
          )}
        </PageBody>
      </>
    );
  }
  return <Records key={key} table={table.data} />;
}

function Records({ table }: { table: TableDetail }) {
  const { t } = useTranslation(["tables", "app"]);
  const { text, language } = useText();
  const { message, modal } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const narrow = useNarrow();
  const [params, setParams] = useSearchParams();
  const [form, setForm] = useState<"new" | Row | null>(null);
  const [importing, setImporting] = useState(false);
  const [bulk, setBulk] = useState(false);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());

  const typed = params.get("search") ?? "";
  const conditions = readConditions(params.get("filter"));
  const sort = params.get("sort") ?? "";
  const chosen = params.get("columns")?.split(",").filter(Boolean);
  const board = readBoard(params.get("board"));
  const put = (name: string, value: string) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  const putBoard = (next: BoardContent | null) => put("board", next ? JSON.stringify(next) : "");
  const asked = {
    search: useDelayed(typed),
    filter: conditions.length > 0 ? JSON.stringify(conditions) : "",
    sort,
  };
  const path = `/api/tables/${table.key}/records`;
  const list = useList<Row>(path, { ...asked, limit: PAGE });
  const count = useQuery({
    queryKey: [path, "count", asked],
    queryFn: () =>
      api.get<{ count: number; more: boolean }>(
        `/api/tables/${table.key}/count${query({ search: asked.search, filter: asked.filter })}`,
      ),
  });
  const rows = list.rows ?? [];
  const every = shownFields(table.definition, rows);
  const fields = chosen ? every.filter((field) => chosen.includes(field.name)) : every;
  const filterable = table.definition.fields.filter(
    (field) => table.filterable.includes(field.name) && !field.hidden,
  );
  const refresh = () => queries.invalidateQueries({ queryKey: [path] });
  const selection = table.rights.write
    ? { keys: ticked, onChange: (keys: ReadonlySet<string>) => setTicked(keys) }
    : undefined;
  const ids = [...ticked].map(Number);

  const restore = async (gone: number[]) => {
    const back = await api.post<{ changed: number }>(`/api/tables/${table.key}/restore`, {
      ids: gone,
    });
    void message.success(t("restored", { count: back.changed }));
    void refresh();
  };
  const remove = () =>
    modal.confirm({
      title: t("delete_title", { count: ids.length }),
      content: t("delete_text"),
      okText: t("app:action.delete"),
      okButtonProps: { danger: true, ...CONFIRM },
      cancelText: t("app:action.cancel"),
      autoFocusButton: "cancel",
      onOk: async () => {
        try {
          const done = await api.post<{ changed: number; ids: number[] }>(
            `/api/tables/${table.key}/delete`,
            { ids },
          );
          setTicked(new Set());
          void refresh();
          void message.open({
            type: "success",
            duration: 10,
            content: (
              <>
                {t("deleted", { count: done.changed })}{" "}
                <Button
                  type="link"
                  size="small"
                  onClick={() => void restore(done.ids)}
                  data-testid="btn-undo"
                >
                  {t("undo")}
                </Button>
              </>
            ),
          });
        } catch (error) {
          void message.error(textOf(error));
        }
      },
    });
  const change = async (row: Row, name: string, value: unknown): Promise<Row | null> => {
    try {
      const done = await api.patch<Row>(`${path}/${row.id}`, {
        values: { [name]: value },
        rev: row.rev,
      });
      void refresh();
      return done;
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) {
        void message.warning(t("changed_meanwhile"), 6);
        void refresh();
        return null;
      }
      const first = error instanceof ApiError ? error.problems[0] : undefined;
      void message.error(first?.message ?? textOf(error), 6);
      return null;
    }
  };

  const more = [
    ...(table.rights.write
      ? [
          {
            key: "import",
            icon: <UploadOutlined />,
            label: t("import"),
            onClick: () => setImporting(true),
          },
        ]
      : []),
    ...(["xlsx", "csv"] as const).map((kind) => ({
      key: kind,
      icon: <DownloadOutlined />,
      label: t(`export_${kind}`),
      onClick: () => {
        const told = query({ ...asked, format: kind, language });
        window.location.assign(addressOf(`/api/tables/${table.key}/export${told}`));
      },
    })),
    ...(table.rights.administer
      ? [
          {
            key: "design",
            icon: <SettingOutlined />,
            label: t("design"),
            onClick: () => navigate(`/tables/${table.key}/design`),
          },
        ]
      : []),
  ];
  const empty =
    typed || conditions.length > 0 ? (
      <EmptyState title={t("app:state.nothing_found")} text={t("app:state.nothing_found_text")} />
    ) : (
      <EmptyState
        title={t("no_records")}
        text={t("no_records_text")}
        action={
          table.rights.write && table.drawn ? (
            <Button type="primary" onClick={() => setForm("new")}>
              {t("new_record")}
            </Button>
          ) : undefined
        }
      />
    );

  return (
    <>
      <PageHeader
        title={text(table.title) || table.key}
        subtitle={
          <>
            <code>{table.key}</code>
            {" · "}
            {count.data
              ? t(count.data.more ? "more_than" : "count", { count: count.data.count })
              : "…"}
            {table.refilling && ` · ${t("refilling_text")}`}
          </>
        }
        tab={text(table.title) || table.key}
        back="/tables"
        actions={
          <>
            <Dropdown menu={{ items: more }} trigger={["click"]}>
              <Button data-testid="btn-more">{t("more")}</Button>
            </Dropdown>
            {table.rights.write && table.drawn && (
              <Button
                type="primary"
                icon={<PlusOutlined />}
                onClick={() => setForm("new")}
                data-testid="btn-new-record"
              >
                {t("new_record")}
              </Button>
            )}
          </>
        }
      />
      <PageBody wide>
        {!table.drawn && table.rights.administer && (
          <p className="hr-tables-note">
            {t("loose_text")} <Link to={`/tables/${table.key}/design`}>{t("draw_it")}</Link>
          </p>
        )}
        <div className="hr-bar hr-tables-bar">
          <SearchField
            label={t("search")}
            value={typed}
            onChange={(value) => put("search", value)}
          />
          <Filters
            table={table}
            conditions={conditions}
            onChange={(next) => put("filter", next.length > 0 ? JSON.stringify(next) : "")}
          />
          <Views
            table={table}
            fields={every}
            columns={chosen}
            content={{
              filter: conditions,
              sort,
              search: typed,
              ...(chosen ? { columns: chosen } : {}),
              ...(board ? { board } : {}),
            }}
            onColumns={(names) => put("columns", names ? names.join(",") : "")}
            onChoose={(content) =>
              setParams(
                {
                  ...(content.search ? { search: content.search } : {}),
                  ...(content.filter?.length ? { filter: JSON.stringify(content.filter) } : {}),
                  ...(content.sort ? { sort: content.sort } : {}),
                  ...(content.columns?.length ? { columns: content.columns.join(",") } : {}),
                  ...(content.board ? { board: JSON.stringify(content.board) } : {}),
                },
                { replace: true },
              )
            }
          />
          {table.drawn && !board && (
            <Button
              icon={<TableOutlined />}
              onClick={() => putBoard(firstBoard(filterable))}
              data-testid="btn-board"
            >
              {t("board")}
            </Button>
          )}
        </div>
        {ticked.size > 0 && (
          <div className="hr-tables-ticked" role="status">
            <span>{t("ticked", { count: ticked.size })}</span>
            <Button size="small" onClick={() => setBulk(true)} data-testid="btn-bulk-edit">
              {t("bulk_edit")}
            </Button>
            <Button size="small" danger onClick={remove} data-testid="btn-bulk-delete">
              {t("app:action.delete")}
            </Button>
            <Button size="small" type="text" onClick={() => setTicked(new Set())}>
              {t("untick")}
            </Button>
          </div>
        )}
        {board ? (
          <Suspense fallback={<Loading />}>
            <Board
              table={table}
              content={board}
              asked={{ search: asked.search, filter: asked.filter }}
              conditions={conditions}
              onChange={putBoard}
              empty={empty}
            />
          </Suspense>
        ) : narrow || list.rows === undefined || rows.length === 0 ? (
          <DataTable
            label={text(table.title) || table.key}
            columns={[
              { key: "title", title: t("record"), render: (row) => row.title },
              ...fields
                .filter((field) => field.name !== table.definition.display)
                .slice(0, 5)
                .map((field) => ({
                  key: field.name,
                  title: titleOf(field, language),
                  render: (row: Row) => <Cell field={field} row={row} />,
                })),
              {
                key: "updated",
                title: t("changed"),
                render: (row: Row) => <RelativeTime at={row.updated_at} />,
              },
            ]}
            {...list}
            rowKey={(row) => String(row.id)}
            to={(row) => `/tables/${table.key}/records/${row.id}`}
            testId={(row) => `record-${row.key}`}
            empty={empty}
            selection={selection}
          />
        ) : (
          <Sheetlike
            table={table}
            fields={fields}
            rows={rows}
            more={list.more}
            sort={sort}
            onSort={(next) => put("sort", next)}
            ticked={ticked}
            onTick={setTicked}
            onChange={change}
          />
        )}
        {form !== null && (
          <RecordForm
            table={table}
            row={form === "new" ? undefined : form}
            onClose={() => setForm(null)}
            onDone={(row) => {
              setForm(null);
              void refresh();
              void message.success(t("saved", { name: row.title }));
            }}
          />
        )}
        {bulk && (
          <BulkEdit
            table={table}
            ids={ids}
            onClose={() => setBulk(false)}
            onDone={(changed) => {
              setBulk(false);
              setTicked(new Set());
              void refresh();
              void message.success(t("changed_many", { count: changed }));
            }}
          />
        )}
        {importing && (
          <ImportSheet
            table={table}
            onClose={() => setImporting(false)}
            onDone={() => void refresh()}
          />
        )}
      </PageBody>
    </>
  );
}

function readConditions(text: string | null): Condition[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter((one) => typeof one?.field === "string") : [];
  } catch {
    return []; // an address somebody mangled
  }
}
