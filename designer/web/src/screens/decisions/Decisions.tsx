// Every decision of people, in a chain that tells when it was touched: looked up, taken along as a file, and verified.

import { DownloadOutlined, SafetyCertificateOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { addressOf, api, query } from "../../api/client";
import { useList } from "../../api/list";
import type { FlowSummary } from "../../api/types";
import { PeoplePicker } from "../../people/PeoplePicker";
import type { PersonRef } from "../../people/people";
import { type Column, DataTable } from "../../ui/DataTable";
import { useErrorText } from "../../ui/errorText";
import { JsonView } from "../../ui/JsonView";
import { EmptyState, PageBody, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { Sheet } from "../../ui/Sheet";
import { StatusTag, Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { ExactTime } from "../../ui/time";
import { useDelayed } from "../../ui/useDelayed";
import {
  ACTIONS,
  type Asked,
  type Decision,
  ENGINE,
  filterOf,
  NOTHING,
  type Verified,
} from "./decision";
import "../../ui/form/SchemaForm.css";
import "./decisions.css";

const STATES = new Set(["approved", "rejected", "returned"]);

export default function Decisions() {
  const { t } = useTranslation(["decisions", "app"]);
  const [asked, setAsked] = useState<Asked>(NOTHING);
  const [open, setOpen] = useState<Decision | null>(null);
  const filter = useDelayed(JSON.stringify(filterOf(asked)));
  const list = useList<Decision>("/api/decisions", JSON.parse(filter));
  return (
    <>
      <PageHeader
        title={t("title")}
        subtitle={t("subtitle")}
        actions={(["csv", "jsonl"] as const).map((format) => (
          <Button
            key={format}
            icon={<DownloadOutlined />}
            href={addressOf(`/api/decisions/export${query({ ...filterOf(asked), format })}`)}
            download
            data-testid={`export-${format}`}
          >
            {t("export", { format: format.toUpperCase() })}
          </Button>
        ))}
      />
      <PageBody>
        <Verify />
        <Filters asked={asked} onChange={setAsked} />
        <DataTable
          label={t("title")}
          columns={useColumns()}
          {...list}
          rowKey={(row) => row.id}
          testId={(row) => `decision-${row.id}`}
          onOpen={setOpen}
          empty={<EmptyState title={t("empty")} text={t("empty_text")} />}
        />
      </PageBody>
      {open !== null && <Details decision={open} onClose={() => setOpen(null)} />}
    </>
  );
}

/** Walks the whole chain when asked to; that may take a while on a long one. */
function Verify() {
  const { t } = useTranslation("decisions");
  const textOf = useErrorText();
  const verify = useMutation({ mutationFn: () => api.get<Verified>("/api/decisions/verify") });
  const found = verify.data;
  const tone = found === undefined ? "" : found.ok ? "hr-verified-ok" : "hr-verified-wrong";
  return (
    <section className={`hr-verified ${tone}`} data-testid="verify" data-ok={found?.ok}>
      <SafetyCertificateOutlined aria-hidden />
      <p role="status">
        {verify.error
          ? textOf(verify.error)
          : found === undefined
            ? t("verify.text")
            : found.ok
              ? t("verify.ok", { count: found.checked, redacted: found.redacted })
              : t("verify.wrong", {
                  number: found.first_wrong ?? "?",
                  why: t(`verify.why.${found.why}`, { defaultValue: found.why ?? "" }),
                })}
        {found !== undefined && !found.ok && found.expected && (
          <small>
            {t("verify.expected")} <code>{found.expected}</code> · {t("verify.found")}{" "}
            <code>{found.found}</code>
          </small>
        )}
      </p>
      <Button loading={verify.isPending} onClick={() => verify.mutate()} data-testid="btn-verify">
        {t(found === undefined ? "verify.do" : "verify.again")}
      </Button>
    </section>
  );
}

function Filters({ asked, onChange }: { asked: Asked; onChange: (asked: Asked) => void }) {
  const { t } = useTranslation("decisions");
  const { text } = useText();
  const flows = useList<FlowSummary>("/api/flows").rows ?? [];
  const [person, setPerson] = useState<PersonRef | null>(null);
  const [picking, setPicking] = useState(false);
  const set = (part: Partial<Asked>) => onChange({ ...asked, ...part });
  return (
    <div className="hr-bar hr-decision-filters">
      <SearchField
        label={t("filter.search")}
        value={asked.search}
        onChange={(search) => set({ search })}
      />
      <label className="hr-filter">
        <span>{t("filter.action")}</span>
        <select
          className="hr-input"
          value={asked.decision}
          onChange={(event) => set({ decision: event.target.value })}
          data-testid="filter-action"
        >
          <option value="">{t("filter.all")}</option>
          {ACTIONS.map((action) => (
            <option key={action} value={action}>
              {t(`action.${action}`)}
            </option>
          ))}
        </select>
      </label>
      <label className="hr-filter">
        <span>{t("filter.flow")}</span>
        <select
          className="hr-input"
          value={asked.flow}
          onChange={(event) => set({ flow: event.target.value })}
          data-testid="filter-flow"
        >
          <option value="">{t("filter.all")}</option>
          {flows.map((flow) => (
            <option key={flow.key} value={flow.key}>
              {text(flow.name)}
            </option>
          ))}
        </select>
      </label>
      {(["from", "until"] as const).map((end) => (
        <label key={end} className="hr-filter">
          <span>{t(`filter.${end}`)}</span>
          <input
            type="date"
            className="hr-input"
            value={asked[end]}
            onChange={(event) => set({ [end]: event.target.value })}
            data-testid={`filter-${end}`}
          />
        </label>
      ))}
      <div className="hr-filter">
        <span>{t("filter.person")}</span>
        <Button onClick={() => setPicking(true)} data-testid="filter-person">
          {person?.name ?? t("filter.all")}
        </Button>
      </div>
      {picking && (
        <Sheet title={t("filter.person")} onClose={() => setPicking(false)} light>
          <PeoplePicker
            label={t("filter.person")}
            value={person ? [person.id] : []}
            known={person ? [person] : []}
            max={1}
            onChange={(ids, people) => {
              setPerson(people[0] ?? null);
              set({ user: ids[0] ?? "" });
              if (ids.length > 0) setPicking(false);
            }}
          />
        </Sheet>
      )}
    </div>
  );
}

function useColumns(): Column<Decision>[] {
  const { t } = useTranslation("decisions");
  return [
    {
      key: "what",
      title: t("what"),
      render: (row) => row.title || row.business_key || row.task_id || t("no_content"),
    },
    { key: "action", title: t("did"), render: (row) => <Did row={row} />, phone: "corner" },
    { key: "who", title: t("who"), render: (row) => <Who row={row} /> },
    { key: "comment", title: t("comment"), render: (row) => row.comment || <Dash /> },
    {
      key: "via",
      title: t("via"),
      render: (row) => (row.via ? t(`by.${row.via}`, { defaultValue: row.via }) : <Dash />),
      phone: "hidden",
    },
    { key: "at", title: t("at"), render: (row) => <ExactTime at={row.at} /> },
  ];
}

function Dash() {
  return <span className="hr-muted">–</span>;
}

function Did({ row }: { row: Decision }) {
  const { t } = useTranslation("decisions");
  const action = row.decision ?? row.action ?? "";
  if (row.redacted_at) return <Tag>{t("redacted")}</Tag>;
  if (STATES.has(action)) return <StatusTag status={action} />;
  return <Tag tone="info">{t(`action.${action}`, { defaultValue: action })}</Tag>;
}

function Who({ row }: { row: Decision }) {
  const { t } = useTranslation("decisions");
  const name = row.by === null || row.by.id === ENGINE ? t("rule") : row.by.name;
  return <>{row.on_behalf_of ? t("behalf", { name, of: row.on_behalf_of.name }) : name}</>;
}

function Details({ decision, onClose }: { decision: Decision; onClose: () => void }) {
  const { t } = useTranslation("decisions");
  const facts: [string, React.ReactNode][] = [
    [t("who"), <Who key="who" row={decision} />],
    [t("at"), <ExactTime key="at" at={decision.at} />],
    [t("via"), decision.via ? t(`by.${decision.via}`, { defaultValue: decision.via }) : "–"],
    [t("ip"), decision.ip ?? "–"],
    [t("flow"), decision.flow_key ? `${decision.flow_key} · v${decision.version ?? "?"}` : "–"],
    [t("node"), decision.node ?? "–"],
    [t("number"), decision.business_key ?? "–"],
  ];
  return (
    <Sheet title={decision.title || t("details")} onClose={onClose} light wide>
      <div className="hr-row">
        <Did row={decision} />
        {decision.task_id && <Link to={`/tasks/${decision.task_id}`}>{t("see_task")}</Link>}
        {decision.instance_id && (
          <Link to={`/instances/${decision.instance_id}`}>{t("see_instance")}</Link>
        )}
        {decision.batch_id && (
          <Link to={`/operations/batches/${decision.batch_id}`}>{t("see_batch")}</Link>
        )}
      </div>
      {decision.comment && (
        <blockquote className="hr-decision-quote">{decision.comment}</blockquote>
      )}
      <dl className="hr-decision-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div className="hr-decision-sides">
        {(["before", "after"] as const).map((side) => (
          <section key={side}>
            <h3>{t(side)}</h3>
            {decision[side] ? (
              <JsonView value={parsed(decision[side])} label={t(side)} />
            ) : (
              <p className="hr-muted">{t("nothing")}</p>
            )}
          </section>
        ))}
      </div>
      <p className="hr-muted hr-small hr-decision-hash">
        {t("hash")} <code>{decision.hash}</code>
      </p>
    </Sheet>
  );
}

function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
