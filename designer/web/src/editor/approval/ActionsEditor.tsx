// What people may do besides deciding: a switch each, with what it means.

import { useTranslation } from "react-i18next";
import { Toggle } from "../form/AssigneeDetails";
import { type SettingsFormProps, useForm } from "../form/context";
import { withItem } from "../form/items";
import { ACTIONS, allowedOf, withAction } from "./actions";
import { Part } from "./Part";

export function ActionsEditor({ value, onChange }: Pick<SettingsFormProps, "value" | "onChange">) {
  const { t } = useTranslation("editor");
  const { disabled } = useForm();
  const allowed = allowedOf(value);
  return (
    <Part path="allow" title={t("action_rule.title")}>
      <div className="hr-toggles">
        {ACTIONS.map((action) => (
          <Toggle
            key={action}
            title={t(`action_rule.${action}.title`)}
            help={t(`action_rule.${action}.help`)}
            value={allowed.includes(action)}
            testId={`allow-${action}`}
            disabled={disabled}
            onChange={(on) => onChange(withItem(value, "allow", withAction(value, action, on)))}
          />
        ))}
      </div>
    </Part>
  );
}
