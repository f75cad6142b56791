// What a list is filtered by, as chips; a new one is a field, how to compare, and a value of its kind.

import { FilterOutlined } from "@ant-design/icons";
import { Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Sheet } from "../../ui/Sheet";
import { useText } from "../../ui/text";
import { FieldInput } from "./FieldInput";
import {
  type Condition,
  type Field,
  fromTyped,
  opsOf,
  popupIn,
  shownValue,
  type TableDetail,
  titleOf,
} from "./table";

interface FiltersProps {
  table: TableDetail;
  conditions: Condition[];
  onChange: (conditions: Condition[]) => void;
}

export function Filters({ table, conditions, onChange }: FiltersProps) {
  const { t } = useTranslation("tables");
  const { language } = useText();
  const [open, setOpen] = useState(false);
  const fields = table.definition.fields.filter(
    (field) => table.filterable.includes(field.name) && !field.hidden,
  );
  const always = (name: string): Field | undefined =>
    name === "created_at" || name === "updated_at"
      ? {
          name,
          kind: "date_time",
          title: { [language]: t(name === "created_at" ? name : "changed") },
        }
      : undefined;
  const told = (condition: Condition) => {
    const field = fields.find((one) => one.name === condition.field) ?? always(condition.field);
    const name = field ? titleOf(field, language) : condition.field;
    const op = t(`op.${condition.op}`, { defaultValue: condition.op });
    if (["empty", "filled"].includes(condition.op)) return `${name} ${op}`;
    const values = Array.isArray(condition.value) ? condition.value : [condition.value];
    const shown = values.map((value) =>
      field ? shownOne(field, value, language) : String(value ?? ""),
    );
    return `${name} ${op} ${shown.join(" / ")}`;
  };
  if (fields.length === 0) return null;
  return (
    <>
      {conditions.map((condition, index) => (
        <span key={JSON.stringify(condition)} className="hr-tables-chip">
          {told(condition)}
          <button
            type="button"
            aria-label={t("drop_filter", { filter: told(condition) })}
            onClick={() => onChange(conditions.filter((_, at) => at !== index))}
          >
            ×
          </button>
        </span>
      ))}
      <Button icon={<FilterOutlined />} onClick={() => setOpen(true)} data-testid="btn-filter">
        {t("filter")}
      </Button>
      {open && (
        <NewCondition
          fields={fields}
          onClose={() => setOpen(false)}
          onAdd={(condition) => {
            setOpen(false);
            onChange([...conditions, condition]);
          }}
        />
      )}
    </>
  );
}

function shownOne(field: Field, value: unknown, language: "zh" | "en"): string {
  const row = { value: { [field.name]: value }, references: {} };
  return shownValue(field, row as unknown as Parameters<typeof shownValue>[1], language);
}

interface NewConditionProps {
  fields: Field[];
  onClose: () => void;
  onAdd: (condition: Condition) => void;
}

function NewCondition({ fields, onClose, onAdd }: NewConditionProps) {
  const { t } = useTranslation(["tables", "app"]);
  const { language, text } = useText();
  const [name, setName] = useState(fields[0]?.name ?? "");
  const field = fields.find((one) => one.name === name) ?? (fields[0] as Field);
  const ops = opsOf(field.kind);
  const [chosen, setOp] = useState(ops[0] as string);
  const op = ops.includes(chosen) ? chosen : (ops[0] as string);
  const [typed, setTyped] = useState("");
  const [some, setSome] = useState<string[]>([]);
  const bare = ["empty", "filled"].includes(op);
  const ready = bare || (op === "in" ? some.length > 0 : typed.trim() !== "");
  const add = () => {
    const value = op === "in" ? some : fromTyped(field, typed);
    onAdd(bare ? { field: name, op } : { field: name, op, value });
  };
  return (
    <Sheet
      light
      title={t("filter")}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>{t("app:action.cancel")}</Button>
          <Button type="primary" disabled={!ready} onClick={add} data-testid="btn-add-filter">
            {t("add_filter")}
          </Button>
        </>
      }
    >
      <form
        className="hr-tables-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) add();
        }}
      >
        <Select
          getPopupContainer={popupIn}
          aria-label={t("field")}
          data-testid="filter-field"
          value={name}
          onChange={(next: string) => {
            setName(next);
            setTyped("");
            setSome([]);
          }}
          options={fields.map((one) => ({ value: one.name, label: titleOf(one, language) }))}
        />
        <Select
          getPopupContainer={popupIn}
          aria-label={t("compare")}
          data-testid="filter-op"
          value={op}
          onChange={setOp}
          options={ops.map((one) => ({ value: one, label: t(`op.${one}`) }))}
        />
        {!bare &&
          (op === "in" ? (
            <Select
              getPopupContainer={popupIn}
              mode="multiple"
              aria-label={titleOf(field, language)}
              data-testid="filter-value"
              value={some}
              onChange={(next: string[]) => setSome(next)}
              options={(field.options ?? []).map((option) => ({
                value: option.value,
                label: text(option.title) || option.value,
              }))}
            />
          ) : (
            <FieldInput
              field={{ ...field, required: false }}
              value={typed}
              onChange={setTyped}
              testId="filter-value"
            />
          ))}
      </form>
    </Sheet>
  );
}
