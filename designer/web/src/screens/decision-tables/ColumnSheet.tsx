// What a column is: its name, its kind, what it may be.

import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Sheet } from "../../ui/Sheet";
import {
  type Column,
  changeColumn,
  type Definition,
  KINDS,
  moveColumn,
  removeColumn,
} from "./table";

interface ColumnSheetProps {
  table: Definition;
  side: "inputs" | "outputs";
  at: number;
  disabled: boolean;
  onChange: (table: Definition) => void;
  onClose: () => void;
}

const NAME = /^[a-z][a-z0-9_]{0,63}$/;

export function ColumnSheet({ table, side, at, disabled, onChange, onClose }: ColumnSheetProps) {
  const { t } = useTranslation(["decision_tables", "app"]);
  const before = table[side][at];
  const [column, setColumn] = useState<Column>(before ?? { name: "", kind: "text" });
  const [options, setOptions] = useState(optionText(column));
  const [wrong, setWrong] = useState<string | null>(null);
  const put = (part: Partial<Column>) => setColumn({ ...column, ...part });
  const numeric = column.kind === "number" || column.kind === "money";
  const others = [...table.inputs, ...table.outputs].filter((each) => each !== before);
  const keep = () => {
    if (!NAME.test(column.name)) return setWrong(t("key_wrong"));
    if (others.some(({ name }) => name === column.name))
      return setWrong(t("problem.name_taken", { found: column.name }));
    onChange(changeColumn(table, side, at, cleaned(column, options)));
    onClose();
  };
  const field = (
    label: string,
    value: string,
    set: (text: string) => void,
    id: string,
    help?: string,
  ) => (
    <label className="hr-dt-field">
      <span>{label}</span>
      <input
        value={value}
        readOnly={disabled}
        onChange={(event) => set(event.target.value)}
        data-testid={`column-field-${id}`}
      />
      {help && <small className="hr-muted">{help}</small>}
    </label>
  );
  return (
    <Sheet
      title={t(side === "inputs" ? "column_input" : "column_output")}
      onClose={onClose}
      testId="column-sheet"
      foot={
        !disabled && (
          <>
            <Button
              danger
              disabled={table[side].length < 2}
              onClick={() => {
                onChange(removeColumn(table, side, at));
                onClose();
              }}
            >
              {t("remove_column")}
            </Button>
            <Button
              disabled={at === 0}
              onClick={() => {
                onChange(moveColumn(table, side, at, -1));
                onClose();
              }}
            >
              {t("move_left")}
            </Button>
            <Button
              disabled={at === table[side].length - 1}
              onClick={() => {
                onChange(moveColumn(table, side, at, 1));
                onClose();
              }}
            >
              {t("move_right")}
            </Button>
            <Button type="primary" onClick={keep} data-testid="btn-keep-column">
              {t("done")}
            </Button>
          </>
        )
      }
    >
      <form
        className="hr-stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!disabled) keep();
        }}
      >
        {field(t("key"), column.name, (name) => put({ name }), "name", t("column_name_help"))}
        {field(
          t("title_zh"),
          column.title?.zh ?? "",
          (zh) => put({ title: { ...column.title, zh } }),
          "zh",
        )}
        {field(
          t("title_en"),
          column.title?.en ?? "",
          (en) => put({ title: { ...column.title, en } }),
          "en",
        )}
        <label className="hr-dt-field">
          <span>{t("kind_label")}</span>
          <select
            value={column.kind}
            disabled={disabled}
            onChange={(event) => put({ kind: event.target.value as Column["kind"] })}
            data-testid="column-field-kind"
          >
            {KINDS.map((kind) => (
              <option key={kind} value={kind}>
                {t(`kind.${kind}`)}
              </option>
            ))}
          </select>
        </label>
        {(column.kind === "choice" || column.options?.length) && (
          <label className="hr-dt-field">
            <span>{t("options")}</span>
            <textarea
              rows={5}
              value={options}
              readOnly={disabled}
              onChange={(event) => setOptions(event.target.value)}
              data-testid="column-field-options"
            />
            <small className="hr-muted">{t("options_help")}</small>
          </label>
        )}
        {numeric &&
          field(
            t("decimals"),
            column.decimals?.toString() ?? "",
            (text) => put({ decimals: /^\d+$/.test(text) ? Math.min(10, Number(text)) : null }),
            "decimals",
            t("decimals_help"),
          )}
        {side === "inputs" && (numeric || column.kind === "date") && (
          <>
            {field(t("min"), column.min?.toString() ?? "", (min) => put({ min }), "min")}
            {field(t("max"), column.max?.toString() ?? "", (max) => put({ max }), "max")}
          </>
        )}
        {side === "inputs" ? (
          <label className="hr-dt-check">
            <input
              type="checkbox"
              checked={column.optional ?? false}
              disabled={disabled}
              onChange={(event) => put({ optional: event.target.checked })}
            />
            {t("optional")}
          </label>
        ) : (
          field(
            t("default"),
            column.default ?? "",
            (text) => put({ default: text }),
            "default",
            t("default_help"),
          )
        )}
        {wrong !== null && (
          <p role="alert" className="hr-tone-error">
            {wrong}
          </p>
        )}
        <button type="submit" hidden />
      </form>
    </Sheet>
  );
}

/** One option a line: `tmall = 天猫`. */
function optionText({ options }: Column): string {
  return (options ?? [])
    .map(({ value, title }) => {
      const shown = title?.zh || title?.en;
      return shown ? `${value} = ${shown}` : value;
    })
    .join("\n");
}

function cleaned(column: Column, text: string): Column {
  const titles = new Map((column.options ?? []).map(({ value, title }) => [value, title]));
  const options = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => {
      const [value = "", ...rest] = line.split("=").map((part) => part.trim());
      const shown = rest.join("=");
      const known = titles.get(value);
      return { value, ...(shown ? { title: { ...known, zh: shown } } : {}) };
    });
  const { options: _, min, max, ...rest } = column;
  return {
    ...rest,
    ...(options.length ? { options } : {}),
    ...(min === "" || min === undefined ? {} : { min }),
    ...(max === "" || max === undefined ? {} : { max }),
  };
}
