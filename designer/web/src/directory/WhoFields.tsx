// What the question "who would get this?" needs to know: who starts it, when, and whom they would choose.

import { useTranslation } from "react-i18next";
import { PeoplePicker } from "../people/PeoplePicker";
import type { PersonRef } from "./who";
import "./directory.css";

interface WhoFieldsProps {
  initiator: string;
  known: PersonRef[];
  onInitiator: (id: string) => void;
  at: string;
  onAt: (local: string) => void;
  /** Names under which the initiator chooses people. */
  choices: string[];
  chosen: Record<string, string[]>;
  onChosen: (chosen: Record<string, string[]>) => void;
}

export function WhoFields(props: WhoFieldsProps) {
  const { initiator, known, onInitiator, at, onAt, choices, chosen, onChosen } = props;
  const { t } = useTranslation("organisation");
  return (
    <div className="hr-who-fields">
      <PeoplePicker
        label={t("who.initiator")}
        value={initiator === "" ? [] : [initiator]}
        known={known}
        max={1}
        onChange={(ids) => onInitiator(ids[0] ?? "")}
        testId="who-initiator"
      />
      {choices.map((name) => (
        <PeoplePicker
          key={name}
          label={t("who.chosen", { name })}
          value={chosen[name] ?? []}
          onChange={(ids) => onChosen({ ...chosen, [name]: ids })}
          testId={`who-chosen-${name}`}
        />
      ))}
      <label className="hr-who-at">
        {t("who.at")}
        <input
          type="datetime-local"
          value={at}
          onChange={(event) => onAt(event.target.value)}
          data-testid="who-at"
        />
        <small className="hr-muted">{t("who.at_help")}</small>
      </label>
    </div>
  );
}
