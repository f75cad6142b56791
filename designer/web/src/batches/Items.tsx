// What became of each item: those that did not succeed first to be chosen.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useList } from "../api/list";
import { DataTable } from "../ui/DataTable";
import { EmptyState } from "../ui/page";
import { Segments } from "../ui/Segments";
import { StatusTag } from "../ui/StatusTag";
import type { Batch, BatchItem } from "./batch";

const STATUSES = ["", "failed", "skipped", "done", "running", "waiting"] as const;
const LOOKS = {
  waiting: "queued",
  running: "running",
  done: "done",
  failed: "failed",
  skipped: "skipped",
};

export function Items({ batch }: { batch: Batch }) {
  const { t } = useTranslation(["batches", "errors"]);
  const [status, setStatus] = useState<(typeof STATUSES)[number]>("");
  const list = useList<BatchItem>(`/api/batches/${batch.id}/items`, {
    status: status || undefined,
  });
  const queries = useQueryClient();
  const { counts } = batch;
  // The page of a batch is asked again and again; its items only when something has come of one.
  const moved = `${counts.done} ${counts.failed} ${counts.skipped} ${counts.running}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when it has moved
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: [`/api/batches/${batch.id}/items`] });
  }, [queries, batch.id, moved]);
  const shown = STATUSES.filter((each) => each === "" || batch.counts[each] > 0);
  return (
    <div className="hr-batch-items">
      {shown.length > 2 && (
        <Segments
          label={t("filter")}
          options={shown.map((value) => ({
            value,
            title: value === "" ? t("all") : `${t(`item.${value}`)} ${batch.counts[value]}`,
          }))}
          value={status}
          onChange={setStatus}
          testId="items"
        />
      )}
      <DataTable
        label={t("items")}
        columns={[
          {
            key: "what",
            title: t("item_what"),
            render: (item) => (
              <Link to={`/instances/${item.instance_id}`}>
                <code>{item.instance_id.slice(-10)}</code>
              </Link>
            ),
          },
          {
            key: "status",
            title: t("item_state"),
            render: (item) => (
              <StatusTag status={LOOKS[item.status]}>{t(`item.${item.status}`)}</StatusTag>
            ),
            phone: "corner",
          },
          {
            key: "why",
            title: t("item_outcome"),
            render: (item) => outcome(item, t) ?? <span className="hr-muted">–</span>,
          },
        ]}
        {...list}
        rowKey={(item) => String(item.number)}
        testId={(item) => `batch-item-${item.number}`}
        empty={<EmptyState title={t("no_items")} />}
      />
    </div>
  );
}

/** In words where there are some: an error by its code, a way by its kind. */
function outcome(item: BatchItem, t: ReturnType<typeof useTranslation>["t"]): string | null {
  const { code, message } = item;
  if (code === null) return message && t(`app:status.${message}`, { defaultValue: message });
  const [kind, rest] = code.split(":");
  if (kind === "waits" && rest) return t(`batches:waits.${rest}`, { defaultValue: rest });
  if (kind === "port") return null;
  return t([`batches:code.${code}`, `errors:${code}`, `app:status.${code}`], {
    defaultValue: message ?? code,
  });
}
