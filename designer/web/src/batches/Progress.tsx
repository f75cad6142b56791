// How far a batch is, as a bar and in numbers. What has not succeeded is never hidden in a total.

import { Progress as Bar } from "antd";
import { useTranslation } from "react-i18next";
import { type Batch, isGoing } from "./batch";
import "./batches.css";

export function Progress({ batch }: { batch: Batch }) {
  const { t } = useTranslation("batches");
  const { done, failed, skipped, running, waiting } = batch.counts;
  const ended = done + failed + skipped;
  const total = Math.max(batch.total, 1);
  const percent = batch.total === 0 ? (isGoing(batch) ? 0 : 100) : (ended / total) * 100;
  const parts = [
    done > 0 && t("count.done", { count: done }),
    failed > 0 && t("count.failed", { count: failed }),
    skipped > 0 && t("count.skipped", { count: skipped }),
    running > 0 && t("count.running", { count: running }),
    waiting > 0 && t("count.waiting", { count: waiting }),
  ].filter(Boolean);
  return (
    <div className="hr-batch-progress" data-testid="batch-progress" data-status={batch.status}>
      <Bar
        percent={Math.floor(percent)}
        success={{ percent: Math.floor((done / total) * 100) }}
        status={failed > 0 ? "exception" : isGoing(batch) ? "active" : "success"}
        aria-label={t("progress", { ended, total: batch.total })}
      />
      <p role="status">
        <strong>{t(`status.${batch.status}`)}</strong>{" "}
        <span className="hr-muted">{parts.length === 0 ? "" : parts.join(t("comma"))}</span>
      </p>
    </div>
  );
}
