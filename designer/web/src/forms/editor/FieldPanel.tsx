// The settings of the chosen field or column: a form, drawn by the code that draws every form.

import { DeleteOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import { type JsonObject, titleOf } from "../../ui/form/kinds";
import { SchemaForm } from "../../ui/form/SchemaForm";
import { type Text, useText } from "../../ui/text";
import { isFormula } from "../formula";
import {
  type DrawnForm,
  fieldAt,
  NAME,
  type Place,
  removePlace,
  renamePlace,
  setField,
  setRequired,
} from "./drawing";
import { asKind, COLUMN_KINDS, FORM_KINDS, type FormKind, formKindOf } from "./kinds";
import { settingsOf, settingsSchema, withSetting } from "./settings";

interface FieldPanelProps {
  form: DrawnForm;
  onChange: (form: DrawnForm) => void;
  place: Place;
  onChoose: (place: Place | null) => void;
  disabled: boolean;
}

export function FieldPanel({ form, onChange, place, onChoose, disabled }: FieldPanelProps) {
  const { t, i18n } = useTranslation("forms");
  const { text } = useText();
  const roles = useRoles();
  const schema = fieldAt(form, place) ?? {};
  const kind = formKindOf(schema);
  const name = place.column ?? place.field;
  const settings = settingsSchema(form, place, schema, roles, t, text);
  const value = settingsOf(form, place, schema);
  const kinds: readonly FormKind[] = place.column === undefined ? FORM_KINDS : COLUMN_KINDS;
  const change = (next: JsonObject) => {
    const names = new Set([...Object.keys(value), ...Object.keys(next)]);
    const changed = [...names].find(
      (each) => JSON.stringify(value[each]) !== JSON.stringify(next[each]),
    );
    if (changed === undefined) return;
    if (changed === "required")
      return onChange(setRequired(form, place, next["required"] === true));
    const told =
      changed === "title" && kind !== "other" ? renamed(next["title"], kind) : next[changed];
    onChange(setField(form, place, withSetting(form, schema, changed, told)));
  };
  /** A field that was called something keeps no "Line items" in the other language: people would read the wrong word there. */
  const renamed = (title: unknown, of: FormKind) => {
    if (typeof title !== "object" || title === null) return title;
    const usual = (language: string) => i18n.getFixedT(language, "forms")(`editor.kind.${of}`);
    const own = Object.entries(title).filter(([language, word]) => word !== usual(language));
    return own.length > 0 ? Object.fromEntries(own) : title;
  };
  const wrong =
    kind === "computed" && !isFormula(String(schema["x-compute"] ?? ""))
      ? [{ path: "/setting/formula", code: "form_formula_wrong", params: { reason: "" } }]
      : [];
  return (
    <div className="hr-fe-settings" data-testid="field-panel">
      <header>
        <h3>{titleOf(name, schema, text)}</h3>
        <Button
          type="text"
          danger
          icon={<DeleteOutlined />}
          disabled={disabled}
          aria-label={t("editor.remove", { name: titleOf(name, schema, text) })}
          onClick={() => {
            onChange(removePlace(form, place));
            onChoose(null);
          }}
        />
      </header>
      <div className="hr-field">
        <span className="hr-field-label">{t("editor.set.kind")}</span>
        <Select
          className="hr-wide"
          value={kind}
          options={[
            ...kinds.map((each) => ({ value: each as string, label: t(`editor.kind.${each}`) })),
            ...(kind === "other" ? [{ value: "other", label: t("editor.kind.other") }] : []),
          ]}
          onChange={(next: string) =>
            next !== "other" && onChange(setField(form, place, asKind(schema, next as FormKind)))
          }
          disabled={disabled}
          aria-label={t("editor.set.kind")}
          data-testid="set-kind"
        />
      </div>
      <SchemaForm
        schema={settings}
        value={value}
        onChange={change}
        problems={wrong}
        disabled={disabled}
        path="/setting"
      />
      <Name
        key={name}
        form={form}
        place={place}
        disabled={disabled}
        onRename={(next) => {
          onChange(renamePlace(form, place, next));
          onChoose(place.column === undefined ? { field: next } : { ...place, column: next });
        }}
      />
    </div>
  );
}

interface NameProps {
  form: DrawnForm;
  place: Place;
  disabled: boolean;
  onRename: (name: string) => void;
}

/** What the field is called in formulas and conditions. */
function Name({ form, place, disabled, onRename }: NameProps) {
  const { t } = useTranslation("forms");
  const name = place.column ?? place.field;
  const [typed, setTyped] = useState(name);
  const around =
    place.column === undefined ? form.schema : form.schema.properties?.[place.field]?.items;
  const taken = typed !== name && around?.properties?.[typed] !== undefined;
  const wrong = !NAME.test(typed) || taken;
  return (
    <div className="hr-field">
      <label className="hr-field-label" htmlFor="hr-fe-name">
        {t("editor.set.name")}
      </label>
      <Input
        id="hr-fe-name"
        className="hr-mono"
        value={typed}
        disabled={disabled}
        {...(wrong ? { status: "error" as const } : {})}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => (wrong ? setTyped(name) : typed !== name && onRename(typed))}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
        data-testid="set-name"
      />
      {wrong && (
        <p className="hr-field-error" role="alert">
          {t(taken ? "editor.name_taken" : "editor.name_wrong")}
        </p>
      )}
    </div>
  );
}

function useRoles(): { key: string; title: Text }[] {
  const may = useMay();
  const { data } = useQuery({
    queryKey: ["roles", "for-forms"],
    queryFn: () => api.get<{ items: { key: string; title: Text }[] }>("/api/roles"),
    enabled: may("users:read"),
    staleTime: 300_000,
    retry: false,
  });
  return data?.items ?? [];
}
