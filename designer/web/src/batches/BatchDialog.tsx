// Before something is done to many: how many, what follows, and why. Then it stays open and tells how it goes.

import { useQueryClient } from "@tanstack/react-query";
import { Button, Checkbox, Input, InputNumber, Modal, Segmented } from "antd";
import { useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "../api/client";
import { Trouble } from "../ui/Trouble";
import { type Batch, isGoing, type Preview, useBatch } from "./batch";
import { Items } from "./Items";
import { Progress } from "./Progress";

export interface BatchWish {
  kind: string;
  selection: Record<string, unknown>;
}

interface BatchDialogProps {
  wish: BatchWish;
  onClose: () => void;
}

export function BatchDialog({ wish, onClose }: BatchDialogProps) {
  const { t } = useTranslation("batches");
  const id = useId();
  const queries = useQueryClient();
  const [preview, setPreview] = useState<Preview | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [reason, setReason] = useState("");
  const [params, setParams] = useState<Record<string, unknown>>(FIRST[wish.kind] ?? {});
  const [busy, setBusy] = useState(false);
  const [begun, setBegun] = useState<string | null>(null);
  const { data: batch } = useBatch(begun);
  useEffect(() => {
    api.post<Preview>("/api/batches/preview", wish).then(setPreview, setError);
  }, [wish]);
  const going = batch !== undefined && isGoing(batch);
  useEffect(() => {
    if (batch === undefined || going) return;
    void queries.invalidateQueries({ queryKey: ["/api/incidents"] });
    void queries.invalidateQueries({ queryKey: ["/api/instances"] });
  }, [batch, going, queries]);
  const begin = async () => {
    setBusy(true);
    setError(null);
    try {
      const made = await api.post<Batch>("/api/batches", {
        ...wish,
        params,
        reason: reason.trim(),
      });
      queries.setQueryData(["batch", made.id], made);
      setBegun(made.id);
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  const needsReason = wish.kind === "hold" || wish.kind === "release";
  const count = preview?.count ?? 0;
  return (
    <Modal
      open
      width={620}
      title={t(`kind.${wish.kind}`)}
      onCancel={onClose}
      mask={{ closable: false }}
      footer={
        begun === null ? (
          <>
            <Button onClick={onClose} data-testid="btn-batch-close">
              {t("close")}
            </Button>
            <Button
              type="primary"
              danger={wish.kind === "cancel"}
              loading={busy}
              disabled={count === 0 || (needsReason && reason.trim() === "")}
              onClick={() => void begin()}
              data-testid="btn-batch-begin"
            >
              {t("begin", { count, number: numberOf(preview) })}
            </Button>
          </>
        ) : (
          <Button onClick={onClose} data-testid="btn-batch-close">
            {t(going ? "go_on_behind" : "close")}
          </Button>
        )
      }
    >
      <div className="hr-stack" data-testid="batch-dialog">
        {begun === null ? (
          <>
            <p>{t(`kind.${wish.kind}_text`)}</p>
            <p data-testid="batch-count">
              {preview === null && error === null
                ? t("counting")
                : t("matches", { count, number: numberOf(preview) })}
            </p>
            <Params kind={wish.kind} value={params} onChange={setParams} />
            <div className="hr-stack">
              <label htmlFor={`${id}-reason`}>{t("reason")}</label>
              <Input.TextArea
                value={reason}
                onChange={(event) => setReason(event.target.value)}
                autoSize={{ minRows: 2 }}
                maxLength={2000}
                id={`${id}-reason`}
                data-testid="batch-reason"
              />
            </div>
          </>
        ) : (
          batch !== undefined && (
            <>
              <Progress batch={batch} />
              <Items batch={batch} />
              <Link to={`/operations/batches/${batch.id}`} data-testid="link-batch">
                {t("see_page")}
              </Link>
            </>
          )
        )}
        {error !== null && <Trouble error={error} />}
      </div>
    </Modal>
  );
}

const FIRST: Record<string, Record<string, unknown>> = {
  suspend: { timers: "keep" },
  priority: { priority: 5 },
};

function numberOf(preview: Preview | null): string {
  if (preview === null) return "…";
  return preview.more ? `${preview.count}+` : String(preview.count);
}

interface ParamsProps {
  kind: string;
  value: Record<string, unknown>;
  onChange: (value: Record<string, unknown>) => void;
}

function Params({ kind, value, onChange }: ParamsProps) {
  const { t } = useTranslation("batches");
  const id = useId();
  if (kind === "cancel") {
    return (
      <Checkbox
        checked={value["compensate"] === true}
        onChange={(event) => onChange(event.target.checked ? { compensate: true } : {})}
        data-testid="batch-compensate"
      >
        {t("compensate")}
      </Checkbox>
    );
  }
  if (kind === "suspend") {
    return (
      <Segmented
        options={["keep", "shift"].map((each) => ({ value: each, label: t(`timers_${each}`) }))}
        value={String(value["timers"])}
        onChange={(timers) => onChange({ timers })}
        aria-label={t("timers")}
      />
    );
  }
  if (kind === "priority") {
    return (
      <div className="hr-row">
        <label htmlFor={id}>{t("priority")}</label>
        <InputNumber
          min={0}
          max={9}
          precision={0}
          value={Number(value["priority"] ?? 0)}
          onChange={(priority) => onChange({ priority: priority ?? 0 })}
          id={id}
          data-testid="batch-priority"
        />
      </div>
    );
  }
  return null;
}
