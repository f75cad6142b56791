// Who changed what, and when. Kept for good, shown to administrators.

import { Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useList } from "../../api/list";
import type { AuditEntry } from "../../api/types";
import { type Column, DataTable } from "../../ui/DataTable";
import { JsonView } from "../../ui/JsonView";
import { EmptyState, PageBody, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { ExactTime } from "../../ui/time";
import { useDelayed } from "../../ui/useDelayed";

/** What the navigation calls them; an action's name begins with it. */
const AREAS = [
  "flows",
  "decision_tables",
  "templates",
  "instances",
  "incidents",
  "tasks",
  "sources",
  "tables",
  "connections",
  "own_connectors",
  "users",
  "organisation",
  "roles",
  "calendars",
  "tokens",
];

export default function Audit() {
  const { t } = useTranslation(["admin", "app"]);
  const [open, setOpen] = useState<AuditEntry | null>(null);
  const [area, setArea] = useState("");
  const [subject, setSubject] = useState("");
  const action = area === "" ? "" : `${area}.`;
  const list = useList<AuditEntry>("/api/audit", { action, subject: useDelayed(subject.trim()) });
  const actionOf = (entry: AuditEntry) =>
    t(`audit.action.${entry.action.replaceAll(".", "_")}`, { defaultValue: entry.action });
  const columns: Column<AuditEntry>[] = [
    { key: "action", title: t("audit.what"), render: actionOf },
    { key: "subject", title: t("audit.subject"), render: (entry) => <code>{entry.subject}</code> },
    { key: "who", title: t("audit.who"), render: (entry) => nameOf(entry.who, t("audit.engine")) },
    { key: "at", title: t("audit.at"), render: (entry) => <ExactTime at={entry.at} /> },
  ];
  return (
    <>
      <PageHeader title={t("audit.title")} subtitle={t("audit.subtitle")} />
      <PageBody>
        <div className="hr-bar">
          <SearchField label={t("audit.search")} value={subject} onChange={setSubject} />
          <Select
            value={area}
            options={["", ...AREAS].map((value) => ({
              value,
              label: value === "" ? t("audit.all") : t(`app:nav.${value}`),
            }))}
            onChange={setArea}
            popupMatchSelectWidth={false}
            aria-label={t("audit.area")}
            data-testid="filter-area"
          />
        </div>
        <DataTable
          label={t("audit.title")}
          columns={columns}
          {...list}
          rowKey={(entry) => entry.id ?? `${entry.at} ${entry.action} ${entry.subject}`}
          onOpen={setOpen}
          empty={
            action || subject.trim() ? (
              <EmptyState
                title={t("app:state.nothing_found")}
                text={t("app:state.nothing_found_text")}
              />
            ) : (
              <EmptyState title={t("audit.empty")} />
            )
          }
        />
      </PageBody>
      {open && (
        <Modal open title={actionOf(open)} footer={null} onCancel={() => setOpen(null)}>
          <div className="hr-stack">
            <p className="hr-muted">
              {nameOf(open.who, t("audit.engine"))} · <ExactTime at={open.at} />
            </p>
            <JsonView value={open.params ?? {}} label={t("audit.details")} />
          </div>
        </Modal>
      )}
    </>
  );
}

function nameOf(who: AuditEntry["who"], engine: string): string {
  if (typeof who === "object" && who?.id === "engine") return engine;
  return typeof who === "string" ? who : (who?.name ?? who?.id ?? "–");
}
