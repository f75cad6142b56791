// biome-ignore-all lint/a11y/noNoninteractiveElementToInteractiveRole: a grid is a table whose cells are moved about in (WAI-ARIA)
// biome-ignore-all lint/a11y/useFocusableInteractive: the input of the active cell has the focus
// The grid: a spreadsheet's keys, one cell that listens. The input of the active cell always has the focus, so that typing,
// also through an input method, begins to edit at once.

import {
  type ClipboardEvent,
  type KeyboardEvent,
  type MouseEvent,
  memo,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import {
  cellOf,
  type Definition,
  fill,
  fillDown,
  fromTsv,
  type GridColumn,
  gridColumns,
  insertRows,
  isBlank,
  moveRows,
  paste,
  type Range,
  type Rule,
  rangeOf,
  removeRows,
  type Spot,
  toTsv,
  withCells,
} from "./table";

export interface RowMark {
  tone: "error" | "warn" | "info";
  text: string;
}

interface GridProps {
  table: Definition;
  rows: number[];
  disabled: boolean;
  problems: Map<string, string>;
  marks: Map<number, RowMark>;
  hits: number[] | null;
  nameOf: (column: GridColumn) => string;
  onChange: (table: Definition) => void;
  onUndo: () => void;
  onRedo: () => void;
  onColumn: (column: GridColumn) => void;
  onActive: (spot: Spot, range: Range) => void;
}

export function Grid(props: GridProps) {
  const { table, rows, disabled, problems, marks, hits, nameOf, onChange, onColumn, onActive } =
    props;
  const { t } = useTranslation("decision_tables");
  const columns = useMemo(() => gridColumns(table), [table]);
  const [active, setActive] = useState<Spot>({ row: rows[0] ?? 0, col: 0 });
  const [anchor, setAnchor] = useState<Spot>(active);
  const [draft, setShown] = useState<string | null>(null);
  const typed = useRef<string | null>(null); // a blur may come before the next drawing
  const setDraft = (text: string | null) => {
    typed.current = text;
    setShown(text);
  };
  const box = useRef<HTMLDivElement>(null);
  const wanted = useRef(false);
  const range = rangeOf(anchor, active);
  const last = columns.length - 1;

  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the place changes
  useEffect(() => {
    onActive(active, range);
    const input = box.current?.querySelector<HTMLInputElement>("input.hr-dt-input");
    if (wanted.current && input) {
      input.focus({ preventScroll: true });
      input.closest("td")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }, [active.row, active.col, anchor.row, anchor.col, table.rules.length]);

  const go = (row: number, col: number, extend = false) => {
    const spot = { row: Math.max(0, row), col: Math.min(last, Math.max(0, col)) };
    wanted.current = true;
    setActive(spot);
    if (!extend) setAnchor(spot);
  };
  /** The next row that is shown. */
  const next = (row: number, by: number): number => {
    const at = rows.indexOf(row);
    return rows[Math.min(rows.length - 1, Math.max(0, at + by))] ?? 0;
  };
  const committed = (): Definition => {
    const text = typed.current;
    if (text === null) return table;
    setDraft(null);
    const made = withCells(table, [{ ...active, text: text.trim() }]);
    if (made !== table) onChange(made);
    return made;
  };
  const down = (grow: boolean) => {
    const made = committed();
    const end = active.row === rows.at(-1);
    if (end && grow && !disabled && !isBlank(made.rules[active.row])) {
      onChange(insertRows(made, active.row + 1));
      go(active.row + 1, anchor.col);
    } else go(next(active.row, 1), active.col);
  };
  const change = (made: Definition) => {
    if (!disabled && made !== table) onChange(made);
  };
  const leave = () => {
    if (draft !== null) setDraft(null);
    else setAnchor(active);
  };
  const tab = (event: KeyboardEvent, back: boolean) => {
    const made = committed();
    if (back) {
      if (active.col > 0) go(active.row, active.col - 1);
      else if (active.row !== rows[0]) go(next(active.row, -1), last);
      else return; // out of the grid
    } else if (active.col < last) go(active.row, active.col + 1);
    else if (active.row !== rows.at(-1)) go(next(active.row, 1), 0);
    else if (disabled || isBlank(made.rules[active.row]))
      return; // out of the grid
    else {
      onChange(insertRows(made, active.row + 1));
      go(active.row + 1, 0);
    }
    event.preventDefault();
  };

  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return;
    const { key, shiftKey: shift, altKey: alt } = event;
    const control = event.ctrlKey || event.metaKey;
    const editing = draft !== null;
    const done = () => event.preventDefault();
    if (key === "Tab") return tab(event, shift);
    if (key === "Escape") return leave();
    if (alt && !editing && !disabled) {
      const { top, bottom } = range;
      if (key === "Enter") {
        done();
        change(insertRows(table, bottom + 1));
        return go(bottom + 1, 0);
      }
      if (key === "Delete" || key === "Backspace") {
        done();
        change(removeRows(table, top, bottom));
        return go(Math.min(top, Math.max(0, table.rules.length - 2 - (bottom - top))), active.col);
      }
      if (key === "ArrowUp" || key === "ArrowDown") {
        done();
        const by = key === "ArrowUp" ? -1 : 1;
        const made = moveRows(table, top, bottom, by);
        if (made === table) return;
        change(made);
        setAnchor({ ...anchor, row: anchor.row + by });
        return setActive({ ...active, row: active.row + by });
      }
    }
    if (key === "Enter") {
      done();
      if (!shift) return down(true);
      committed();
      return go(next(active.row, -1), active.col);
    }
    if (editing) {
      // Arrows move the cursor in the text, but up and down leave it as in a sheet.
      if (key === "ArrowUp" || key === "ArrowDown") {
        done();
        committed();
        go(next(active.row, key === "ArrowUp" ? -1 : 1), active.col);
      }
      return;
    }
    if (control) {
      const letter = key.toLowerCase();
      if (letter === "z" || letter === "y") {
        done();
        return letter === "y" || shift ? props.onRedo() : props.onUndo();
      }
      if (letter === "d") {
        done();
        return change(fillDown(table, range));
      }
      if (letter === "a") {
        done();
        setAnchor({ row: rows[0] ?? 0, col: 0 });
        return setActive({ row: rows.at(-1) ?? 0, col: last });
      }
    }
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[
      key
    ];
    if (step) {
      done();
      const [by = 0, aside = 0] = step;
      const row = control && by ? (by < 0 ? rows[0] : rows.at(-1)) : next(active.row, by);
      const col = control && aside ? (aside < 0 ? 0 : last) : active.col + aside;
      return go(row ?? 0, col, shift);
    }
    if (key === "Home" || key === "End") {
      done();
      const row = control ? (key === "Home" ? rows[0] : rows.at(-1)) : active.row;
      return go(row ?? 0, key === "Home" ? 0 : last, shift);
    }
    if (key === "PageDown" || key === "PageUp") {
      done();
      return go(next(active.row, key === "PageDown" ? 15 : -15), active.col, shift);
    }
    if (key === "F2" && !disabled) {
      const rule = table.rules[active.row];
      const column = columns[active.col];
      done();
      if (rule && column) setDraft(cellOf(rule, column));
    } else if ((key === "Delete" || key === "Backspace") && !disabled) {
      done();
      change(fill(table, range, () => ""));
    }
  };

  const onCopy = (event: ClipboardEvent) => {
    if (draft !== null) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", toTsv(table, range));
    if (event.type === "cut") change(fill(table, range, () => ""));
  };
  const onPaste = (event: ClipboardEvent) => {
    if (draft !== null || disabled) return;
    event.preventDefault();
    const cells = fromTsv(event.clipboardData.getData("text/plain"));
    if (cells.length === 0) return;
    change(paste(table, { row: range.top, col: range.left }, cells, range));
    setAnchor({ row: range.top, col: range.left });
    setActive({
      row: range.top + cells.length - 1,
      col: Math.min(last, range.left + Math.max(...cells.map((line) => line.length)) - 1),
    });
  };
  const pick = (event: MouseEvent, spot: Spot) => {
    if (draft !== null && spot.row === active.row && spot.col === active.col) return;
    event.preventDefault();
    committed();
    wanted.current = true;
    setActive(spot);
    if (!event.shiftKey) setAnchor(spot);
    box.current
      ?.querySelector<HTMLInputElement>("input.hr-dt-input")
      ?.focus({ preventScroll: true });
  };
  const edit = (spot: Spot) => {
    const rule = table.rules[spot.row];
    const column = columns[spot.col];
    if (!disabled && rule && column) setDraft(cellOf(rule, column));
  };

  const latest = useRef({ pick, edit });
  latest.current = { pick, edit };
  const onPick = useCallback(
    (event: MouseEvent, spot: Spot) => latest.current.pick(event, spot),
    [],
  );
  const onEdit = useCallback((spot: Spot) => latest.current.edit(spot), []);

  const counts = { inputs: table.inputs.length, outputs: table.outputs.length };
  return (
    <div className="hr-dt-box" ref={box} onCopy={onCopy} onCut={onCopy} onPaste={onPaste}>
      <table
        className="hr-dt"
        role="grid"
        aria-label={t("grid")}
        aria-rowcount={table.rules.length}
      >
        <thead>
          <tr className="hr-dt-sides">
            <th scope="col" rowSpan={2} className="hr-dt-no">
              <span className="hr-hidden">{t("row")}</span>#
            </th>
            <th colSpan={Math.max(1, counts.inputs)} scope="colgroup">
              {t("inputs")}
            </th>
            <th colSpan={Math.max(1, counts.outputs)} scope="colgroup" className="hr-dt-out">
              {t("outputs")}
            </th>
            <th rowSpan={2} scope="col">
              {t("note")}
            </th>
          </tr>
          <tr className="hr-dt-names">
            {columns
              .filter(({ side }) => side !== "note")
              .map((column) => (
                <th
                  key={`${column.side}-${column.column?.name}`}
                  scope="col"
                  className={column.side === "outputs" ? "hr-dt-out" : undefined}
                >
                  <button
                    type="button"
                    onClick={() => onColumn(column)}
                    data-testid={`column-${column.column?.name}`}
                  >
                    <span>{nameOf(column)}</span>
                    <small>{t(`kind.${column.column?.kind ?? "text"}`)}</small>
                  </button>
                </th>
              ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const rule = table.rules[row];
            if (!rule) return null;
            const here = row === active.row;
            const chosen = row >= range.top && row <= range.bottom;
            return (
              <Row
                key={rule.id}
                row={row}
                rule={rule}
                columns={columns}
                active={here ? active.col : -1}
                draft={here ? draft : null}
                left={chosen ? range.left : -1}
                right={chosen ? range.right : -2}
                problems={problems}
                mark={marks.get(row)}
                hits={hits?.[row]}
                nameOf={nameOf}
                onPick={onPick}
                onEdit={onEdit}
                onDraft={disabled ? undefined : setDraft}
                onKey={onKey}
                onLeave={committed}
              />
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  row: number;
  rule: Rule;
  columns: GridColumn[];
  active: number;
  draft: string | null;
  left: number;
  right: number;
  problems: Map<string, string>;
  mark: RowMark | undefined;
  hits: number | undefined;
  nameOf: (column: GridColumn) => string;
  onPick: (event: MouseEvent, spot: Spot) => void;
  onEdit: (spot: Spot) => void;
  onDraft: ((text: string) => void) | undefined;
  onKey: (event: KeyboardEvent<HTMLInputElement>) => void;
  onLeave: () => void;
}

/** A row away from the active cell is drawn again only when it changes. */
const Row = memo(
  function Row(props: RowProps) {
    const { row, rule, columns, active, draft, left, right, problems, mark, hits, nameOf } = props;
    const { t } = useTranslation("decision_tables");
    return (
      <tr className={active >= 0 ? "hr-dt-here" : undefined} data-testid={`rule-${row + 1}`}>
        <th
          scope="row"
          className={`hr-dt-no${mark ? ` hr-dt-${mark.tone}` : ""}`}
          title={mark?.text}
        >
          <span>{row + 1}</span>
          {mark && <span className="hr-dt-dot" role="img" aria-label={mark.text} />}
          {hits !== undefined && (
            <small className={hits ? "hr-dt-hit" : undefined} title={t("hits", { count: hits })}>
              {hits ? `✓${hits}` : ""}
            </small>
          )}
        </th>
        {columns.map((column, col) => {
          const wrong = problems.get(`${row}:${col}`);
          const text = cellOf(rule, column);
          const here = col === active;
          const names = [
            column.side === "outputs" ? "hr-dt-out" : column.side === "note" ? "hr-dt-note" : "",
            col >= left && col <= right ? "hr-dt-chosen" : "",
            here ? "hr-dt-active" : "",
            wrong ? "hr-dt-wrong" : "",
          ];
          return (
            <td
              key={column.column?.name ?? ":note"}
              role="gridcell"
              aria-selected={here}
              className={names.filter(Boolean).join(" ")}
              title={wrong}
              onMouseDown={(event) => props.onPick(event, { row, col })}
              onDoubleClick={() => props.onEdit({ row, col })}
              data-testid={`cell-${row + 1}-${column.column?.name ?? "note"}`}
            >
              <span className={draft !== null && here ? "hr-dt-under" : undefined}>
                {text || (column.side === "inputs" ? <i aria-hidden>-</i> : "")}
              </span>
              {here && (
                <input
                  className={draft === null ? "hr-dt-input" : "hr-dt-input hr-dt-editing"}
                  aria-label={`${nameOf(column)}, ${t("row")} ${row + 1}`}
                  aria-invalid={wrong !== undefined}
                  value={draft ?? ""}
                  readOnly={props.onDraft === undefined}
                  autoComplete="off"
                  spellCheck={false}
                  onChange={(event) => props.onDraft?.(event.target.value)}
                  onKeyDown={props.onKey}
                  onBlur={props.onLeave}
                />
              )}
            </td>
          );
        })}
      </tr>
    );
  },
  (before, after) =>
    before.active === -1 &&
    after.active === -1 &&
    before.row === after.row &&
    before.rule === after.rule &&
    before.columns === after.columns &&
    before.left === after.left &&
    before.right === after.right &&
    before.problems === after.problems &&
    before.mark?.text === after.mark?.text &&
    before.hits === after.hits,
);
