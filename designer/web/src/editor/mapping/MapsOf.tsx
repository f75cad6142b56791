// On a phone: the mappings of a node as buttons, without the rest of its settings.

import type { Schema, Settings } from "../document";
import { useForm } from "../form/context";
import { withItem } from "../form/items";
import { isShown } from "../form/SettingsForm";
import { MapButton } from "./MapButton";

interface MapsOfProps {
  schema: Schema;
  value: Settings;
  onChange: (settings: Settings) => void;
}

export function MapsOf({ schema, value, onChange }: MapsOfProps) {
  const { words } = useForm();
  const fields = Object.entries(schema.properties ?? {}).filter(
    ([, field]) => isMapped(field) && isShown(field, value, schema),
  );
  return fields.map(([name, field]) => {
    const label = words.text(field["x-title"]) || name;
    const row = field.items?.properties?.["name"];
    return (
      <fieldset key={name} className="hr-setting" data-path={name}>
        <legend>{label}</legend>
        <MapButton
          path={name}
          label={label}
          names={field["x-names"]}
          value={value[name]}
          onChange={(next) => onChange(withItem(value, name, next))}
          own={
            field["x-names"] === "decision" ? undefined : new RegExp(row?.pattern ?? "^.+$", "u")
          }
        />
      </fieldset>
    );
  });
}

function isMapped(field: Schema): boolean {
  const rows = field["x-widget"] === "pairs";
  const written = field.items?.properties?.["value"]?.format === "expression";
  return (rows && written) || field["x-names"] === "record";
}
