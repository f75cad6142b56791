// Somebody leaves or cannot work: all their open tasks go to another, or to whom the rules of each task name. One batch, and
// what became of each task is shown.

import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "../api/client";
import { type Batch, isGoing, useBatch } from "../batches/batch";
import { Items } from "../batches/Items";
import { Progress } from "../batches/Progress";
import { Sheet } from "../ui/Sheet";
import { Trouble } from "../ui/Trouble";
import { PeoplePicker } from "./PeoplePicker";
import type { PersonRef } from "./people";
import "../ui/form/SchemaForm.css";

interface HandoverProps {
  person: PersonRef;
  /** How many tasks wait for them, where that is known. */
  open?: number | null;
  onClose: () => void;
}

export function HandoverSheet({ person, open, onClose }: HandoverProps) {
  const { t } = useTranslation(["people", "app"]);
  const id = useId();
  const queries = useQueryClient();
  const [byRule, setByRule] = useState(false);
  const [to, setTo] = useState<PersonRef | null>(null);
  const [reason, setReason] = useState("");
  const [checked, setChecked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [begun, setBegun] = useState<Batch | null>(null);
  const { data } = useBatch(begun?.id ?? null);
  const batch = data ?? begun;
  const nobody = !byRule && to === null;
  const send = async () => {
    setChecked(true);
    if (nobody || reason.trim() === "") return;
    setBusy(true);
    setError(null);
    try {
      setBegun(
        await api.post<Batch>("/api/handover", {
          from: person.id,
          to: byRule ? null : to?.id,
          reason: reason.trim(),
        }),
      );
    } catch (found) {
      setError(found);
    } finally {
      setBusy(false);
      void queries.invalidateQueries({ queryKey: ["/api/people"] });
    }
  };
  return (
    <Sheet
      title={t("handover.title", { name: person.name })}
      onClose={onClose}
      testId="handover-sheet"
      foot={
        batch === null ? (
          <>
            <Button onClick={onClose}>{t("app:action.cancel")}</Button>
            <Button
              type="primary"
              loading={busy}
              onClick={() => void send()}
              data-testid="btn-handover"
            >
              {t("handover.do")}
            </Button>
          </>
        ) : (
          <Button type="primary" onClick={onClose}>
            {t(isGoing(batch) ? "handover.behind" : "app:action.close")}
          </Button>
        )
      }
    >
      {batch === null ? (
        <>
          <p className="hr-muted">
            {open === null || open === undefined
              ? t("handover.text", { name: person.name })
              : t("handover.open", { name: person.name, count: open })}
          </p>
          <fieldset className="hr-field">
            <legend className="hr-field-label">{t("handover.to")}</legend>
            <div className="hr-choices">
              {[false, true].map((rule) => (
                <label key={String(rule)} className="hr-choice">
                  <input
                    type="radio"
                    name={`${id}-to`}
                    checked={byRule === rule}
                    onChange={() => setByRule(rule)}
                    data-testid={rule ? "handover-rule" : "handover-person"}
                  />
                  <span>{t(rule ? "handover.by_rule" : "handover.by_person")}</span>
                </label>
              ))}
            </div>
          </fieldset>
          {!byRule && (
            <PeoplePicker
              label={t("handover.whom")}
              value={to ? [to.id] : []}
              known={to ? [to] : []}
              onChange={(_, people) => setTo(people[0] ?? null)}
              exclude={[person.id]}
              max={1}
              required
              problem={checked && nobody ? t("handover.missing") : undefined}
              testId="handover-to"
            />
          )}
          <div className={checked && !reason.trim() ? "hr-field hr-field-wrong" : "hr-field"}>
            <label className="hr-field-label" htmlFor={`${id}-reason`}>
              {t("handover.reason")} <span className="hr-field-required">*</span>
            </label>
            <textarea
              id={`${id}-reason`}
              className="hr-input"
              rows={2}
              maxLength={2_000}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
              data-testid="handover-reason"
            />
            {checked && !reason.trim() && (
              <p className="hr-field-error" role="alert">
                {t("handover.reason_missing")}
              </p>
            )}
          </div>
          {error !== null && <Trouble error={error} />}
        </>
      ) : (
        <>
          <Progress batch={batch} />
          <Items batch={batch} />
          <Link to={`/operations/batches/${batch.id}`}>{t("handover.see")}</Link>
        </>
      )}
    </Sheet>
  );
}
