// All decision tables: which version is in force, which comes next, and a new one.

import { PlusOutlined, TableOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import { useErrorText } from "../../ui/errorText";
import { EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { Sheet } from "../../ui/Sheet";
import { Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { ExactTime } from "../../ui/time";
import { useDelayed } from "../../ui/useDelayed";
import "./decision-tables.css";
import { type Brief, type Definition, fromSheet, type Table } from "./table";

const KEY = /^[a-z][a-z0-9_]{0,63}$/;

/** Beyond these one searches. */
const TABLES_MAX = 200;

export default function Tables() {
  const { t } = useTranslation("decision_tables");
  const { text } = useText();
  const write = useMay()("flows:write");
  const [search, setSearch] = useState("");
  const [making, setMaking] = useState(false);
  const tables = useList<Brief>("/api/decision-tables", {
    search: useDelayed(search),
    limit: TABLES_MAX,
  });
  const create = (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      onClick={() => setMaking(true)}
      data-testid="btn-new-decision-table"
    >
      {t("create")}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t("title")}
        subtitle={t("subtitle")}
        {...(write ? { actions: create } : {})}
      />
      <PageBody>
        <div className="hr-bar">
          <SearchField label={t("search")} value={search} onChange={setSearch} />
        </div>
        {tables.rows === undefined ? (
          tables.error ? (
            <ErrorState error={tables.error} onRetry={tables.onRetry} />
          ) : (
            <Loading />
          )
        ) : tables.rows.length === 0 ? (
          <EmptyState
            icon={<TableOutlined />}
            title={search ? t("none_found") : t("none")}
            {...(search ? {} : { text: t("none_text") })}
            {...(write && !search ? { action: create } : {})}
          />
        ) : (
          <ul className="hr-dt-list">
            {tables.rows.map((each) => (
              <li key={each.key}>
                <Link to={`/decision-tables/${each.key}`} data-testid={`table-${each.key}`}>
                  <span className="hr-dt-list-name">
                    <strong>{text(each.title) || each.key}</strong>
                    <small className="hr-muted">
                      {each.key} · {t("rows", { count: each.rows })} · {t(`policy.${each.policy}`)}
                    </small>
                  </span>
                  <span className="hr-dt-list-state">
                    {each.in_force === null ? (
                      <Tag>{t("state.draft")}</Tag>
                    ) : (
                      <Tag tone="ok">{t("state.version", { version: each.in_force })}</Tag>
                    )}
                    {each.changed && each.last_version > 0 && (
                      <Tag tone="warn">{t("state.changed")}</Tag>
                    )}
                    <small className="hr-muted">
                      <ExactTime at={each.updated_at} />
                    </small>
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        )}
        {tables.more.has && (
          <Button onClick={tables.more.load} loading={tables.more.loading}>
            {t("more")}
          </Button>
        )}
      </PageBody>
      {making && <Create onClose={() => setMaking(false)} />}
    </>
  );
}

function Create({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["decision_tables", "app"]);
  const { language } = useText();
  const textOf = useErrorText();
  const navigate = useNavigate();
  const [title, setTitle] = useState("");
  const [chosen, setKey] = useState<string | null>(null);
  const [sheet, setSheet] = useState("");
  const key = chosen ?? keyFrom(title);
  const [error, setError] = useState<string | null>(null);
  const make = async () => {
    if (!KEY.test(key)) return setError(t("key_wrong"));
    const pasted = sheet.trim() === "" ? undefined : fromSheet(sheet, language);
    if (pasted === null) return setError(t("sheet_wrong"));
    const named = title ? { [language]: title } : {};
    const definition: Definition = {
      title: named,
      policy: "first",
      inputs: [{ name: "amount", kind: "money", title: { zh: "金额", en: "Amount" }, min: 0 }],
      outputs: [{ name: "result", kind: "text", title: { zh: "结果", en: "Result" } }],
      // biome-ignore lint/suspicious/noThenProperty: what the API calls it; nobody waits for a row
      rules: [{ id: "r1", when: {}, then: {} }],
      ...pasted,
    };
    try {
      const made = await api.post<Table>("/api/decision-tables", { key, definition });
      navigate(`/decision-tables/${made.key}`);
    } catch (wrong) {
      setError(textOf(wrong));
    }
  };
  return (
    <Sheet
      title={t("create")}
      onClose={onClose}
      foot={
        <Button type="primary" onClick={() => void make()} data-testid="btn-create">
          {t("create")}
        </Button>
      }
    >
      <form
        className="hr-stack"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <label className="hr-dt-field">
          <span>{t("name")}</span>
          <input
            value={title}
            onChange={(e) => setTitle(e.target.value)}
            data-first
            data-testid="new-title"
          />
        </label>
        <label className="hr-dt-field">
          <span>{t("key")}</span>
          <input
            value={key}
            onChange={(e) => setKey(e.target.value)}
            aria-invalid={error !== null}
            data-testid="new-key"
          />
          <small className="hr-muted">{t("key_help")}</small>
        </label>
        <label className="hr-dt-field">
          <span>{t("sheet")}</span>
          <textarea
            rows={4}
            value={sheet}
            onChange={(e) => setSheet(e.target.value)}
            onKeyDown={(e) => e.key === "Enter" && (e.ctrlKey || e.metaKey) && void make()}
            data-testid="new-sheet"
          />
          <small className="hr-muted">{t("sheet_help")}</small>
        </label>
        {error !== null && (
          <p role="alert" className="hr-tone-error">
            {error}
          </p>
        )}
        <button type="submit" hidden />
      </form>
    </Sheet>
  );
}

/** "Order routing" is `order_routing`; a Chinese title needs a key of its own. */
function keyFrom(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[_\d]+|_+$/g, "")
    .slice(0, 64);
}
