// A board: the records of a table counted or added up along up to three fields. A number leads to the records it stands for.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Button, Select } from "antd";
import type { TFunction } from "i18next";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { api, query } from "../../api/client";
import { useNarrow } from "../../theme/mode";
import { ErrorState, Loading } from "../../ui/page";
import { useText } from "../../ui/text";
import {
  ALWAYS,
  addable,
  type BoardContent,
  choiceOf,
  conditionsOf,
  fieldNamed,
  type Group,
  groupOf,
  groupTitle,
  numbersOf,
  type Place,
  persOf,
  places,
  type Sum,
  summable,
  type Totals,
  type Words,
} from "./board";
import { type Condition, type Field, popupIn, type TableDetail, titleOf } from "./table";
import "./board.css";

interface BoardProps {
  table: TableDetail;
  content: BoardContent;
  asked: { search: string; filter: string };
  conditions: Condition[];
  onChange: (content: BoardContent | null) => void;
  empty: ReactNode;
}

export default function Board({ table, content, asked, conditions, onChange, empty }: BoardProps) {
  const { t } = useTranslation("tables");
  const words = useWords();
  const narrow = useNarrow();
  const fields = table.definition.fields.filter(
    (field) => table.filterable.includes(field.name) && !field.hidden,
  );
  const told = {
    ...asked,
    group_by: JSON.stringify(content.group_by),
    sums: content.sum ? JSON.stringify([{ ...content.sum, name: "it" }]) : "",
  };
  const path = `/api/tables/${table.key}/totals`;
  const found = useQuery({
    queryKey: [`/api/tables/${table.key}/records`, "totals", told],
    queryFn: ({ signal }) => api.get<Totals>(path + query(told), { signal }),
    placeholderData: keepPreviousData,
  });
  // The numbers of an earlier question have other fields.
  const [held, setHeld] = useState<{ content: BoardContent; totals: Totals }>();
  if (found.data && !found.isPlaceholderData && held?.totals !== found.data) {
    setHeld({ content, totals: found.data });
  }
  const choices = <Choices fields={fields} content={content} words={words} onChange={onChange} />;
  return (
    <section className="hr-board" aria-label={t("board")}>
      {narrow ? (
        <details className="hr-board-fold">
          <summary data-testid="board-choices">{summaryOf(content, fields, words, t)}</summary>
          {choices}
        </details>
      ) : (
        choices
      )}
      {found.error !== null ? (
        <ErrorState error={found.error} onRetry={() => void found.refetch()} />
      ) : held === undefined ? (
        <Loading />
      ) : held.totals.count === 0 ? (
        empty
      ) : (
        <Numbers {...held} fields={fields} words={words} conditions={conditions} />
      )}
    </section>
  );
}

/** What is shown, in a line. */
function summaryOf(
  content: BoardContent,
  fields: Field[],
  words: Words,
  t: TFunction<"tables">,
): string {
  const groups = content.group_by.map((group) =>
    groupTitle(
      fieldNamed(fields, group.field, words),
      group,
      t(`per.${group.per ?? "value"}`),
      words.language,
    ),
  );
  const { sum } = content;
  const field = sum && fieldNamed(fields, sum.field, words);
  const number = field
    ? t(`what.${sum.what}`, { name: titleOf(field, words.language) })
    : t("what.count");
  return `${groups.join(" × ")} · ${number}`;
}

function useWords(): Words {
  const { t } = useTranslation("tables");
  const { language } = useText();
  return {
    language,
    none: t("board_none"),
    age: (from, to) =>
      to === undefined
        ? t("age_from", { from })
        : from === 0
          ? t("age_to", { count: to })
          : t("age_between", { from, to }),
    created: t("created_at"),
    changed: t("changed"),
  };
}

// --- what is asked ---------------------------------------------------------------------------------

interface ChoicesProps {
  fields: Field[];
  content: BoardContent;
  words: Words;
  onChange: (content: BoardContent | null) => void;
}

const PARTS = ["board_rows", "board_columns", "board_parts"] as const;

function Choices({ fields, content, words, onChange }: ChoicesProps) {
  const { t } = useTranslation("tables");
  const named = [...fields.map(({ name }) => name), ...ALWAYS];
  const options = named.flatMap((name) => {
    const field = fieldNamed(fields, name, words) as Field;
    return persOf(field).map((per) => {
      const group: Group = per === "value" ? { field: name } : { field: name, per };
      return {
        value: choiceOf(group),
        label: groupTitle(field, group, t(`per.${per}`), words.language),
      };
    });
  });
  const put = (index: number, choice: string | undefined) => {
    const group_by = content.group_by.slice(0, index);
    if (choice) group_by.push(groupOf(choice));
    group_by.push(...content.group_by.slice(index + 1));
    onChange({ ...content, group_by });
  };
  const sums = summable(fields).flatMap((field) =>
    (["sum", "avg", "min", "max"] as const).map((what) => ({
      value: `${what}:${field.name}`,
      label: t(`what.${what}`, { name: titleOf(field, words.language) }),
    })),
  );
  return (
    <div className="hr-board-choices">
      {PARTS.slice(0, content.group_by.length + 1).map((part, index) => {
        const taken = content.group_by.filter((_, at) => at !== index).map(({ field }) => field);
        const here = content.group_by[index];
        return (
          <span key={part} className="hr-board-choice">
            <span>{t(part)}</span>
            <Select
              getPopupContainer={popupIn}
              popupMatchSelectWidth={false}
              aria-label={t(part)}
              data-testid={part.replace("_", "-")}
              placeholder={t("board_nothing")}
              showSearch={{ optionFilterProp: "label" }}
              allowClear={index > 0}
              value={here && choiceOf(here)}
              onChange={(choice: string | undefined) => put(index, choice)}
              options={options.filter(({ value }) => !taken.includes(groupOf(value).field))}
            />
          </span>
        );
      })}
      <span className="hr-board-choice">
        <span>{t("board_number")}</span>
        <Select
          getPopupContainer={popupIn}
          popupMatchSelectWidth={false}
          aria-label={t("board_number")}
          data-testid="board-number"
          value={content.sum ? `${content.sum.what}:${content.sum.field}` : "count"}
          onChange={(choice: string) => {
            const [what, field] = choice.split(":");
            const { group_by } = content;
            onChange(field ? { group_by, sum: { what, field } as Sum } : { group_by });
          }}
          options={[{ value: "count", label: t("what.count") }, ...sums]}
        />
      </span>
      <Button onClick={() => onChange(null)} data-testid="btn-board-close">
        {t("board_close")}
      </Button>
    </div>
  );
}

// --- the numbers -----------------------------------------------------------------------------------

interface NumbersProps {
  content: BoardContent;
  totals: Totals;
  fields: Field[];
  words: Words;
  conditions: Condition[];
}

interface Axis {
  group: Group;
  field: Field;
  places: Place[];
}

function Numbers({ content, totals, fields, words, conditions }: NumbersProps) {
  const { t } = useTranslation("tables");
  const axes: Axis[] = content.group_by.flatMap((group) => {
    const field = fieldNamed(fields, group.field, words);
    return field ? [{ group, field, places: places(field, group, totals, words) }] : [];
  });
  const numbers = numbersOf(content, totals);
  const [rows, columns, parts] = axes;
  const show = useShown(content, fields);
  const linked = useLinks(conditions);
  if (rows === undefined) return null;
  const cells: Cells = { content, numbers, show, linked, rows };
  return (
    <>
      <p className="hr-muted" role="status">
        {t("board_all", { count: totals.count })}
        {content.sum && ` · ${show(totals.totals.it === null ? null : Number(totals.totals.it))}`}
        {totals.more && ` · ${t("board_more", { count: totals.groups.length })}`}
        {totals.capped && ` · ${t("board_capped")}`}
        {totals.refilling && ` · ${t("refilling_text")}`}
      </p>
      {columns === undefined ? (
        <Bars {...cells} />
      ) : parts === undefined ? (
        <Cross {...cells} columns={columns} />
      ) : (
        <div className="hr-board-parts">
          {parts.places.map((part) => (
            <Cross key={part.id} {...cells} columns={columns} parts={parts} part={part} />
          ))}
        </div>
      )}
    </>
  );
}

interface Cells {
  content: BoardContent;
  numbers: Map<string, number | null>;
  show: (value: number | null | undefined) => string;
  linked: (chosen: [Axis, Place][]) => string;
  rows: Axis;
}

function useShown(content: BoardContent, fields: Field[]) {
  const { language } = useText();
  const field = fields.find((one) => one.name === content.sum?.field);
  const least = field?.kind === "money" ? (field.decimals ?? 2) : 0;
  const most = content.sum?.what === "avg" ? Math.max(least, 2) : Math.max(least, 6);
  return (value: number | null | undefined) =>
    value === null || value === undefined || Number.isNaN(value)
      ? "–"
      : value.toLocaleString(language === "zh" ? "zh-CN" : "en-GB", {
          minimumFractionDigits: least,
          maximumFractionDigits: most,
        });
}

function useLinks(conditions: Condition[]) {
  const [params] = useSearchParams();
  const [nowMs] = useState(() => Date.now());
  return (chosen: [Axis, Place][]) => {
    const more = chosen.flatMap(([{ field, group }, { value }]) =>
      conditionsOf(field, group, value, nowMs),
    );
    const next = new URLSearchParams(params);
    next.delete("board");
    next.set("filter", JSON.stringify([...conditions, ...more]));
    return `?${next}`;
  };
}

/** One field: the largest first, with the share of each and of all up to it. */
function Bars({ content, numbers, show, linked, rows }: Cells) {
  const { t } = useTranslation("tables");
  const ranked = inOrder(rows, (place) => numbers.get(place.id) ?? 0);
  const all = ranked.map(({ id }) => numbers.get(id) ?? 0);
  const most = Math.max(...all.map(Math.abs), 0);
  const whole = addable(content) ? all.reduce((one, other) => one + other, 0) : 0;
  const { language } = useText();
  const share = (part: number) =>
    (part / whole).toLocaleString(language === "zh" ? "zh-CN" : "en-GB", {
      style: "percent",
      maximumFractionDigits: 1,
    });
  return (
    <div className="hr-board-frame">
      <table className="hr-board-table hr-board-bars">
        <thead>
          <tr>
            <th scope="col">
              {groupTitle(rows.field, rows.group, t(`per.${rows.group.per ?? "value"}`), language)}
            </th>
            <th scope="col" className="hr-board-number">
              {t("board_number")}
            </th>
            {whole > 0 && (
              <>
                <th scope="col" className="hr-board-number">
                  {t("board_share")}
                </th>
                <th scope="col" className="hr-board-number">
                  {t("board_up_to")}
                </th>
              </>
            )}
          </tr>
        </thead>
        <tbody>
          {ranked.map((place, index) => {
            const value = numbers.get(place.id);
            const upTo = all.slice(0, index + 1).reduce((one, other) => one + other, 0);
            return (
              <tr key={place.id}>
                <th scope="row">
                  <Link to={linked([[rows, place]])}>{place.label}</Link>
                  <i
                    aria-hidden
                    style={{ inlineSize: most > 0 ? `${(Math.abs(value ?? 0) / most) * 100}%` : 0 }}
                  />
                </th>
                <td className="hr-board-number">{show(value ?? (content.sum ? null : 0))}</td>
                {whole > 0 && (
                  <>
                    <td className="hr-board-number">{share(value ?? 0)}</td>
                    <td className="hr-board-number">{share(upTo)}</td>
                  </>
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** Days, months and ages keep their order. */
function inOrder({ field, places: all }: Axis, numberOf: (place: Place) => number): Place[] {
  if (field.kind === "date" || field.kind === "date_time") return all;
  return [...all].sort((one, other) => numberOf(other) - numberOf(one));
}

interface CrossProps extends Cells {
  columns: Axis;
  parts?: Axis;
  part?: Place;
}

function Cross({ content, numbers, show, linked, rows, columns, parts, part }: CrossProps) {
  const { t } = useTranslation("tables");
  const { language } = useText();
  const valueAt = (row: Place, column: Place) =>
    numbers.get([row.id, column.id, ...(part ? [part.id] : [])].join());
  const summed = addable(content);
  const most = Math.max(0, ...[...numbers.values()].map((one) => Math.abs(one ?? 0)));
  const added = (cells: (number | null | undefined)[]) =>
    cells.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  const names = [rows, columns].map(({ field }) => titleOf(field, language)).join(" × ");
  return (
    <div className="hr-board-frame">
      <table className="hr-board-table" data-testid={part ? `board-${part.label}` : "board"}>
        <caption>
          {part && parts ? `${titleOf(parts.field, language)} · ${part.label}` : names}
        </caption>
        <thead>
          <tr>
            <td />
            {columns.places.map((column) => (
              <th key={column.id} scope="col">
                {column.label}
              </th>
            ))}
            {summed && <th scope="col">{t("board_sum")}</th>}
          </tr>
        </thead>
        <tbody>
          {rows.places.map((row) => {
            const cells = columns.places.map((column) => valueAt(row, column));
            return (
              <tr key={row.id}>
                <th scope="row">{row.label}</th>
                {columns.places.map((column, index) => {
                  const value = cells[index];
                  const chosen: [Axis, Place][] = [
                    [rows, row],
                    [columns, column],
                    ...(parts && part ? [[parts, part] as [Axis, Place]] : []),
                  ];
                  const strength = most > 0 ? Math.round((Math.abs(value ?? 0) / most) * 26) : 0;
                  return (
                    <td
                      key={column.id}
                      style={{ ["--hr-strength" as string]: `${strength}%` }}
                      data-nothing={!value || undefined}
                    >
                      {value === undefined ? (
                        <span>{content.sum ? "–" : 0}</span>
                      ) : (
                        <Link to={linked(chosen)}>{show(value)}</Link>
                      )}
                    </td>
                  );
                })}
                {summed && <td className="hr-board-sum">{show(added(cells))}</td>}
              </tr>
            );
          })}
        </tbody>
        {summed && (
          <tfoot>
            <tr>
              <th scope="row">{t("board_sum")}</th>
              {columns.places.map((column) => (
                <td key={column.id}>
                  {show(added(rows.places.map((row) => valueAt(row, column))))}
                </td>
              ))}
              <td className="hr-board-sum">
                {show(
                  added(
                    rows.places.flatMap((row) =>
                      columns.places.map((column) => valueAt(row, column)),
                    ),
                  ),
                )}
              </td>
            </tr>
          </tfoot>
        )}
      </table>
    </div>
  );
}
