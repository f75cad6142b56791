// Say who acts for whom: two people, a time, and in which flows; read back as a sentence before it is saved.

import { useQueryClient } from "@tanstack/react-query";
import { App, Checkbox } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useMay, useSession } from "../../api/session";
import type { FlowSummary } from "../../api/types";
import type { PersonRef } from "../../directory/who";
import { PeoplePicker } from "../../people/PeoplePicker";
import { Segments } from "../../ui/Segments";
import { useText } from "../../ui/text";
import { exactTime } from "../../ui/time";
import { Dialog, Line } from "./Dialog";
import type { Substitution } from "./organisation";
import { isoOf, localOf, usualSpan } from "./span";

interface SubstitutionDialogProps {
  substitution: Substitution | null;
  flows: FlowSummary[];
  onClose: () => void;
}

export function SubstitutionDialog({ substitution, flows, onClose }: SubstitutionDialogProps) {
  const { t } = useTranslation(["organisation", "app"]);
  const { text, language } = useText();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const me = useSession((state) => state.user);
  const anybody = useMay()("users:write");
  const usual = usualSpan(Date.now());
  const self = me === null ? [] : [{ id: me.id, name: me.name }];
  const [person, setPerson] = useState<PersonRef[]>(
    substitution ? [substitution.person] : anybody ? [] : self,
  );
  const [substitute, setSubstitute] = useState<PersonRef[]>(
    substitution?.substitute ? [substitution.substitute] : [],
  );
  const [nobody, setNobody] = useState(substitution !== null && substitution.substitute === null);
  const [from, setFrom] = useState(substitution ? localOf(substitution.from) : usual.from);
  const [until, setUntil] = useState(substitution ? localOf(substitution.until) : usual.until);
  const [keys, setKeys] = useState<string[] | null>(substitution?.flows ?? null);
  const [note, setNote] = useState(substitution?.note ?? "");
  const begun = substitution?.state === "now";
  const [who] = person;
  const [by] = substitute;
  const complete = who !== undefined && (nobody || by !== undefined) && from !== "" && until !== "";
  const lacks = !complete
    ? t("substitutions.missing")
    : until <= from
      ? t("substitutions.wrong_order")
      : !nobody && who.id === by?.id
        ? t("substitutions.same")
        : "";
  const save = async () => {
    const body = {
      substitute_id: nobody ? null : by?.id,
      ...(begun ? {} : { from: isoOf(from) }),
      until: isoOf(until),
      flows: keys,
      note,
    };
    if (substitution) await api.patch(`/api/substitutions/${substitution.id}`, body);
    else await api.post("/api/substitutions", { ...body, person_id: who?.id });
    await queries.invalidateQueries({ queryKey: ["/api/substitutions"] });
    await queries.invalidateQueries({ queryKey: ["/api/people"] });
    message.success(t("app:state.saved"));
  };
  const flowNames = keys?.map((key) => text(flows.find((flow) => flow.key === key)?.name) || key);
  return (
    <Dialog
      title={t(substitution ? "substitutions.edit" : "substitutions.new")}
      lacks={lacks}
      onSave={save}
      onClose={onClose}
      testId="substitution-dialog"
    >
      <PeoplePicker
        label={t("substitutions.person")}
        value={person.map(({ id }) => id)}
        known={person}
        max={1}
        disabled={substitution !== null || !anybody}
        onChange={(_, people) => setPerson(people)}
        testId="field-person"
      />
      {!nobody && (
        <PeoplePicker
          label={t("substitutions.substitute")}
          value={substitute.map(({ id }) => id)}
          known={substitute}
          exclude={who ? [who.id] : []}
          max={1}
          onChange={(_, people) => setSubstitute(people)}
          testId="field-substitute"
        />
      )}
      <Checkbox
        checked={nobody}
        onChange={(event) => setNobody(event.target.checked)}
        data-testid="field-nobody"
      >
        {t("substitutions.nobody_acts")}
      </Checkbox>
      <div className="hr-org-two">
        <Line label={t("substitutions.from")}>
          <input
            type="datetime-local"
            value={from}
            disabled={begun}
            onChange={(event) => setFrom(event.target.value)}
            data-testid="field-from"
          />
        </Line>
        <Line label={t("substitutions.until")}>
          <input
            type="datetime-local"
            value={until}
            onChange={(event) => setUntil(event.target.value)}
            data-testid="field-until"
          />
        </Line>
      </div>
      <div className="hr-org-field">
        <span>{t("substitutions.flows")}</span>
        <Segments
          label={t("substitutions.flows")}
          options={[
            { value: "all", title: t("substitutions.all_flows") },
            { value: "some", title: t("substitutions.some_flows") },
          ]}
          value={keys === null ? "all" : "some"}
          onChange={(value) => setKeys(value === "all" ? null : [])}
          testId="flows"
        />
        {keys !== null && (
          <div className="hr-org-flows">
            {flows.map((flow) => (
              <Checkbox
                key={flow.key}
                checked={keys.includes(flow.key)}
                onChange={(event) =>
                  setKeys(
                    event.target.checked
                      ? [...keys, flow.key]
                      : keys.filter((key) => key !== flow.key),
                  )
                }
              >
                {text(flow.name) || flow.key}
              </Checkbox>
            ))}
          </div>
        )}
      </div>
      <Line label={t("substitutions.note")}>
        <input
          value={note}
          maxLength={200}
          onChange={(event) => setNote(event.target.value)}
          data-testid="field-note"
        />
      </Line>
      {lacks === "" && (
        <p className="hr-org-says" data-testid="substitution-says">
          {t(nobody ? "substitutions.says_nobody" : "substitutions.says", {
            person: who?.name,
            substitute: by?.name,
            from: exactTime(isoOf(from), language),
            until: exactTime(isoOf(until), language),
            flows:
              flowNames === undefined
                ? t("substitutions.says_all")
                : flowNames.join(t("comma")) || "…",
          })}
        </p>
      )}
    </Dialog>
  );
}
