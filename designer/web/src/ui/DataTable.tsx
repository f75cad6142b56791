// Rows of things: a table on a desk, cards on a phone. The first column names the row and is its link.

import { Button, Checkbox } from "antd";
import type { MouseEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useNarrow } from "../theme/mode";
import { ErrorState, Loading } from "./page";
import "./DataTable.css";

export interface Column<Row> {
  key: string;
  title: ReactNode;
  render: (row: Row) => ReactNode;
  align?: "right";
  width?: number | string;
  /** On a phone: beside the name, below it with its title, or not at all. */
  phone?: "corner" | "line" | "hidden";
}

interface DataTableProps<Row> {
  /** What the table holds, for those who do not see it. */
  label: string;
  columns: Column<Row>[];
  rows: Row[] | undefined;
  rowKey: (row: Row) => string;
  /** Where the name of a row leads: an address, or something to do. */
  to?: (row: Row) => string | undefined;
  onOpen?: (row: Row) => void;
  testId?: (row: Row) => string;
  empty: ReactNode;
  error?: unknown;
  onRetry?: () => void;
  more?: { has: boolean; loading: boolean; load: () => void };
  /** Rows can be ticked. */
  selection?: Selection | undefined;
}

export interface Selection {
  keys: ReadonlySet<string>;
  onChange: (keys: ReadonlySet<string>) => void;
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const narrow = useNarrow();
  const { rows, error, empty, more } = props;
  if (rows === undefined) {
    return error ? (
      <ErrorState error={error} {...(props.onRetry ? { onRetry: props.onRetry } : {})} />
    ) : (
      <Loading rows={5} tall={narrow} />
    );
  }
  if (rows.length === 0) return <div className="hr-table-frame">{empty}</div>;
  return (
    <>
      {narrow ? <Cards {...props} rows={rows} /> : <Table {...props} rows={rows} />}
      {more?.has && <More {...more} />}
    </>
  );
}

type Filled<Row> = DataTableProps<Row> & { rows: Row[] };

function Table<Row>(props: Filled<Row>) {
  const { label, columns, rows, rowKey, to, onOpen, testId, selection } = props;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="hr-table-frame" aria-label={label} tabIndex={0}>
      <table className="hr-table">
        <thead>
          <tr>
            {selection !== undefined && (
              <th scope="col" className="hr-tick">
                <TickAll keys={rows.map(rowKey)} selection={selection} />
              </th>
            )}
            {columns.map((column) => (
              <th key={column.key} scope="col" style={styleOf(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              data-testid={testId?.(row)}
              {...(to || onOpen ? { "data-opens": true, onClick: openFromAnywhere } : {})}
            >
              {selection !== undefined && (
                <td className="hr-tick">
                  <Tick name={rowKey(row)} selection={selection} />
                </td>
              )}
              {columns.map((column, index) => (
                <td key={column.key} style={styleOf(column)}>
                  {index === 0 ? (
                    <Opening row={row} to={to} onOpen={onOpen}>
                      {column.render(row)}
                    </Opening>
                  ) : (
                    column.render(row)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const CONTROLS = "a, button, input, label, select, textarea, [role=button], [role=switch]";

/** A press anywhere in the row opens it, as people expect of what lights up; not on its controls, nor after marking a text. */
function openFromAnywhere(event: MouseEvent<HTMLTableRowElement>) {
  const { target, currentTarget } = event;
  if (!(target instanceof Element) || !currentTarget.contains(target)) return; // a menu or dialog of the row
  if (target.closest(CONTROLS) || window.getSelection()?.isCollapsed === false) return;
  currentTarget.querySelector<HTMLElement>(".hr-row-link")?.click();
}

function Cards<Row>(props: Filled<Row>) {
  const { label, columns, rows, rowKey, to, onOpen, testId, selection } = props;
  const [name, ...others] = columns;
  const corner = others.find((column) => column.phone === "corner");
  const lines = others.filter((column) => column.phone !== "hidden" && column !== corner);
  return (
    <ul className="hr-cards" aria-label={label}>
      {rows.map((row) => (
        <li key={rowKey(row)} className="hr-row-card" data-testid={testId?.(row)}>
          <div className="hr-row-card-head">
            {selection !== undefined && (
              <span className="hr-tick">
                <Tick name={rowKey(row)} selection={selection} />
              </span>
            )}
            <Opening row={row} to={to} onOpen={onOpen}>
              {name?.render(row)}
            </Opening>
            {corner?.render(row)}
          </div>
          <dl>
            {lines.map((column) => (
              <div key={column.key}>
                <dt>{column.title}</dt>
                <dd>{column.render(row)}</dd>
              </div>
            ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}

function Tick({ name, selection }: { name: string; selection: Selection }) {
  const { t } = useTranslation("app");
  const { keys, onChange } = selection;
  return (
    <Checkbox
      checked={keys.has(name)}
      onChange={(event) => {
        const next = new Set(keys);
        event.target.checked ? next.add(name) : next.delete(name);
        onChange(next);
      }}
      aria-label={t("action.choose_row")}
      data-testid={`tick-${name}`}
    />
  );
}

function TickAll({ keys, selection }: { keys: string[]; selection: Selection }) {
  const { t } = useTranslation("app");
  const chosen = keys.filter((key) => selection.keys.has(key)).length;
  return (
    <Checkbox
      checked={chosen > 0 && chosen === keys.length}
      indeterminate={chosen > 0 && chosen < keys.length}
      onChange={(event) => selection.onChange(new Set(event.target.checked ? keys : []))}
      aria-label={t("action.choose_all")}
      data-testid="tick-all"
    />
  );
}

interface OpeningProps<Row> {
  row: Row;
  to: ((row: Row) => string | undefined) | undefined;
  onOpen: ((row: Row) => void) | undefined;
  children: ReactNode;
}

function Opening<Row>({ row, to, onOpen, children }: OpeningProps<Row>) {
  const address = to?.(row);
  if (address !== undefined) {
    return (
      <Link className="hr-row-link" to={address}>
        {children}
      </Link>
    );
  }
  if (onOpen) {
    return (
      <button type="button" className="hr-row-link" onClick={() => onOpen(row)}>
        {children}
      </button>
    );
  }
  return <div className="hr-row-name">{children}</div>;
}

function More({ loading, load }: { loading: boolean; load: () => void }) {
  const { t } = useTranslation("app");
  return (
    <div className="hr-more">
      <Button onClick={load} loading={loading} data-testid="btn-more">
        {t("action.more")}
      </Button>
    </div>
  );
}

function styleOf<Row>(column: Column<Row>) {
  return {
    ...(column.align ? { textAlign: column.align } : {}),
    ...(column.width !== undefined ? { width: column.width } : {}),
  };
}
