// Records like a spreadsheet: only the rows in sight are drawn, arrows move, Enter or F2 changes a cell, Escape leaves it.

// biome-ignore-all lint/a11y/useSemanticElements: rows out of sight are not there, which a <table> cannot lay out
// biome-ignore-all lint/a11y/useFocusableInteractive: one cell has the focus, arrows move it
// biome-ignore-all lint/a11y/noStaticElementInteractions: the cell that is being changed hears that it is left

import { CaretDownOutlined, CaretUpOutlined, ExportOutlined } from "@ant-design/icons";
import { Checkbox } from "antd";
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { Cell } from "./Cell";
import { FieldInput } from "./FieldInput";
import {
  type Field,
  fromTyped,
  isNumber,
  type Row,
  shownValue,
  type TableDetail,
  titleOf,
  typedValue,
} from "./table";

const ROW = 40;
const BESIDE = 8; // rows drawn above and below those in sight

interface SheetlikeProps {
  table: TableDetail;
  fields: Field[];
  rows: Row[];
  more: { has: boolean; loading: boolean; load: () => void };
  sort: string;
  onSort: (sort: string) => void;
  ticked: ReadonlySet<string>;
  onTick: (keys: ReadonlySet<string>) => void;
  onChange: (row: Row, name: string, value: unknown) => Promise<Row | null>;
}

interface Edit {
  row: number;
  name: string;
  before: unknown;
}

export function Sheetlike(props: SheetlikeProps) {
  const { table, rows, more, sort, onSort, ticked, onTick, onChange } = props;
  // The first column, which stays in sight, is the key; without one it is the name.
  const first = table.definition.key_field ?? table.definition.display;
  const fields = props.fields.filter((field) => field.name !== first);
  const keyField = props.fields.find((field) => field.name === table.definition.key_field);
  const { t } = useTranslation(["tables", "app"]);
  const { text, language } = useText();
  const frame = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const [at, setAt] = useState({ row: 0, column: 0 });
  const [typed, setTyped] = useState<string | null>(null);
  const [last, setLast] = useState<Edit | null>(null);
  const begin = Math.max(0, Math.floor(top / ROW) - BESIDE);
  const end = Math.min(rows.length, Math.ceil((top + height) / ROW) + BESIDE);
  const editable = (field: Field | undefined) =>
    table.rights.write &&
    table.drawn &&
    field !== undefined &&
    field.kind !== "file" &&
    !(field.mask && String(rows[at.row]?.value[field.name] ?? "").includes("***"));

  useLayoutEffect(() => {
    const shown = frame.current;
    if (!shown) return;
    const look = () => setHeight(shown.clientHeight);
    look();
    const watch = new ResizeObserver(look);
    watch.observe(shown);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    if (more.has && !more.loading && end >= rows.length - 20) more.load();
  }, [end, rows.length, more]);

  const move = (row: number, column: number) => {
    const next = {
      row: Math.min(Math.max(row, 0), rows.length - 1),
      column: Math.min(Math.max(column, 0), fields.length - 1),
    };
    setAt(next);
    const shown = frame.current;
    if (shown) {
      const above = next.row * ROW;
      if (above < shown.scrollTop) shown.scrollTop = above;
      else if (above + 2 * ROW > shown.scrollTop + shown.clientHeight)
        shown.scrollTop = above + 2 * ROW - shown.clientHeight;
      requestAnimationFrame(() =>
        shown
          .querySelector<HTMLElement>(`[data-cell="${next.row}:${next.column}"]`)
          ?.focus({ preventScroll: false }),
      );
    }
  };
  const edit = (text?: string) => {
    const field = fields[at.column];
    const row = rows[at.row];
    if (field && row && editable(field)) setTyped(text ?? typedValue(field, row.value[field.name]));
  };
  const commit = async (value: string) => {
    const field = fields[at.column];
    const row = rows[at.row];
    setTyped(null);
    if (!field || !row || value === typedValue(field, row.value[field.name])) return;
    const before = row.value[field.name] ?? null;
    const done = await onChange(row, field.name, fromTyped(field, value));
    if (done) setLast({ row: row.id, name: field.name, before });
  };
  const undo = async () => {
    const row = last && rows.find((one) => one.id === last.row);
    if (!row || !last) return;
    setLast(null);
    await onChange(row, last.name, last.before);
  };
  const onKey = (event: KeyboardEvent) => {
    if (typed !== null) {
      if (event.key === "Escape") {
        setTyped(null);
        move(at.row, at.column);
      } else if (event.key === "Enter" && !(event.target instanceof HTMLTextAreaElement)) {
        event.preventDefault();
        void commit(typed);
        move(at.row + 1, at.column);
      } else if (event.key === "Tab") {
        event.preventDefault();
        void commit(typed);
        move(at.row, at.column + (event.shiftKey ? -1 : 1));
      }
      return;
    }
    if (!(event.target instanceof HTMLElement) || !event.target.dataset["cell"]) return;
    const page = Math.max(1, Math.floor(height / ROW) - 2);
    const steps: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      PageUp: [-page, 0],
      PageDown: [page, 0],
      Home: [0, -fields.length],
      End: [0, fields.length],
    };
    const step = steps[event.key];
    if (step) {
      event.preventDefault();
      move(at.row + step[0], at.column + step[1]);
    } else if (event.key === "Enter" || event.key === "F2") {
      event.preventDefault();
      edit();
    } else if (event.key === "Delete" && editable(fields[at.column])) {
      void commit("");
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      event.preventDefault();
      void undo();
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "c") {
      const field = fields[at.column];
      const row = rows[at.row];
      if (field && row && window.getSelection()?.isCollapsed)
        void navigator.clipboard?.writeText(shownValue(field, row, language));
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const kind = fields[at.column]?.kind;
      if (kind && !["enum", "yes_no", "reference", "date", "date_time"].includes(kind)) {
        event.preventDefault();
        edit(event.key);
      } else edit();
    }
  };
  const tick = (id: number, on: boolean) => {
    const next = new Set(ticked);
    if (on) next.add(String(id));
    else next.delete(String(id));
    onTick(next);
  };

  return (
    <>
      <div
        ref={frame}
        className="hr-grid"
        role="grid"
        aria-label={text(table.title) || table.key}
        aria-rowcount={more.has ? -1 : rows.length + 1}
        aria-colcount={fields.length + 3}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        onKeyDown={onKey}
        tabIndex={-1}
        data-testid="grid"
      >
        <div className="hr-grid-row hr-grid-head" role="row" aria-rowindex={1}>
          {table.rights.write && (
            <span
              className="hr-grid-tick"
              role="columnheader"
              aria-label={t("app:action.choose_all")}
            >
              <Checkbox
                aria-label={t("app:action.choose_all")}
                checked={rows.length > 0 && rows.every((row) => ticked.has(String(row.id)))}
                indeterminate={ticked.size > 0 && !rows.every((row) => ticked.has(String(row.id)))}
                onChange={(event) =>
                  onTick(
                    event.target.checked ? new Set(rows.map((row) => String(row.id))) : new Set(),
                  )
                }
              />
            </span>
          )}
          <span className="hr-grid-name" role="columnheader">
            {keyField ? titleOf(keyField, language) : t("record")}
          </span>
          {fields.map((field) => {
            const down = sort === `-${field.name}`;
            const up = sort === field.name;
            const name = titleOf(field, language);
            return (
              <span
                key={field.name}
                role="columnheader"
                aria-sort={up ? "ascending" : down ? "descending" : "none"}
                className={isNumber(field.kind) ? "hr-grid-cell hr-right" : "hr-grid-cell"}
              >
                {table.filterable.includes(field.name) ? (
                  <button
                    type="button"
                    onClick={() => onSort(up ? `-${field.name}` : down ? "" : field.name)}
                    title={t("sort_by", { name })}
                    data-testid={`sort-${field.name}`}
                  >
                    {name}
                    {up && <CaretUpOutlined aria-hidden />}
                    {down && <CaretDownOutlined aria-hidden />}
                  </button>
                ) : (
                  name
                )}
              </span>
            );
          })}
          <span className="hr-grid-cell" role="columnheader">
            {t("changed")}
          </span>
        </div>
        <div className="hr-grid-space" style={{ height: begin * ROW }} />
        {rows.slice(begin, end).map((row, offset) => {
          const index = begin + offset;
          return (
            <div
              key={row.id}
              className={ticked.has(String(row.id)) ? "hr-grid-row hr-grid-chosen" : "hr-grid-row"}
              role="row"
              aria-rowindex={index + 2}
              data-testid={`record-${row.key}`}
            >
              {table.rights.write && (
                <span className="hr-grid-tick" role="gridcell">
                  <Checkbox
                    aria-label={`${t("app:action.choose_row")} ${row.title}`}
                    checked={ticked.has(String(row.id))}
                    onChange={(event) => tick(row.id, event.target.checked)}
                  />
                </span>
              )}
              <span className="hr-grid-name" role="rowheader">
                <Link to={`/tables/${table.key}/records/${row.id}`}>
                  {table.definition.key_field ? row.key : row.title} <ExportOutlined aria-hidden />
                </Link>
              </span>
              {fields.map((field, column) => {
                const here = at.row === index && at.column === column;
                const editing = here && typed !== null;
                return (
                  // biome-ignore lint/a11y/useKeyWithClickEvents: the grid hears the keys
                  <span
                    key={field.name}
                    role="gridcell"
                    tabIndex={here && !editing ? 0 : -1}
                    data-cell={`${index}:${column}`}
                    data-testid={`cell-${row.key}-${field.name}`}
                    className={`hr-grid-cell${isNumber(field.kind) ? " hr-right" : ""}${here ? " hr-grid-at" : ""}`}
                    title={shownValue(field, row, language)}
                    onClick={() => !here && move(index, column)}
                    onDoubleClick={() => !editing && edit()}
                  >
                    {editing ? (
                      <span
                        className="hr-grid-edit"
                        onBlur={(event) => {
                          if (!event.currentTarget.contains(event.relatedTarget as Node | null))
                            void commit(typed);
                        }}
                      >
                        <FieldInput
                          field={field}
                          value={typed}
                          autoFocus
                          onChange={(value) => {
                            setTyped(value);
                            if (["enum", "yes_no", "reference"].includes(field.kind)) {
                              void commit(value);
                              move(index, column);
                            }
                          }}
                          testId="cell-input"
                        />
                      </span>
                    ) : (
                      <Cell field={field} row={row} />
                    )}
                  </span>
                );
              })}
              <span className="hr-grid-cell hr-muted" role="gridcell">
                <RelativeTime at={row.updated_at} />
              </span>
            </div>
          );
        })}
        <div className="hr-grid-space" style={{ height: (rows.length - end) * ROW }} />
      </div>
      <p className="hr-muted hr-tables-keys">
        {table.rights.write && table.drawn ? t("keys") : t("keys_read")}
        {more.loading && ` · ${t("loading_more")}`}
      </p>
    </>
  );
}
