// Where a return leads, and how it goes on from there.

import { useTranslation } from "react-i18next";
import { Segments } from "../../ui/Segments";
import { Toggle } from "../form/AssigneeDetails";
import { type SettingsFormProps, useForm } from "../form/context";
import { withItem } from "../form/items";
import { allowedOf, returnSentence } from "./actions";
import { Part } from "./Part";

const WHERE = ["any", "previous", "initiator", "nodes"] as const;
const THEN = ["ask", "forward", "back"] as const;

export function ReturnEditor({ schema, value, onChange }: SettingsFormProps) {
  const { t } = useTranslation("editor");
  const { words, disabled, Form } = useForm();
  const to = value["return_to"];
  const where = Array.isArray(to) ? "nodes" : typeof to === "string" ? to : "any";
  const has = (name: string) => schema.properties?.[name] !== undefined;
  const set = (name: string, next: unknown) => onChange(withItem(value, name, next));
  if (!allowedOf(value).includes("return")) {
    return <p className="hr-muted-text">{t("return_rule.off")}</p>;
  }
  return (
    <>
      {has("return_to") && (
        <Part path="return_to" title={t("return_rule.where")}>
          <Segments
            label={t("return_rule.where")}
            options={WHERE.map((name) => ({ value: name, title: t(`return_rule.${name}`) }))}
            value={where as (typeof WHERE)[number]}
            onChange={(next) =>
              set("return_to", next === "any" ? undefined : next === "nodes" ? [] : next)
            }
            testId="return-to"
          />
          {where === "nodes" && (
            <div className="hr-below">
              <Form
                schema={{
                  properties: {
                    return_to: {
                      title: t("return_rule.which"),
                      type: "array",
                      "x-widget": "nodes",
                      "x-node": "waits",
                    },
                  },
                }}
                value={{ return_to: to }}
                onChange={(next) => set("return_to", next["return_to"] ?? [])}
              />
            </div>
          )}
        </Part>
      )}
      {has("after_return") && (
        <Part path="after_return" title={t("return_rule.then")}>
          <Segments
            label={t("return_rule.then")}
            options={THEN.map((name) => ({ value: name, title: t(`return_rule.then_${name}`) }))}
            value={(value["after_return"] as (typeof THEN)[number] | undefined) ?? "ask"}
            onChange={(next) => set("after_return", next === "ask" ? undefined : next)}
            testId="after-return"
          />
        </Part>
      )}
      <div className="hr-toggles">
        {(["keep_votes", "undo_effects"] as const).filter(has).map((name) => {
          const key = name === "keep_votes" ? "keep" : "undo";
          return (
            <Toggle
              key={name}
              title={t(`return_rule.${key}`)}
              help={t(`return_rule.${key}_help`)}
              value={value[name] === true}
              testId={`field-${name}`}
              disabled={disabled}
              onChange={(on) => set(name, on || undefined)}
            />
          );
        })}
      </div>
      <p className="hr-says">{returnSentence(value, words)}</p>
    </>
  );
}
