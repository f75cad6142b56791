// I am away from … to …, and somebody acts for me: my own substitutions, now, coming and past, and those where I act.

import { CalendarOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useSession } from "../../api/session";
import type { FlowSummary } from "../../api/types";
import { GiveBack } from "../../people/GiveBack";
import { PeoplePicker } from "../../people/PeoplePicker";
import type { PersonRef } from "../../people/people";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { useErrorText } from "../../ui/errorText";
import { Card, ErrorState, Loading } from "../../ui/page";
import { Sheet } from "../../ui/Sheet";
import { Tag } from "../../ui/StatusTag";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import { exactTime } from "../../ui/time";
import { dayOf, momentOf } from "./away";
import "./account.css";
import "../../ui/form/SchemaForm.css";

export interface Substitution {
  id: string;
  person: PersonRef;
  substitute: PersonRef | null;
  from: string;
  until: string;
  flows: string[] | null;
  note: string;
  state: "coming" | "now" | "past";
  may_change: boolean;
  still_held: number;
}

const PATH = "/api/substitutions";
const TONES = { now: "warn", coming: "info", past: "neutral" } as const;

export function Away() {
  const { t } = useTranslation("account");
  const me = useSession((state) => state.user?.id ?? "");
  const [editing, setEditing] = useState<Substitution | "new" | null>(null);
  const list = useList<Substitution>(PATH, { person: me });
  const rows = (list.rows ?? []).filter((row) => row.state !== "past" || row.still_held > 0);
  return (
    <Card
      title={t("away.title")}
      testId="away"
      actions={
        <Button onClick={() => setEditing("new")} data-testid="btn-away">
          {t("away.add")}
        </Button>
      }
    >
      <p className="hr-muted hr-small hr-account-help">{t("away.text")}</p>
      {list.rows === undefined ? (
        list.error ? (
          <ErrorState error={list.error} onRetry={list.onRetry} />
        ) : (
          <Loading rows={2} />
        )
      ) : rows.length === 0 ? (
        <p className="hr-muted">{t("away.none")}</p>
      ) : (
        <ul className="hr-away-list">
          {rows.map((row) => (
            <Row key={row.id} row={row} mine={row.person.id === me} onEdit={setEditing} />
          ))}
        </ul>
      )}
      {editing !== null && (
        <AwaySheet
          me={me}
          substitution={editing === "new" ? null : editing}
          onClose={() => setEditing(null)}
        />
      )}
    </Card>
  );
}

interface RowProps {
  row: Substitution;
  mine: boolean;
  onEdit: (row: Substitution) => void;
}

function Row({ row, mine, onEdit }: RowProps) {
  const { t } = useTranslation(["account", "app"]);
  const { language } = useText();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const textOf = useErrorText();
  const end = async () => {
    try {
      await api.delete(`${PATH}/${row.id}`);
    } catch (error) {
      message.error(textOf(error));
    }
    await queries.invalidateQueries({ queryKey: [PATH] });
  };
  return (
    <li data-testid={`substitution-${row.id}`}>
      <CalendarOutlined aria-hidden />
      <span className="hr-away-what">
        <strong>
          {mine
            ? row.substitute
              ? t("away.acts_for_me", { name: row.substitute.name })
              : t("away.nobody_acts")
            : t("away.i_act", { name: row.person.name })}
        </strong>
        <small>
          {t("away.from_to", {
            from: exactTime(row.from, language),
            until: exactTime(row.until, language),
          })}
          {row.flows && ` · ${t("away.some_flows", { count: row.flows.length })}`}
          {row.note && ` · ${row.note}`}
        </small>
      </span>
      <Tag tone={TONES[row.state]}>{t(`away.state.${row.state}`)}</Tag>
      {mine && <GiveBack of={row} />}
      {mine && row.may_change && (
        <span className="hr-actions">
          <Button type="text" onClick={() => onEdit(row)} data-testid={`change-${row.id}`}>
            {t("app:action.edit")}
          </Button>
          <ConfirmButton
            type="text"
            danger
            title={t(row.state === "now" ? "away.end_title" : "away.cancel_title")}
            text={t(row.state === "now" ? "away.end_text" : "away.cancel_text")}
            confirmLabel={t(row.state === "now" ? "away.end" : "away.cancel")}
            onConfirm={end}
            data-testid={`end-${row.id}`}
          >
            {t(row.state === "now" ? "away.end" : "away.cancel")}
          </ConfirmButton>
        </span>
      )}
    </li>
  );
}

interface AwaySheetProps {
  me: string;
  substitution: Substitution | null;
  onClose: () => void;
}

function AwaySheet({ me, substitution, onClose }: AwaySheetProps) {
  const { t } = useTranslation(["account", "app"]);
  const { text, language } = useText();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const id = useId();
  const flows = useList<FlowSummary>("/api/flows").rows ?? [];
  const [person, setPerson] = useState<PersonRef | null>(substitution?.substitute ?? null);
  const [from, setFrom] = useState(dayOf(substitution?.from ?? new Date().toISOString()));
  const [until, setUntil] = useState(substitution ? dayOf(substitution.until) : "");
  const [some, setSome] = useState<string[] | null>(substitution?.flows ?? null);
  const [note, setNote] = useState(substitution?.note ?? "");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [checked, setChecked] = useState(false);
  const running = substitution?.state === "now";
  const wrong = {
    until: !until ? "away.until_missing" : until <= from ? "away.until_early" : null,
    person: person === null ? "away.person_missing" : null,
    flows: some !== null && some.length === 0 ? "away.flows_missing" : null,
  };
  const save = async () => {
    setChecked(true);
    if (wrong.until || wrong.person || wrong.flows || person === null) return;
    setBusy(true);
    setError(null);
    const body = {
      substitute_id: person.id,
      ...(running ? {} : { from: momentOf(from) }),
      until: momentOf(until),
      flows: some,
      note: note.trim(),
    };
    try {
      if (substitution) await api.patch(`${PATH}/${substitution.id}`, body);
      else await api.post(PATH, body);
      await queries.invalidateQueries({ queryKey: [PATH] });
      message.success(t("app:state.saved"));
      onClose();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const told = (name: keyof typeof wrong) =>
    checked && wrong[name] ? (
      <p className="hr-field-error" role="alert">
        {t(wrong[name] ?? "")}
      </p>
    ) : null;
  return (
    <Sheet
      title={t("away.title")}
      onClose={onClose}
      testId="away-sheet"
      foot={
        <>
          <Button onClick={onClose}>{t("app:action.cancel")}</Button>
          <Button
            type="primary"
            loading={busy}
            onClick={() => void save()}
            data-testid="btn-save-away"
          >
            {t("app:action.save")}
          </Button>
        </>
      }
    >
      <div className="hr-away-days">
        <div className="hr-field">
          <label className="hr-field-label" htmlFor={`${id}-from`}>
            {t("away.from")}
          </label>
          <input
            id={`${id}-from`}
            type="datetime-local"
            className="hr-input"
            value={from}
            disabled={running}
            onChange={(event) => setFrom(event.target.value)}
            data-testid="away-from"
          />
        </div>
        <div className="hr-field">
          <label className="hr-field-label" htmlFor={`${id}-until`}>
            {t("away.until")}
          </label>
          <input
            id={`${id}-until`}
            type="datetime-local"
            className="hr-input"
            value={until}
            min={from}
            onChange={(event) => setUntil(event.target.value)}
            data-testid="away-until"
          />
          {told("until")}
        </div>
      </div>
      <PeoplePicker
        label={t("away.person")}
        value={person ? [person.id] : []}
        known={person ? [person] : []}
        onChange={(_, people) => setPerson(people[0] ?? null)}
        exclude={[me]}
        max={1}
        required
        problem={checked && wrong.person ? t(wrong.person) : undefined}
        testId="away-person"
      />
      <fieldset className="hr-field">
        <legend className="hr-field-label">{t("away.scope")}</legend>
        <div className="hr-choices">
          {[null, []].map((scope) => (
            <label key={String(scope === null)} className="hr-choice">
              <input
                type="radio"
                name={`${id}-scope`}
                checked={(some === null) === (scope === null)}
                onChange={() => setSome(scope)}
                data-testid={scope === null ? "away-all" : "away-some"}
              />
              <span>{t(scope === null ? "away.all_flows" : "away.only")}</span>
            </label>
          ))}
        </div>
        {some !== null && (
          <div className="hr-choices hr-away-flows">
            {flows.map((flow) => (
              <label key={flow.key} className="hr-choice">
                <input
                  type="checkbox"
                  checked={some.includes(flow.key)}
                  onChange={(event) =>
                    setSome(
                      event.target.checked
                        ? [...some, flow.key]
                        : some.filter((key) => key !== flow.key),
                    )
                  }
                />
                <span>{text(flow.name)}</span>
              </label>
            ))}
          </div>
        )}
        {told("flows")}
      </fieldset>
      <div className="hr-field">
        <label className="hr-field-label" htmlFor={`${id}-note`}>
          {t("away.note")}
        </label>
        <input
          id={`${id}-note`}
          className="hr-input"
          maxLength={500}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
      </div>
      {person !== null && until > from && (
        <p className="hr-note" data-testid="away-will">
          {t("away.will", {
            name: person.name,
            from: exactTime(momentOf(from), language),
            until: exactTime(momentOf(until), language),
          })}
        </p>
      )}
      {error !== null && <Trouble error={error} testId="away-trouble" />}
    </Sheet>
  );
}
