// Below the grid: what was found, the test bench, the versions, and who uses the table.

import { PlusOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, type Problem } from "../../api/client";
import { useList } from "../../api/list";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { reasonText, useErrorText } from "../../ui/errorText";
import { ErrorState, Loading } from "../../ui/page";
import { Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { ExactTime } from "../../ui/time";
import {
  type Checked,
  type Definition,
  freeId,
  type Gap,
  type GridColumn,
  gridColumns,
  type Sample,
  type Table,
  type Version,
} from "./table";

interface FindingsProps {
  checked: Checked | null;
  said: (problem: Problem) => string;
  nameOf: (name: string) => string;
  onFill?: (gap: Gap) => void;
}

export function Findings({ checked, said, nameOf, onFill }: FindingsProps) {
  const { t } = useTranslation("decision_tables");
  if (checked === null) return <Loading rows={2} />;
  const { problems, report } = checked;
  const told = (when: Record<string, string>) =>
    Object.entries(when)
      .filter(([, text]) => text !== "-")
      .map(([name, text]) => `${nameOf(name)} ${text}`)
      .join(t("words.and")) || t("found.everything");
  const clean =
    problems.length === 0 &&
    report &&
    report.gaps.length + report.overlaps.length + report.unreachable.length === 0;
  return (
    <ul className="hr-dt-found" data-testid="findings">
      {problems.slice(0, 50).map((problem) => (
        <li key={problem.path + problem.code}>
          <Tag tone="error">{t("found.problem")}</Tag> {place(problem.path, t)} {said(problem)}
        </li>
      ))}
      {report?.overlaps.map(({ rows, when }) => (
        <li key={rows.join("-")}>
          <Tag tone="error">{t("found.overlap")}</Tag>{" "}
          {t("found.overlap_text", { row: rows[0], other: rows[1], when: told(when) })}
        </li>
      ))}
      {report?.unreachable.map(({ row, why, by }) => (
        <li key={row}>
          <Tag tone="warn">{t("found.unreachable")}</Tag> {t("row_number", { row })}{" "}
          {t(`mark.${why}`, { rows: by.join(", ") })}
        </li>
      ))}
      {report?.gaps.map((gap) => (
        <li key={JSON.stringify(gap.when)} data-testid="gap">
          <Tag tone="warn">{t("found.gap")}</Tag> {told(gap.when)}{" "}
          <span className="hr-muted">
            {t("found.example", { example: example(gap.example, nameOf) })}
            {gap.maybe.length > 0 && ` ${t("found.maybe", { rows: gap.maybe.join(", ") })}`}
          </span>
          {onFill && (
            <Button
              size="small"
              icon={<PlusOutlined />}
              onClick={() => onFill(gap)}
              data-testid="btn-fill-gap"
            >
              {t("found.fill")}
            </Button>
          )}
        </li>
      ))}
      {report && report.free_rows.length > 0 && (
        <li>
          <Tag>{t("found.free")}</Tag> {t("found.free_text", { rows: report.free_rows.join(", ") })}
        </li>
      )}
      {report && !report.complete && <li className="hr-muted">{t("found.more")}</li>}
      {clean && (
        <li data-testid="clean">
          <Tag tone="ok">{t("found.clean")}</Tag> {t("found.clean_text")}
        </li>
      )}
    </ul>
  );
}

function place(path: string, t: (key: string, values: Record<string, unknown>) => string): string {
  const row = /^\/rules\/(\d+)/.exec(path)?.[1];
  return row === undefined ? "" : t("row_number", { row: Number(row) + 1 });
}

function example(values: Record<string, unknown>, nameOf: (name: string) => string): string {
  return Object.entries(values)
    .map(([name, value]) => `${nameOf(name)} = ${value === null ? "–" : String(value)}`)
    .join(", ");
}

// --- the test bench -------------------------------------------------------------------------------

interface BenchProps {
  table: Definition;
  checked: Checked | null;
  disabled: boolean;
  nameOf: (column: GridColumn) => string;
  onChange: (table: Definition) => void;
}

export function Bench({ table, checked, disabled, nameOf, onChange }: BenchProps) {
  const { t } = useTranslation(["decision_tables", "errors"]);
  const samples = table.samples ?? [];
  const columns = gridColumns(table).filter(({ side }) => side !== "note");
  const results = new Map((checked?.bench?.samples ?? []).map((each) => [each.id, each]));
  const never = (checked?.bench?.hits ?? [])
    .map((hits, row) => (hits ? 0 : row + 1))
    .filter(Boolean);
  const put = (at: number, sample: Sample) =>
    onChange({ ...table, samples: samples.map((each, place) => (place === at ? sample : each)) });
  const tone = { passed: "ok", failed: "error", error: "error", none: "info" } as const;
  return (
    <div className="hr-stack">
      <div className="hr-dt-box">
        <table className="hr-dt hr-dt-bench">
          <thead>
            <tr>
              <th scope="col">{t("bench.result")}</th>
              {columns.map((column) => (
                <th
                  key={column.column?.name}
                  scope="col"
                  className={column.side === "outputs" ? "hr-dt-out" : undefined}
                >
                  {column.side === "outputs"
                    ? t("bench.expected", { name: nameOf(column) })
                    : nameOf(column)}
                </th>
              ))}
              {!disabled && (
                <th scope="col">
                  <span className="hr-hidden">{t("bench.remove")}</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {samples.map((sample, at) => {
              const found = results.get(sample.id);
              return (
                <tr key={sample.id} data-testid={`sample-${at + 1}`}>
                  <td>
                    {found && <Tag tone={tone[found.state]}>{t(`bench.${found.state}`)}</Tag>}
                    {found && found.rows.length > 0 && (
                      <small className="hr-muted">
                        {t("bench.rows", { rows: found.rows.join(", ") })}
                      </small>
                    )}
                    {found?.error && (
                      <small className="hr-dt-told">{reasonText(found.error.message)}</small>
                    )}
                    {found &&
                      Object.entries(found.outputs).map(([name, value]) => (
                        <small key={name}>
                          {name} = {JSON.stringify(value)}
                        </small>
                      ))}
                  </td>
                  {columns.map((column) => {
                    const name = column.column?.name ?? "";
                    const part = column.side === "inputs" ? "given" : "expect";
                    return (
                      <td
                        key={name}
                        className={column.side === "outputs" ? "hr-dt-out" : undefined}
                      >
                        <input
                          value={sample[part]?.[name] ?? ""}
                          readOnly={disabled}
                          aria-label={`${nameOf(column)} ${at + 1}`}
                          onChange={(event) =>
                            put(at, {
                              ...sample,
                              [part]: { ...sample[part], [name]: event.target.value },
                            })
                          }
                          data-testid={`sample-${at + 1}-${name}`}
                        />
                      </td>
                    );
                  })}
                  {!disabled && (
                    <td>
                      <Button
                        size="small"
                        type="text"
                        onClick={() =>
                          onChange({
                            ...table,
                            samples: samples.filter((_, place) => place !== at),
                          })
                        }
                      >
                        {t("bench.remove")}
                      </Button>
                    </td>
                  )}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <div className="hr-dt-bar">
        {!disabled && (
          <Button
            icon={<PlusOutlined />}
            onClick={() =>
              onChange({
                ...table,
                samples: [
                  ...samples,
                  {
                    id: freeId(
                      samples.map(({ id }) => id),
                      "s",
                    ),
                    given: {},
                    expect: {},
                  },
                ],
              })
            }
            data-testid="btn-add-sample"
          >
            {t("bench.add")}
          </Button>
        )}
        {checked?.bench && samples.length > 0 && (
          <span role="status" data-testid="bench-summary">
            {t("bench.summary", { passed: checked.bench.passed, failed: checked.bench.failed })}{" "}
            {never.length > 0
              ? t("bench.never", { rows: never.slice(0, 20).join(", ") })
              : t("bench.covered")}
          </span>
        )}
        {checked?.bench === null && <span className="hr-dt-told">{t("bench.wrong")}</span>}
      </div>
    </div>
  );
}

// --- versions, and who uses it --------------------------------------------------------------------

interface VersionsProps {
  path: string;
  mayPublish: boolean;
  onChanged: (table: Table) => void;
}

export function Versions({ path, mayPublish, onChanged }: VersionsProps) {
  const { t } = useTranslation("decision_tables");
  const { message } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  const versions = useList<Version>(`${path}/versions`);
  const withdraw = async (version: number) => {
    try {
      await api.post(`${path}/versions/${version}/withdraw`);
      await queries.invalidateQueries({ queryKey: [`${path}/versions`] });
      onChanged(await api.get<Table>(path));
    } catch (wrong) {
      message.error(textOf(wrong));
    }
  };
  if (versions.rows === undefined)
    return versions.error ? (
      <ErrorState error={versions.error} onRetry={versions.onRetry} />
    ) : (
      <Loading rows={2} />
    );
  if (versions.rows.length === 0) return <p className="hr-muted">{t("versions.none")}</p>;
  const tone = {
    in_force: "ok",
    scheduled: "info",
    past: "neutral",
    withdrawn: "neutral",
  } as const;
  return (
    <ul className="hr-dt-found" data-testid="versions">
      {versions.rows.map((each) => (
        <li key={each.version}>
          <strong>{t("state.version", { version: each.version })}</strong>{" "}
          <Tag tone={tone[each.state]}>{t(`versions.${each.state}`)}</Tag> {t("versions.from")}{" "}
          <ExactTime at={each.valid_from} />{" "}
          <span className="hr-muted">
            {each.published_by.name} {each.note}
          </span>
          {each.changes.length > 0 && (
            <details>
              <summary>{t("versions.changes", { count: each.changes.length })}</summary>
              <ul>
                {each.changes.slice(0, 200).map((change) => (
                  <li key={`${change.what}-${change.row}-${change.column}`}>
                    {t(`change.${change.what}`, { row: change.row, column: change.column })}{" "}
                    {(change.what === "cell" || change.what === "policy") && (
                      <>
                        <del>{String(change.before ?? "") || "-"}</del> →{" "}
                        <ins>{String(change.after ?? "") || "-"}</ins>
                      </>
                    )}
                  </li>
                ))}
              </ul>
            </details>
          )}
          {each.state === "scheduled" && mayPublish && (
            <ConfirmButton
              size="small"
              danger
              title={t("versions.withdraw")}
              text={t("versions.withdraw_text")}
              confirmLabel={t("versions.withdraw")}
              onConfirm={() => withdraw(each.version)}
            >
              {t("versions.withdraw")}
            </ConfirmButton>
          )}
        </li>
      ))}
      {versions.more.has && <Button onClick={versions.more.load}>{t("more")}</Button>}
    </ul>
  );
}

export function UsedBy({ flows }: { flows: Table["used_by"] }) {
  const { t } = useTranslation("decision_tables");
  const { text } = useText();
  if (flows.length === 0) return <p className="hr-muted">{t("used_none")}</p>;
  return (
    <ul className="hr-dt-found">
      {flows.map((flow) => (
        <li key={flow.key}>
          <Link to={`/flows/${flow.key}`}>{text(flow.name) || flow.key}</Link>{" "}
          <span className="hr-muted">{flow.nodes.join(", ")}</span>
        </li>
      ))}
    </ul>
  );
}
