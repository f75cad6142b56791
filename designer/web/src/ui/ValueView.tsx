// Any value of business data, shown to people: amounts, times, yes and no, lists of goods.

import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { type Language, type Text, useText } from "./text";
import { exactDate, exactTime } from "./time";
import "./ValueView.css";

const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const COLUMNS_MAX = 5;

export function ValueView({ value }: { value: unknown }) {
  const { t } = useTranslation("app");
  const { language, text } = useText();
  if (value === null || value === undefined || value === "") {
    return <span className="hr-muted">–</span>;
  }
  if (typeof value === "boolean") return <>{t(value ? "word.yes" : "word.no")}</>;
  if (typeof value === "object") {
    if (isText(value)) return <>{text(value)}</>;
    return Array.isArray(value) ? <List items={value} /> : <Pairs of={value} />;
  }
  return <>{plainValue(value, language)}</>;
}

/** One line of a value, for rows of lists. */
export function plainValue(value: unknown, language: Language): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return value.toLocaleString(language === "zh" ? "zh-CN" : "en-GB");
  if (typeof value === "string") {
    if (DATE_TIME.test(value)) return exactTime(value, language);
    if (DATE.test(value)) return exactDate(value, language);
    return value;
  }
  if (Array.isArray(value)) {
    const simple = value.every((item) => typeof item !== "object");
    return simple ? value.join("、") : `× ${value.length}`;
  }
  return JSON.stringify(value);
}

function List({ items }: { items: unknown[] }) {
  if (items.length === 0) return <span className="hr-muted">–</span>;
  if (items.every(isPlainObject)) return <SmallTable rows={items} />;
  return (
    <ul className="hr-value-list">
      {items.map((item, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: shown only, never reordered
        <li key={index}>
          <ValueView value={item} />
        </li>
      ))}
    </ul>
  );
}

function SmallTable({ rows }: { rows: Record<string, unknown>[] }) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].slice(0, COLUMNS_MAX);
  return (
    <div className="hr-value-scroll">
      <table className="hr-value-table">
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: shown only, never reordered
            <tr key={index}>
              {columns.map((name) => (
                <td key={name}>
                  <ValueView value={row[name]} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Pairs({ of }: { of: object }) {
  return (
    <dl className="hr-value-pairs">
      {Object.entries(of).map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>
            <ValueView value={value} />
          </dd>
        </Fragment>
      ))}
    </dl>
  );
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: object): value is Text {
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => name === "zh" || name === "en");
}
