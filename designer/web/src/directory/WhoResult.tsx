// The answer to "who would get this?": the people, each with why, and the way that led there.

import { WarningOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { problemText } from "../ui/errorText";
import { Tag } from "../ui/StatusTag";
import { useText } from "../ui/text";
import "./directory.css";
import { type Found, type Reason, stagesOf, type WhoAnswer } from "./who";

export function WhoResult({ answer }: { answer: WhoAnswer }) {
  const { t } = useTranslation(["organisation", "errors"]);
  const { text } = useText();
  const { incident } = answer;
  const stages = stagesOf(answer.people);
  return (
    <div className="hr-who-result" data-testid="who-result">
      {incident !== null && (
        <p className="hr-who-incident" role="alert" data-testid="who-incident">
          <WarningOutlined aria-hidden />{" "}
          {incident.text ? text(incident.text) : problemText(t, incident)}
        </p>
      )}
      {answer.people.length > 0 && (
        <ol className="hr-who-stages">
          {stages.map((people, index) => (
            <li key={people.map(({ id }) => id).join(" ")}>
              {stages.length > 1 && (
                <span className="hr-who-stage">{t("who.stage", { number: index + 1 })}</span>
              )}
              <ul>
                {people.map((person) => (
                  <PersonRow key={`${person.id}${person.origin}`} person={person} />
                ))}
              </ul>
            </li>
          ))}
        </ol>
      )}
      {answer.steps.length > 0 && (
        <details className="hr-who-steps" open={incident !== null || undefined}>
          <summary>{t("who.steps")}</summary>
          <ol data-testid="who-steps">
            {answer.steps.map((step, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the same may be said twice on the way
              <li key={index}>{said(step, text)}</li>
            ))}
          </ol>
        </details>
      )}
    </div>
  );
}

function PersonRow({ person }: { person: Found }) {
  const { t } = useTranslation("organisation");
  const { text } = useText();
  const why = person.why.map((reason) => said(reason, text)).filter(Boolean);
  return (
    <li className="hr-who-person" data-testid={`who-${person.id}`}>
      <span className="hr-who-face" aria-hidden>
        {[...person.name][0] ?? "?"}
      </span>
      <span className="hr-who-words">
        <strong>{person.name}</strong>
        {person.on_behalf_of !== null && person.on_behalf_of !== undefined && (
          <span className="hr-muted"> {t("who.for", { name: person.on_behalf_of.name })}</span>
        )}
        {person.origin !== "assigned" && (
          <Tag tone="accent">
            {t(`who.origin_${person.origin}`, { defaultValue: person.origin })}
          </Tag>
        )}
        {person.by_rule ? <Tag tone="ok">{t("who.by_rule")}</Tag> : null}
        {why.length > 0 && <small>{why.join(" → ")}</small>}
      </span>
    </li>
  );
}

function said(reason: Reason | string, text: ReturnType<typeof useText>["text"]): string {
  return typeof reason === "string" ? reason : text(reason.text ?? (reason as never));
}
