// Several tasks decided together: a bar with what is chosen, a question with what will happen, and then what became of each,
// as the server tells it. What was left out is never hidden in a total.

import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useList } from "../../api/list";
import { type Batch, type BatchItem, isGoing, useBatch } from "../../batches/batch";
import { Progress } from "../../batches/Progress";
import { Sheet } from "../../ui/Sheet";
import { StatusTag } from "../../ui/StatusTag";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import { useBulk } from "./queries";
import type { TaskItem } from "./task";
import "../../ui/form/SchemaForm.css";

interface BulkProps {
  tasks: TaskItem[];
  /** Those that can be decided without seeing more. */
  all: TaskItem[];
  onChoose: (ids: string[]) => void;
  onEnd: () => void;
}

export function Bulk({ tasks, all, onChoose, onEnd }: BulkProps) {
  const { t } = useTranslation("tasks");
  const [wish, setWish] = useState<{ decision: string; tasks: TaskItem[] } | null>(null);
  const every = all.length > 0 && tasks.length >= all.length;
  return (
    <>
      <section className="hr-selection hr-bulk" aria-label={t("bulk.bar")} data-testid="bulk-bar">
        <strong role="status">{t("bulk.chosen", { count: tasks.length })}</strong>
        <Button
          type="text"
          onClick={() => onChoose(every ? [] : all.map((task) => task.id))}
          data-testid="bulk-all"
        >
          {t(every ? "bulk.none" : "bulk.all", { count: all.length })}
        </Button>
        <Button
          danger
          disabled={tasks.length === 0}
          onClick={() => setWish({ decision: "rejected", tasks })}
          data-testid="bulk-rejected"
        >
          {t("button.rejected")}
        </Button>
        <Button
          type="primary"
          disabled={tasks.length === 0}
          onClick={() => setWish({ decision: "approved", tasks })}
          data-testid="bulk-approved"
        >
          {t("button.approved")}
        </Button>
      </section>
      {wish !== null && (
        <BulkSheet
          wish={wish}
          onClose={(done) => {
            setWish(null);
            if (done) onEnd();
          }}
        />
      )}
    </>
  );
}

interface SheetProps {
  wish: { decision: string; tasks: TaskItem[] };
  onClose: (done: boolean) => void;
}

function BulkSheet({ wish, onClose }: SheetProps) {
  const { decision, tasks } = wish;
  const { t } = useTranslation(["tasks", "app"]);
  const id = useId();
  const queries = useQueryClient();
  const bulk = useBulk();
  const [comment, setComment] = useState("");
  const begun = bulk.data;
  const { data: batch } = useBatch(begun?.id ?? null);
  const going = begun !== undefined && (batch === undefined || isGoing(batch));
  useEffect(() => {
    if (batch && !going) void queries.invalidateQueries({ queryKey: ["tasks"] });
  }, [queries, batch, going]);
  const asking = tasks.filter((task) => task.needs_form);
  const silent = decision === "rejected" && comment.trim() === "";
  return (
    <Sheet
      title={t(`bulk.title_${decision}`, { count: tasks.length })}
      onClose={() => onClose(begun !== undefined)}
      testId="bulk-sheet"
      foot={
        begun === undefined ? (
          <>
            <Button onClick={() => onClose(false)} data-testid="btn-cancel">
              {t("app:action.cancel")}
            </Button>
            <Button
              type="primary"
              danger={decision === "rejected"}
              loading={bulk.isPending}
              disabled={silent}
              onClick={() => bulk.mutate({ ids: tasks.map((task) => task.id), decision, comment })}
              data-testid="btn-bulk-begin"
            >
              {t(`bulk.begin_${decision}`, { count: tasks.length })}
            </Button>
          </>
        ) : (
          <Button type="primary" onClick={() => onClose(true)} data-testid="btn-bulk-close">
            {t(going ? "bulk.behind" : "app:action.close")}
          </Button>
        )
      }
    >
      {begun === undefined ? (
        <>
          <p>{t(`bulk.will_${decision}`, { count: tasks.length })}</p>
          {asking.length > 0 && (
            <p className="hr-note">{t("bulk.asking", { count: asking.length })}</p>
          )}
          <div className="hr-field">
            <label className="hr-field-label" htmlFor={`${id}-comment`}>
              {t(decision === "rejected" ? "reason" : "comment")}
            </label>
            <textarea
              id={`${id}-comment`}
              className="hr-input"
              rows={2}
              maxLength={4_000}
              placeholder={t(decision === "rejected" ? "reason_hint" : "comment_hint")}
              value={comment}
              onChange={(event) => setComment(event.target.value)}
              data-testid="bulk-comment"
            />
          </div>
          {bulk.error !== null && <Trouble error={bulk.error} title={t("not_sent")} />}
        </>
      ) : (
        <>
          <Progress batch={batch ?? begun} />
          <Outcomes batch={batch ?? begun} tasks={tasks} />
        </>
      )}
    </Sheet>
  );
}

const LOOKS = {
  waiting: "queued",
  running: "running",
  done: "done",
  failed: "failed",
  skipped: "skipped",
};

function Outcomes({ batch, tasks }: { batch: Batch; tasks: TaskItem[] }) {
  const { t } = useTranslation(["tasks", "batches", "errors"]);
  const { text } = useText();
  const queries = useQueryClient();
  const list = useList<BatchItem>(`/api/batches/${batch.id}/items`);
  const { done, failed, skipped } = batch.counts;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when something has come of one
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: [`/api/batches/${batch.id}/items`] });
  }, [queries, batch.id, done, failed, skipped]);
  const titleOf = (item: BatchItem) => {
    const task = tasks.find((each) => each.id === item.subject);
    return (task && (text(task.title) || text(task.node_name))) || item.subject;
  };
  const rows = [...(list.rows ?? [])].sort((one, other) => RANK[one.status] - RANK[other.status]);
  return (
    <ul className="hr-outcomes" data-testid="bulk-outcomes">
      {rows.map((item) => (
        <li key={item.number} data-status={item.status}>
          <span>
            {titleOf(item)}
            {item.code !== null && (item.status === "failed" || item.status === "skipped") && (
              <small>
                {t([`tasks:why.${item.code}`, `batches:code.${item.code}`, `errors:${item.code}`], {
                  defaultValue: item.message ?? item.code,
                })}
              </small>
            )}
          </span>
          <StatusTag status={LOOKS[item.status]}>{t(`batches:item.${item.status}`)}</StatusTag>
        </li>
      ))}
    </ul>
  );
}

/** What did not succeed stands first. */
const RANK: Record<BatchItem["status"], number> = {
  failed: 0,
  skipped: 1,
  running: 2,
  waiting: 3,
  done: 4,
};
