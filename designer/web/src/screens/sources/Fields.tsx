// Forms of sources and interfaces know two kinds of fields more: a length of time, and a person.

import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { durationFrom, durationParts, UNITS, type Unit } from "../../editor/sentence";
import { FormContext } from "../../forms/context";
import { PersonField } from "../../forms/PersonField";
import { type ControlProps, inputProps, MoreControls } from "../../ui/form/Control";
import "../../forms/forms.css";
import "../../ui/form/SchemaForm.css";

const CONTROLS = { person: PersonField, duration: DurationControl };

/** `names`: of people who are in the form already. */
export function MoreFields(props: { names: Record<string, string>; children: ReactNode }) {
  const form = { schema: {}, names: props.names };
  const about = { form, taskId: null, preview: false, readOnly: false };
  return (
    <FormContext.Provider value={about}>
      <MoreControls.Provider value={CONTROLS}>{props.children}</MoreControls.Provider>
    </FormContext.Provider>
  );
}

/** "15 minutes": a number and a unit. What has several parts (PT1H30M) is told in the smallest of them. */
export function DurationControl(props: ControlProps) {
  const { t } = useTranslation("editor");
  const { count, unit: told } = inOneUnit(props.value);
  const [chosen, setChosen] = useState<Unit>(told);
  const unit = count === null ? chosen : told;
  const set = (next: string, of: Unit) =>
    props.onChange(/^\d{1,6}$/.test(next) ? durationFrom(Number(next), of) : undefined);
  return (
    <div className="hr-src-duration">
      <input
        {...inputProps(props)}
        type="text"
        inputMode="numeric"
        autoComplete="off"
        value={count ?? ""}
        onChange={(event) => set(event.target.value.normalize("NFKC").trim(), unit)}
      />
      <select
        className="hr-input"
        aria-label={t("field.unit")}
        value={unit}
        disabled={props.disabled}
        onChange={(event) => {
          setChosen(event.target.value as Unit);
          set(String(count ?? ""), event.target.value as Unit);
        }}
        data-testid={`field-${props.name}-unit`}
      >
        {UNITS.filter((one) => one !== "W").map((one) => (
          <option key={one} value={one}>
            {t(`unit.name_${one}`)}
          </option>
        ))}
      </select>
    </div>
  );
}

const SECONDS: Record<Unit, number> = { W: 604_800, D: 86_400, H: 3_600, M: 60, S: 1 };

function inOneUnit(value: unknown): { count: number | null; unit: Unit } {
  const parts = durationParts(value);
  if (parts === null) return { count: null, unit: "M" };
  const seconds = parts.reduce((sum, [count, unit]) => sum + count * SECONDS[unit], 0);
  const [, last] = parts.at(-1) ?? [0, "M" as Unit];
  const unit = last === "W" ? "D" : last;
  return { count: seconds / SECONDS[unit], unit };
}

/** Two people who look after something, as two fields of a form. */
export function ownerFields(label: (key: string) => { zh: string; en: string }) {
  return {
    primary: { type: "string", "x-widget": "person", "x-title": label("owner.primary") },
    backup: {
      type: "string",
      "x-widget": "person",
      "x-title": label("owner.backup"),
      "x-help": label("owner.help"),
    },
  };
}
