// On a phone: one card a rule, in words; a press opens it, one field a column.

import { PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Sheet } from "../../ui/Sheet";
import type { RowMark } from "./Grid";
import {
  cellOf,
  type Definition,
  type GridColumn,
  gridColumns,
  insertRows,
  moveRows,
  type Rule,
  removeRows,
  withCells,
} from "./table";

interface CardsProps {
  table: Definition;
  rows: number[];
  disabled: boolean;
  problems: Map<string, string>;
  marks: Map<number, RowMark>;
  nameOf: (column: GridColumn) => string;
  inWords: (rule: Rule) => string;
  onChange: (table: Definition) => void;
}

export function Cards({
  table,
  rows,
  disabled,
  problems,
  marks,
  nameOf,
  inWords,
  onChange,
}: CardsProps) {
  const { t } = useTranslation("decision_tables");
  const [open, setOpen] = useState<number | null>(null);
  const columns = gridColumns(table);
  const rule = open === null ? undefined : table.rules[open];
  const wrong = (row: number) =>
    columns.map((_, col) => problems.get(`${row}:${col}`)).find((text) => text !== undefined);
  return (
    <>
      <ol className="hr-dt-cards">
        {rows.map((row) => {
          const each = table.rules[row];
          if (!each) return null;
          const told = wrong(row) ?? marks.get(row)?.text;
          return (
            <li key={each.id}>
              <button type="button" onClick={() => setOpen(row)} data-testid={`card-${row + 1}`}>
                <strong>{row + 1}</strong>
                <span>
                  {inWords(each)}
                  {told && <small className="hr-dt-told">{told}</small>}
                </span>
              </button>
            </li>
          );
        })}
      </ol>
      {!disabled && (
        <Button
          icon={<PlusOutlined />}
          block
          onClick={() => {
            onChange(insertRows(table, table.rules.length));
            setOpen(table.rules.length);
          }}
          data-testid="btn-add-row"
        >
          {t("add_row")}
        </Button>
      )}
      {rule && open !== null && (
        <Sheet
          title={t("row_number", { row: open + 1 })}
          onClose={() => setOpen(null)}
          testId="rule-card"
          foot={
            <>
              {!disabled && (
                <>
                  <Button
                    danger
                    onClick={() => {
                      onChange(removeRows(table, open, open));
                      setOpen(null);
                    }}
                  >
                    {t("remove_row")}
                  </Button>
                  <Button
                    disabled={open === 0}
                    onClick={() => {
                      onChange(moveRows(table, open, open, -1));
                      setOpen(open - 1);
                    }}
                  >
                    {t("move_up")}
                  </Button>
                </>
              )}
              <Button type="primary" onClick={() => setOpen(null)} data-testid="btn-done">
                {t("done")}
              </Button>
            </>
          }
        >
          <div className="hr-stack">
            <p className="hr-muted">{inWords(rule)}</p>
            {columns.map((column, col) => {
              const told = problems.get(`${open}:${col}`);
              return (
                <label key={`${column.side}-${column.column?.name}`} className="hr-dt-field">
                  <span>
                    {column.side === "outputs" && "→ "}
                    {nameOf(column)}
                  </span>
                  <input
                    value={cellOf(rule, column)}
                    readOnly={disabled}
                    aria-invalid={told !== undefined}
                    onChange={(event) =>
                      onChange(withCells(table, [{ row: open, col, text: event.target.value }]))
                    }
                    data-testid={`card-${column.column?.name ?? "note"}`}
                  />
                  {told && <small className="hr-dt-told">{told}</small>}
                </label>
              );
            })}
          </div>
        </Sheet>
      )}
    </>
  );
}
