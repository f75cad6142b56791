// Everything that was done to many at once, and how it went.

import { UnorderedListOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { useList } from "../../api/list";
import type { Batch } from "../../batches/batch";
import { DataTable } from "../../ui/DataTable";
import { EmptyState } from "../../ui/page";
import { StatusTag, Tag } from "../../ui/StatusTag";
import { RelativeTime } from "../../ui/time";
import { Frame } from "./Frame";

const EVERY_MS = 5_000;

export default function Batches() {
  const { t } = useTranslation(["operations", "batches"]);
  const list = useList<Batch>("/api/batches", {}, { everyMs: EVERY_MS });
  return (
    <Frame part="batches">
      <DataTable
        label={t("batches.title")}
        columns={[
          {
            key: "kind",
            title: t("batches.what"),
            render: (batch) => t(`batches:kind.${batch.kind}`, { defaultValue: batch.kind }),
          },
          {
            key: "status",
            title: t("state"),
            render: (batch) => (
              <StatusTag status={batch.status}>{t(`batches:status.${batch.status}`)}</StatusTag>
            ),
            phone: "corner",
          },
          {
            key: "progress",
            title: t("batches.progress"),
            render: (batch) => (
              <span className="hr-row">
                {t("batches:progress", {
                  ended: batch.counts.done + batch.counts.failed + batch.counts.skipped,
                  total: batch.total,
                })}
                {batch.counts.failed > 0 && (
                  <Tag tone="error">
                    {t("batches:count.failed", { count: batch.counts.failed })}
                  </Tag>
                )}
              </span>
            ),
          },
          { key: "reason", title: t("batches.reason"), render: (batch) => batch.reason || "–" },
          {
            key: "at",
            title: t("batches.begun"),
            render: (batch) => <RelativeTime at={batch.created_at} />,
          },
        ]}
        {...list}
        rowKey={(batch) => batch.id}
        to={(batch) => `/operations/batches/${batch.id}`}
        testId={(batch) => `batch-${batch.id}`}
        empty={
          <EmptyState
            icon={<UnorderedListOutlined />}
            title={t("batches.none")}
            text={t("batches.none_text")}
          />
        }
      />
    </Frame>
  );
}
