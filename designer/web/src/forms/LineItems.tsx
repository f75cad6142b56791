// A table of line items: rows like a sheet on a desk, cards on a phone; totals under it, live. A part of a sheet can be
// pasted into it.

import { CopyOutlined, DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { type ClipboardEvent, type KeyboardEvent, useContext, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { JsonSchema } from "../schema";
import { problemText } from "../ui/errorText";
import { Control, type ControlProps, fromInput, IdPrefix } from "../ui/form/Control";
import { helpOf, type JsonObject, kindOf, orderedNames, titleOf } from "../ui/form/kinds";
import { pointerPart } from "../ui/form/validate";
import { useText } from "../ui/text";
import { isNumeric, isRecord, totals } from "./computed";
import { useFormContext } from "./context";
import { grouped } from "./exact";
import { isWritable, rightOf, rowsAreFree } from "./form";
import { currencySign, ReadValue } from "./ReadValue";

const ROWS_MAX = 500; // what a page can still draw quickly; the schema's own limit is usually lower

export function LineItems(props: ControlProps) {
  const { name, schema, value, onChange, disabled } = props;
  const { t } = useTranslation("forms");
  const { form, readOnly } = useFormContext();
  const item = schema.items ?? {};
  const rows = (Array.isArray(value) ? value : []).map((row) => (isRecord(row) ? row : {}));
  const columns = orderedNames(item).filter((column) => right(column) !== "hidden");
  const most = Math.min(schema.maxItems ?? ROWS_MAX, ROWS_MAX);
  const fixed = disabled || readOnly || !isWritable(form, name);
  const free = !fixed && rowsAreFree(form, name);
  const body = useRef<HTMLDivElement>(null);

  function right(column: string) {
    return form.rights?.[`${name}.${column}`] === undefined
      ? rightOf(form, name)
      : rightOf(form, `${name}.${column}`);
  }
  const put = (next: JsonObject[]) => onChange(next.length > 0 ? next : undefined);
  const replace = (index: number, column: string, cell: unknown) =>
    put(rows.map((row, at) => (at === index ? withCell(row, column, cell) : row)));
  const add = () => {
    put([...rows, {}]);
    requestAnimationFrame(() => {
      const last = body.current?.querySelector<HTMLElement>(".hr-line:last-of-type");
      last?.querySelector<HTMLElement>("input, select, textarea")?.focus();
    });
  };
  const paste = (event: ClipboardEvent<HTMLDivElement>) => {
    const cells = cellsOf(event.clipboardData.getData("text/plain"));
    const place = (event.target as HTMLElement).closest<HTMLElement>("[data-cell]")?.dataset[
      "cell"
    ];
    if (fixed || place === undefined || !cells.some((row, _, all) => row.length + all.length > 2)) {
      return;
    }
    event.preventDefault();
    const [from = 0, column = 0] = place.split(" ").map(Number);
    const open = columns.filter((each) => isWritable(form, `${name}.${each}`));
    const first = open.indexOf(columns[column] ?? "");
    const rowsMost = rowsAreFree(form, name) ? most : rows.length;
    put(filledIn(rows, cells, from, open.slice(Math.max(first, 0)), item, rowsMost));
  };
  const enter = (event: KeyboardEvent<HTMLDivElement>) => {
    const input = event.target as HTMLElement;
    const last = input.closest(".hr-line:last-of-type") !== null;
    if (event.key !== "Enter" || fixed || input.tagName !== "INPUT") return;
    event.preventDefault(); // Enter in a table never sends the form
    if (last && free && rows.length < most) add();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys and pasting of the inputs inside
    <div
      ref={body}
      className="hr-lines"
      style={{ "--columns": widths(item, columns) } as React.CSSProperties}
      onPaste={paste}
      onKeyDown={enter}
      data-testid={`field-${name}`}
    >
      {rows.length > 0 && (
        <div className="hr-line hr-line-head" aria-hidden>
          {columns.map((column) => (
            <span key={column} data-numeric={isNumeric(part(item, column)) || undefined}>
              <Heading schema={item} name={column} form={right(column) === "required"} />
            </span>
          ))}
          <span />
        </div>
      )}
      {rows.map((row, index) => (
        <Row
          // biome-ignore lint/suspicious/noArrayIndexKey: the position is the row's only name
          key={index}
          {...props}
          index={index}
          row={row}
          columns={columns}
          fixed={fixed}
          free={free}
          onCell={(column, cell) => replace(index, column, cell)}
          onRemove={() => put(rows.filter((_, at) => at !== index))}
          {...(free && rows.length < most
            ? { onCopy: () => put([...rows.slice(0, index + 1), row, ...rows.slice(index + 1)]) }
            : {})}
        />
      ))}
      {rows.length === 0 && <p className="hr-muted">{t("lines.none")}</p>}
      <Totals schema={schema} columns={columns} rows={rows} />
      {free && rows.length < most && (
        <button type="button" className="hr-add" onClick={add} data-testid={`add-${name}`}>
          <PlusOutlined aria-hidden /> {t("lines.add")}
        </button>
      )}
    </div>
  );
}

interface RowProps extends ControlProps {
  index: number;
  row: JsonObject;
  columns: string[];
  fixed: boolean;
  free: boolean;
  onCell: (column: string, value: unknown) => void;
  onRemove: () => void;
  onCopy?: () => void;
}

function Row(props: RowProps) {
  const { index, row, columns, fixed, name, schema, problems, path, onCell } = props;
  const { t } = useTranslation(["forms", "errors"]);
  const { text } = useText();
  const { form } = useFormContext();
  const item = schema.items ?? {};
  const prefix = useContext(IdPrefix);
  const number = { number: index + 1 };
  return (
    <fieldset className="hr-line">
      <legend>{t("forms:lines.row", number)}</legend>
      {columns.map((column, at) => {
        const cell = part(item, column);
        const place = `${path}/${index}/${pointerPart(column)}`;
        const own = problems.filter((problem) => problem.path === place);
        const id = `${prefix}${place.replace(/[^A-Za-z0-9_-]/g, "-")}`;
        const kind = kindOf(cell);
        const grouped = kind === "choice" || kind === "choices" || kind === "boolean";
        const open = !fixed && isWritable(form, `${name}.${column}`);
        const required = item.required?.includes(column) ?? false;
        return (
          <div
            key={column}
            className={own.length > 0 ? "hr-cell hr-field-wrong" : "hr-cell"}
            data-cell={`${index} ${at}`}
            data-numeric={isNumeric(cell) || undefined}
          >
            {open && !grouped ? (
              <label className="hr-cell-label" htmlFor={id}>
                <Heading schema={item} name={column} form={false} />
              </label>
            ) : (
              <span className="hr-cell-label">
                <Heading schema={item} name={column} form={false} />
              </span>
            )}
            {open ? (
              <Control
                name={`${name}.${index}.${column}`}
                schema={grouped && kind === "choice" ? { ...cell, "x-widget": "select" } : cell}
                required={required}
                value={row[column]}
                onChange={(next) => onCell(column, next)}
                problems={problems}
                disabled={props.disabled}
                path={place}
                kind={kind}
                id={id}
                described={own.length > 0 ? `${id}-error` : ""}
                wrong={own.length > 0}
                label={titleOf(column, cell, text)}
              />
            ) : (
              <span
                className="hr-cell-read"
                aria-live={cell["x-compute"] ? "polite" : undefined}
                data-testid={`read-${name}.${index}.${column}`}
              >
                <ReadValue schema={cell} value={row[column]} />
              </span>
            )}
            {own.length > 0 && (
              <p
                id={`${id}-error`}
                className="hr-field-error"
                role="alert"
                data-testid={`error-${name}.${index}.${column}`}
              >
                {own.map((problem) => problemText(t, problem)).join(" ")}
              </p>
            )}
          </div>
        );
      })}
      {props.free && (
        <span className="hr-line-actions">
          {props.onCopy && (
            <button
              type="button"
              className="hr-icon-link"
              aria-label={t("forms:lines.copy", number)}
              onClick={props.onCopy}
            >
              <CopyOutlined aria-hidden />
            </button>
          )}
          <button
            type="button"
            className="hr-icon-link"
            aria-label={t("forms:lines.remove", number)}
            onClick={props.onRemove}
            data-testid={`remove-${name}.${index}`}
          >
            <DeleteOutlined aria-hidden />
          </button>
        </span>
      )}
    </fieldset>
  );
}

function Heading({ schema, name, form }: { schema: JsonSchema; name: string; form: boolean }) {
  const { text } = useText();
  const column = part(schema, name);
  const help = helpOf(column, text);
  const required = (form || schema.required?.includes(name)) && column["x-compute"] === undefined;
  return (
    <>
      <span title={help || undefined}>{titleOf(name, column, text)}</span>
      {required && <span className="hr-field-required">*</span>}
    </>
  );
}

interface TotalsProps {
  schema: JsonSchema;
  columns: string[];
  rows: JsonObject[];
}

function Totals({ schema, columns, rows }: TotalsProps) {
  const { t } = useTranslation("forms");
  const { text } = useText();
  const sums = totals(schema, rows);
  const shown = columns.filter((column) => sums[column] !== undefined);
  if (shown.length === 0 || rows.length === 0) return null;
  return (
    <dl className="hr-line-totals" aria-live="polite">
      {shown.map((column) => {
        const cell = part(schema.items ?? {}, column);
        return (
          <div key={column}>
            <dt>{t("lines.total", { name: titleOf(column, cell, text) })}</dt>
            <dd className="hr-amount" data-testid={`total-${column}`}>
              {currencySign(cell)}
              {grouped(sums[column] ?? "")}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function part(schema: JsonSchema, name: string): JsonSchema {
  return schema.properties?.[name] ?? {};
}

function withCell(row: JsonObject, column: string, cell: unknown): JsonObject {
  const { [column]: _, ...others } = row;
  return cell === undefined ? others : { ...row, [column]: cell };
}

/** Texts need more room than numbers. */
function widths(schema: JsonSchema, columns: string[]): string {
  return columns
    .map((column) => (isNumeric(part(schema, column)) ? "minmax(90px, 1fr)" : "minmax(110px, 2fr)"))
    .join(" ");
}

function cellsOf(pasted: string): string[][] {
  const lines = pasted.replace(/\r/g, "").replace(/\n$/, "").split("\n");
  return lines.map((line) => line.split("\t"));
}

function filledIn(
  rows: JsonObject[],
  cells: string[][],
  from: number,
  columns: string[],
  schema: JsonSchema,
  most: number,
): JsonObject[] {
  const next = [...rows];
  cells.slice(0, most - from).forEach((line, down) => {
    let row = next[from + down] ?? {};
    line.slice(0, columns.length).forEach((typed, across) => {
      const column = columns[across] ?? "";
      const cell = part(schema, column);
      row = withCell(row, column, fromInput(kindOf(cell), cell.type, typed));
    });
    next[from + down] = row;
  });
  return next;
}
