// Who changed what, and when. Kept for good, shown to administrators.

import { Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useList } from "../../api/list";
import type { AuditEntry } from "../../api/types";
import { type Column, DataTable } from "../../ui/DataTable";
import { JsonView } from "../../ui/JsonView";
import { EmptyState, PageBody, PageHeader } from "../../ui/page";
import { ExactTime } from "../../ui/time";

export default function Audit() {
  const { t } = useTranslation("admin");
  const [open, setOpen] = useState<AuditEntry | null>(null);
  const list = useList<AuditEntry>("/api/audit");
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
        <DataTable
          label={t("audit.title")}
          columns={columns}
          {...list}
          rowKey={(entry) => entry.id ?? `${entry.at} ${entry.action} ${entry.subject}`}
          onOpen={setOpen}
          empty={<EmptyState title={t("audit.empty")} />}
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
