// Drawing a table: its fields on the left, a record as people will fill it in on the right. Before it is saved one sees what
// the change does, and which records do not fit.

import { ArrowDownOutlined, ArrowUpOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Select, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { ApiError, api } from "../../api/client";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { problemText, useErrorText } from "../../ui/errorText";
import { Card, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { Sheet } from "../../ui/Sheet";
import { useText } from "../../ui/text";
import { FieldEditor } from "./FieldEditor";
import { FieldInput } from "./FieldInput";
import { Labelled } from "./Labelled";
import {
  type Definition,
  type Field,
  nameFor,
  type TableDetail,
  titleOf,
  typedValue,
} from "./table";
import "./tables.css";

interface Found {
  problems: { path: string; code: string; message: string; params?: Record<string, unknown> }[];
  changes: { what: string; field: string; before: unknown; after: unknown }[];
  misfits: {
    field: string;
    count: number;
    sample: { key: string; value: unknown; code: string }[];
  }[];
  looked: number;
  complete: boolean;
}

export default function Design() {
  const { key = "" } = useParams();
  const { t } = useTranslation("tables");
  const table = useQuery({
    queryKey: ["/api/tables", key],
    queryFn: () => api.get<TableDetail>(`/api/tables/${key}`),
  });
  if (!table.data) {
    return (
      <>
        <PageHeader title={t("design")} back={`/tables/${key}`} />
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
  return <Drawing key={table.data.version} table={table.data} />;
}

function Drawing({ table }: { table: TableDetail }) {
  const { t } = useTranslation(["tables", "app", "errors"]);
  const { text, language } = useText();
  const { message } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [drawn, setDrawn] = useState<Definition>(table.definition);
  const [at, setAt] = useState<string | null>(drawn.fields[0]?.name ?? null);
  const [found, setFound] = useState<Found | null>(null);
  const [busy, setBusy] = useState(false);
  const [sample, setSample] = useState<Record<string, string>>({});
  const changed = JSON.stringify(drawn) !== JSON.stringify(table.definition);
  const field = drawn.fields.find((one) => one.name === at);
  const saved = new Set(table.definition.fields.map((one) => one.name));

  const put = (part: Partial<Definition>) => setDrawn({ ...drawn, ...part });
  const putField = (name: string, next: Field) =>
    put({
      fields: drawn.fields.map((one) => (one.name === name ? next : one)),
      ...(next.name !== name && drawn.key_field === name ? { key_field: next.name } : {}),
      ...(next.name !== name && drawn.display === name ? { display: next.name } : {}),
    });
  const add = () => {
    const name = nameFor(
      "field",
      drawn.fields.map((one) => one.name),
    );
    put({
      fields: [...drawn.fields, { name, kind: "text", title: { [language]: t("new_field") } }],
    });
    setAt(name);
  };
  const move = (index: number, by: number) => {
    const fields = [...drawn.fields];
    const [taken] = fields.splice(index, 1);
    if (taken) fields.splice(index + by, 0, taken);
    put({ fields });
  };
  const remove = (name: string) => {
    if (saved.has(name)) {
      const now = drawn.fields.find((one) => one.name === name);
      if (now) putField(name, { ...now, hidden: !now.hidden });
      return;
    }
    put({ fields: drawn.fields.filter((one) => one.name !== name) });
    setAt(drawn.fields[0]?.name ?? null);
  };
  const suggest = async () => {
    try {
      const told = await api.get<{ definition: Definition }>(`/api/tables/${table.key}/suggestion`);
      setDrawn({ ...told.definition, title: told.definition.title ?? {} });
      setAt(told.definition.fields[0]?.name ?? null);
    } catch (error) {
      void message.error(textOf(error));
    }
  };
  const look = async () => {
    setBusy(true);
    try {
      setFound(await api.post<Found>(`/api/tables/${table.key}/check`, drawn));
    } catch (error) {
      tell(error);
    } finally {
      setBusy(false);
    }
  };
  const tell = (error: unknown) => {
    const first = error instanceof ApiError ? error.problems[0] : undefined;
    void message.error(first ? problemText(t, first) : textOf(error), 6);
  };
  const save = async (misfits: "refuse" | "clear") => {
    setBusy(true);
    try {
      await api.put(`/api/tables/${table.key}`, {
        definition: drawn,
        version: table.version,
        misfits,
      });
      setFound(null);
      void message.success(t("table_saved"));
      await queries.invalidateQueries({ queryKey: ["/api/tables"] });
      await queries.invalidateQueries({ queryKey: [`/api/tables/${table.key}/records`] });
      navigate(`/tables/${table.key}`);
    } catch (error) {
      tell(error);
    } finally {
      setBusy(false);
    }
  };
  const names = drawn.fields.map((one) => ({ value: one.name, label: titleOf(one, language) }));

  return (
    <>
      <PageHeader
        title={text(drawn.title) || table.key}
        subtitle={
          <>
            {t("design")} · <code>{table.key}</code> · {t("version", { version: table.version })}
          </>
        }
        back={`/tables/${table.key}`}
        actions={
          <>
            {!table.drawn && <Button onClick={() => void suggest()}>{t("suggest")}</Button>}
            <Button
              type="primary"
              disabled={!changed}
              loading={busy}
              onClick={() => void look()}
              data-testid="btn-save-table"
            >
              {t("app:action.save")}
            </Button>
          </>
        }
      />
      <PageBody>
        <div className="hr-design">
          <div className="hr-stack">
            <Card title={t("about")}>
              <div className="hr-tables-form hr-design-two">
                <Labelled title={t("title_zh")}>
                  <Input
                    value={drawn.title.zh ?? ""}
                    maxLength={100}
                    onChange={(event) => put({ title: { ...drawn.title, zh: event.target.value } })}
                  />
                </Labelled>
                <Labelled title={t("title_en")}>
                  <Input
                    value={drawn.title.en ?? ""}
                    maxLength={100}
                    onChange={(event) => put({ title: { ...drawn.title, en: event.target.value } })}
                  />
                </Labelled>
                <Labelled title={t("key_field")}>
                  <Select
                    aria-label={t("key_field")}
                    value={drawn.key_field ?? ""}
                    onChange={(name: string) => put({ key_field: name || null })}
                    options={[{ value: "", label: t("no_key_field") }, ...names]}
                  />
                </Labelled>
                <Labelled title={t("display")}>
                  <Select
                    aria-label={t("display")}
                    value={drawn.display ?? ""}
                    onChange={(name: string) => put({ display: name || null })}
                    options={[{ value: "", label: t("display_key") }, ...names]}
                  />
                </Labelled>
              </div>
            </Card>
            <Card
              title={t("fields")}
              actions={
                <Button icon={<PlusOutlined />} onClick={add} data-testid="btn-add-field">
                  {t("add_field")}
                </Button>
              }
            >
              {drawn.fields.length === 0 && <p className="hr-muted">{t("no_fields")}</p>}
              <ul className="hr-design-fields">
                {drawn.fields.map((one, index) => (
                  <li key={one.name} className={one.name === at ? "hr-design-at" : ""}>
                    <button
                      type="button"
                      className="hr-design-field"
                      aria-pressed={one.name === at}
                      onClick={() => setAt(one.name)}
                      data-testid={`field-${one.name}`}
                    >
                      <span className={one.hidden ? "hr-design-hidden" : ""}>
                        {titleOf(one, language)}
                      </span>
                      <span className="hr-muted">{t(`kinds.${one.kind}`)}</span>
                      {one.required && <Tag>{t("required")}</Tag>}
                      {(one.unique || drawn.key_field === one.name) && <Tag>{t("unique")}</Tag>}
                      {one.hidden && <Tag>{t("hidden")}</Tag>}
                    </button>
                    <Button
                      size="small"
                      type="text"
                      disabled={index === 0}
                      icon={<ArrowUpOutlined />}
                      aria-label={t("move_up", { name: titleOf(one, language) })}
                      onClick={() => move(index, -1)}
                    />
                    <Button
                      size="small"
                      type="text"
                      disabled={index === drawn.fields.length - 1}
                      icon={<ArrowDownOutlined />}
                      aria-label={t("move_down", { name: titleOf(one, language) })}
                      onClick={() => move(index, 1)}
                    />
                  </li>
                ))}
              </ul>
            </Card>
          </div>
          <div className="hr-stack">
            {field && (
              <FieldEditor
                key={saved.has(field.name) ? field.name : drawn.fields.indexOf(field)}
                field={field}
                fixed={saved.has(field.name)}
                taken={drawn.fields.map((one) => one.name)}
                onChange={(next) => {
                  putField(field.name, next);
                  setAt(next.name);
                }}
                onRemove={() => remove(field.name)}
              />
            )}
            <Card title={t("preview")}>
              <p className="hr-muted">{t("preview_text")}</p>
              <div className="hr-tables-form">
                {drawn.fields
                  .filter((one) => !one.hidden)
                  .map((one) => (
                    <div key={`${one.name} ${one.kind}`} className="hr-tables-field">
                      <span className="hr-tables-label" aria-hidden>
                        {titleOf(one, language)}
                        {one.required && <b className="hr-tables-must"> *</b>}
                      </span>
                      <FieldInput
                        field={one}
                        value={sample[one.name] ?? typedValue(one, one.default)}
                        onChange={(value) => setSample({ ...sample, [one.name]: value })}
                      />
                      {text(one.help) && <small className="hr-muted">{text(one.help)}</small>}
                    </div>
                  ))}
              </div>
            </Card>
            <ConfirmButton
              danger
              title={t("remove_table", { name: text(drawn.title) || table.key })}
              text={t("remove_table_text")}
              confirmLabel={t("app:action.delete")}
              onConfirm={async () => {
                await api.delete(`/api/tables/${table.key}`);
                await queries.invalidateQueries({ queryKey: ["/api/tables"] });
                navigate("/tables");
              }}
            >
              {t("remove_this_table")}
            </ConfirmButton>
          </div>
        </div>
        {found && (
          <Sheet
            wide
            title={t("check_title")}
            onClose={() => setFound(null)}
            foot={
              <>
                <Button onClick={() => setFound(null)}>{t("app:action.cancel")}</Button>
                {found.problems.length === 0 && (
                  <Button
                    type="primary"
                    danger={found.misfits.length > 0}
                    loading={busy}
                    onClick={() => void save(found.misfits.length > 0 ? "clear" : "refuse")}
                    data-testid="btn-confirm-table"
                  >
                    {t(found.misfits.length > 0 ? "save_clear" : "app:action.save")}
                  </Button>
                )}
              </>
            }
          >
            <div className="hr-stack">
              {found.problems.map((problem) => (
                <p key={problem.path + problem.code} role="alert" className="hr-tables-wrong">
                  {problemText(t, problem)}
                </p>
              ))}
              <ul className="hr-tables-changes">
                {found.changes.map((change) => (
                  <li key={change.what + change.field}>
                    {t(`change.${change.what}`, {
                      name: nameOf(change.field, drawn, table.definition, language),
                      before: change.before ? t(`kinds.${String(change.before)}`) : "",
                      after: change.after ? t(`kinds.${String(change.after)}`) : "",
                    })}
                  </li>
                ))}
                {found.changes.length === 0 && <li>{t("change.none")}</li>}
              </ul>
              {found.misfits.map((misfit) => (
                <div key={misfit.field} className="hr-tables-misfit">
                  <b>
                    {t("misfits", {
                      name: nameOf(misfit.field, drawn, table.definition, language),
                      count: misfit.count,
                    })}
                  </b>
                  <ul>
                    {misfit.sample.slice(0, 10).map((one) => (
                      <li key={one.key}>
                        <code>{one.key}</code> {String(one.value ?? "–")}{" "}
                        <span className="hr-muted">
                          {t(`errors:${one.code}`, { defaultValue: one.code })}
                        </span>
                      </li>
                    ))}
                  </ul>
                </div>
              ))}
              <p className="hr-muted">
                {t(found.complete ? "looked" : "looked_part", { count: found.looked })}
              </p>
            </div>
          </Sheet>
        )}
      </PageBody>
    </>
  );
}

function nameOf(
  name: string,
  after: Definition,
  before: Definition,
  language: "zh" | "en",
): string {
  const field = [...after.fields, ...before.fields].find((one) => one.name === name);
  return field ? titleOf(field, language) : name;
}
