// One decision table: the grid, what is wrong with it, its samples, and its versions. The draft saves itself.

import {
  DownloadOutlined,
  PlusOutlined,
  RedoOutlined,
  UndoOutlined,
  UploadOutlined,
} from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { ApiError, addressOf, api, type Problem, query, upload } from "../../api/client";
import { useMay } from "../../api/session";
import { useMedia } from "../../theme/mode";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { useErrorText } from "../../ui/errorText";
import { ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { Segments } from "../../ui/Segments";
import { useText } from "../../ui/text";
import { Cards } from "./Cards";
import { ColumnSheet } from "./ColumnSheet";
import "./decision-tables.css";
import { Grid, type RowMark } from "./Grid";
import { Bench, Findings, UsedBy, Versions } from "./Panels";
import { PublishSheet } from "./PublishSheet";
import {
  addColumn,
  type Checked,
  COLLECTS,
  type Column,
  cellOf,
  type Definition,
  fillDown,
  freeId,
  type GridColumn,
  gridColumns,
  insertRows,
  moveRows,
  POLICIES,
  problemsByCell,
  type Range,
  type Rule,
  removeRows,
  type Spot,
  sentence,
  type Table,
  withGap,
} from "./table";

const PAST_MAX = 200;
const SAVE_AFTER_MS = 700;
const NARROW = "(max-width: 719px)";

export default function Editor() {
  const { key = "" } = useParams();
  const path = `/api/decision-tables/${key}`;
  const { data, error, refetch } = useQuery({
    queryKey: [path],
    queryFn: ({ signal }) => api.get<Table>(path, { signal }),
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  if (data === undefined)
    return (
      <>
        <PageHeader title={key} back="/decision-tables" />
        <PageBody>
          {error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading tall />}
        </PageBody>
      </>
    );
  return <Open key={key} table={data} path={path} />;
}

type Saving = "saved" | "waits" | "saving" | "failed" | "conflict";

function Open({ table, path }: { table: Table; path: string }) {
  const { t } = useTranslation(["decision_tables", "app", "errors"]);
  const { text, language } = useText();
  const textOf = useErrorText();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const may = useMay();
  const write = may("flows:write");
  const [now, setNow] = useState(table.definition);
  const [about, setAbout] = useState(table);
  const [past, setPast] = useState<Definition[]>([]);
  const [future, setFuture] = useState<Definition[]>([]);
  const [saving, setSaving] = useState<Saving>("saved");
  const [checked, setChecked] = useState<Checked | null>(null);
  const [panel, setPanel] = useState<"check" | "bench" | "versions" | "used">("check");
  const [filter, setFilter] = useState("");
  const [column, setColumn] = useState<GridColumn | null>(null);
  const [publishing, setPublishing] = useState(false);
  const [spot, setSpot] = useState<Spot>({ row: 0, col: 0 });
  const [range, setRange] = useState<Range>({ top: 0, bottom: 0, left: 0, right: 0 });
  const file = useRef<HTMLInputElement>(null);
  const kept = useRef({ definition: table.definition, revision: table.revision });
  const narrow = useMedia(NARROW);

  const change = useCallback(
    (next: Definition) => {
      setPast((before) => [...before.slice(-PAST_MAX + 1), now]);
      setFuture([]);
      setNow(next);
    },
    [now],
  );
  const undo = () => {
    const before = past.at(-1);
    if (!before) return;
    setPast(past.slice(0, -1));
    setFuture([now, ...future]);
    setNow(before);
  };
  const redo = () => {
    const after = future[0];
    if (!after) return;
    setFuture(future.slice(1));
    setPast([...past, now]);
    setNow(after);
  };

  // One save after another: each stands on the revision the one before it made.
  const pending = useRef<Promise<void>>(Promise.resolve());
  const save = useCallback(
    (definition: Definition): Promise<void> => {
      const one = async () => {
        if (kept.current.definition === definition) return setSaving("saved");
        setSaving("saving");
        try {
          const { revision } = kept.current;
          const answer = await api.put<Table>(path, { definition, revision });
          kept.current = { definition, revision: answer.revision };
          setAbout(answer);
          setSaving("saved");
        } catch (wrong) {
          setSaving(wrong instanceof ApiError && wrong.status === 409 ? "conflict" : "failed");
          throw wrong;
        }
      };
      const next = pending.current.catch(() => undefined).then(one);
      pending.current = next;
      return next;
    },
    [path],
  );
  const savedOther = useRef(false); // since it was opened: what was undone is saved, too
  const stuck = saving === "conflict";
  useEffect(() => {
    if (!write || (kept.current.definition === now && !savedOther.current)) return;
    savedOther.current = true;
    setSaving((state) => (state === "conflict" ? state : "waits"));
    const timer = setTimeout(() => {
      if (!stuck) void save(now).catch(() => undefined);
    }, SAVE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [now, save, write, stuck]);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(
      () =>
        api
          .post<Checked>(`${path}/check`, { definition: now }, { signal: stop.signal })
          .then(setChecked)
          .catch(() => undefined),
      300,
    );
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [now, path]);
  useEffect(() => {
    const leave = (event: BeforeUnloadEvent) => {
      if (kept.current.definition !== now && write) event.preventDefault();
    };
    window.addEventListener("beforeunload", leave);
    return () => window.removeEventListener("beforeunload", leave);
  }, [now, write]);

  const nameOf = useCallback(
    (each: GridColumn) => (each.column ? text(each.column.title) || each.column.name : t("note")),
    [text, t],
  );
  const said = useCallback(
    (problem: Problem) =>
      t(`problem.${problem.code}`, { ...problem.params, defaultValue: problem.message }),
    [t],
  );
  const problems = useMemo(() => {
    const found = problemsByCell(now, checked?.problems ?? []);
    return new Map([...found].map(([place, problem]) => [place, said(problem)]));
  }, [now, checked, said]);
  const marks = useMemo(
    () => marksOf(checked, (key, values) => t(key, values ?? {})),
    [checked, t],
  );
  const rows = useMemo(() => {
    const wanted = filter.trim().toLowerCase();
    const all = now.rules.map((_, row) => row);
    if (!wanted) return all;
    const columns = gridColumns(now);
    return all.filter((row) => {
      const rule = now.rules[row];
      return rule && columns.some((each) => cellOf(rule, each).toLowerCase().includes(wanted));
    });
  }, [now, filter]);
  const inWords = (rule: Rule) =>
    sentence(now, rule, (each: Column) => text(each.title) || each.name, {
      always: t("words.always"),
      when: t("words.when"),
      and: t("words.and"),
      gives: t("words.then"),
      is: t("words.is"),
      nothing: t("words.nothing"),
    });
  const active = now.rules[spot.row];
  const wrongHere = problems.get(`${spot.row}:${spot.col}`) ?? marks.get(spot.row)?.text;
  const onActive = useCallback((at: Spot, chosen: Range) => {
    setSpot(at);
    setRange(chosen);
  }, []);

  const bring = async (chosen: File | undefined) => {
    if (!chosen) return;
    try {
      if (kept.current.definition !== now) await save(now);
      const answer = await upload<{ rules: Rule[]; problems: Problem[] }>(`${path}/import`, chosen);
      for (const problem of answer.problems) message.warning(said(problem), 8);
      if (answer.rules.length > 0) {
        change({ ...now, rules: answer.rules });
        message.success(t("imported", { count: answer.rules.length }));
      }
    } catch (wrong) {
      message.error(textOf(wrong));
    }
  };
  const publish = async (note: string, validFrom: string | null) => {
    await save(now);
    const answer = await api.post<Table>(`${path}/publish`, {
      revision: kept.current.revision,
      note,
      valid_from: validFrom,
    });
    setAbout(answer);
    setPublishing(false);
    await queries.invalidateQueries({ queryKey: [`${path}/versions`] });
    message.success(t("published", { version: answer.last_version }));
  };
  const remove = async () => {
    try {
      await api.delete(path);
      await queries.invalidateQueries({ queryKey: ["/api/decision-tables"] });
      navigate("/decision-tables");
    } catch (wrong) {
      message.error(textOf(wrong));
    }
  };
  const addNamed = (side: "inputs" | "outputs") => {
    const taken = [...now.inputs, ...now.outputs].map(({ name }) => name);
    const name = freeId(taken, side === "inputs" ? "input" : "result");
    const made = addColumn(now, side, { name, kind: "text" });
    change(made);
    setColumn({ side, column: made[side].at(-1) ?? null, at: made[side].length - 1 });
  };
  const editable = write;
  const state = saving === "saved" && kept.current.definition !== now ? "waits" : saving;

  return (
    <>
      <PageHeader
        title={text(about.title) || about.key}
        subtitle={
          <>
            {about.key} ·{" "}
            {about.in_force === null
              ? t("state.draft")
              : t("state.version", { version: about.in_force })}
            {write && (
              <span role="status" data-testid="save-state" data-state={state}>
                {" · "}
                {t(`saving.${state}`)}
              </span>
            )}
          </>
        }
        tab={text(about.title) || about.key}
        back="/decision-tables"
        actions={
          may("flows:publish") && (
            <Button type="primary" onClick={() => setPublishing(true)} data-testid="btn-publish">
              {t("publish")}
            </Button>
          )
        }
      />
      <PageBody wide>
        <div className="hr-dt-bar">
          <label className="hr-dt-field hr-dt-inline">
            <span>{t("policy_label")}</span>
            <select
              value={now.policy}
              disabled={!editable}
              onChange={(e) => change({ ...now, policy: e.target.value as Definition["policy"] })}
              data-testid="policy"
            >
              {POLICIES.map((each) => (
                <option key={each} value={each}>
                  {t(`policy.${each}`)}
                </option>
              ))}
            </select>
          </label>
          {now.policy === "collect" && (
            <label className="hr-dt-field hr-dt-inline">
              <span>{t("collect_label")}</span>
              <select
                value={now.collect ?? "list"}
                disabled={!editable}
                onChange={(e) =>
                  change({ ...now, collect: e.target.value as (typeof COLLECTS)[number] })
                }
              >
                {COLLECTS.map((each) => (
                  <option key={each} value={each}>
                    {t(`collect.${each}`)}
                  </option>
                ))}
              </select>
            </label>
          )}
          <SearchField label={t("filter")} value={filter} onChange={setFilter} />
          <span className="hr-dt-space" />
          {editable && (
            <>
              <span className="hr-dt-steps">
                <Button
                  icon={<UndoOutlined />}
                  disabled={past.length === 0}
                  onClick={undo}
                  aria-label={t("undo")}
                  title={t("undo")}
                  data-testid="btn-undo"
                />
                <Button
                  icon={<RedoOutlined />}
                  disabled={future.length === 0}
                  onClick={redo}
                  aria-label={t("redo")}
                  title={t("redo")}
                />
              </span>
              <Button icon={<UploadOutlined />} onClick={() => file.current?.click()}>
                {t("import")}
              </Button>
              <input
                ref={file}
                type="file"
                hidden
                accept=".csv,.xlsx"
                onChange={(e) => {
                  void bring(e.target.files?.[0]);
                  e.target.value = "";
                }}
                data-testid="import-file"
              />
            </>
          )}
          {(["xlsx", "csv"] as const).map((format) => (
            <Button
              key={format}
              icon={<DownloadOutlined />}
              href={addressOf(`${path}/export${query({ format, language })}`)}
            >
              {format.toUpperCase()}
            </Button>
          ))}
        </div>
        {narrow ? (
          <Cards
            table={now}
            rows={rows}
            disabled={!editable}
            problems={problems}
            marks={marks}
            nameOf={nameOf}
            inWords={inWords}
            onChange={change}
          />
        ) : (
          <>
            {editable && (
              <div className="hr-dt-bar" role="toolbar" aria-label={t("tools")}>
                <Button
                  size="small"
                  icon={<PlusOutlined />}
                  onClick={() =>
                    change(insertRows(now, Math.min(range.bottom + 1, now.rules.length)))
                  }
                  data-testid="btn-add-row"
                >
                  {t("add_row")}
                </Button>
                <Button size="small" onClick={() => addNamed("inputs")} data-testid="btn-add-input">
                  {t("add_input")}
                </Button>
                <Button
                  size="small"
                  onClick={() => addNamed("outputs")}
                  data-testid="btn-add-output"
                >
                  {t("add_output")}
                </Button>
                <Button
                  size="small"
                  onClick={() => change(moveRows(now, range.top, range.bottom, -1))}
                >
                  {t("move_up")}
                </Button>
                <Button
                  size="small"
                  onClick={() => change(moveRows(now, range.top, range.bottom, 1))}
                >
                  {t("move_down")}
                </Button>
                <Button size="small" onClick={() => change(fillDown(now, range))}>
                  {t("fill_down")}
                </Button>
                <Button
                  size="small"
                  danger
                  disabled={now.rules.length === 0}
                  onClick={() => change(removeRows(now, range.top, range.bottom))}
                >
                  {t("remove_rows", { count: range.bottom - range.top + 1 })}
                </Button>
                <span className="hr-muted hr-dt-keys">{t("keys")}</span>
              </div>
            )}
            <Grid
              table={now}
              rows={rows}
              disabled={!editable}
              problems={problems}
              marks={marks}
              hits={checked?.bench && (now.samples ?? []).length > 0 ? checked.bench.hits : null}
              nameOf={nameOf}
              onChange={change}
              onUndo={undo}
              onRedo={redo}
              onColumn={setColumn}
              onActive={onActive}
            />
            <p className="hr-dt-sentence" data-testid="sentence">
              {active && (
                <>
                  <strong>{t("row_number", { row: spot.row + 1 })}</strong> {inWords(active)}
                </>
              )}
              {wrongHere && <span className="hr-dt-told">{wrongHere}</span>}
            </p>
          </>
        )}
        <Segments
          label={t("panel.label")}
          options={(["check", "bench", "versions", "used"] as const).map((value) => ({
            value,
            title: t(`panel.${value}`),
          }))}
          value={panel}
          onChange={setPanel}
          testId="panel"
        />
        {panel === "check" && (
          <Findings
            checked={checked}
            said={said}
            nameOf={(name) => columnName(now, name, nameOf)}
            {...(editable ? { onFill: (gap) => change(withGap(now, gap)) } : {})}
          />
        )}
        {panel === "bench" && (
          <Bench
            table={now}
            checked={checked}
            disabled={!editable}
            nameOf={nameOf}
            onChange={change}
          />
        )}
        {panel === "versions" && (
          <Versions path={path} mayPublish={may("flows:publish")} onChanged={setAbout} />
        )}
        {panel === "used" && <UsedBy flows={about.used_by} />}
        {editable && (
          <ConfirmButton
            danger
            type="text"
            title={t("remove")}
            text={t("remove_text")}
            confirmLabel={t("remove")}
            onConfirm={remove}
          >
            {t("remove")}
          </ConfirmButton>
        )}
      </PageBody>
      {column?.column && column.side !== "note" && (
        <ColumnSheet
          table={now}
          side={column.side}
          at={column.at}
          disabled={!editable}
          onChange={change}
          onClose={() => setColumn(null)}
        />
      )}
      {publishing && (
        <PublishSheet
          checked={checked}
          said={said}
          onPublish={publish}
          onClose={() => setPublishing(false)}
        />
      )}
    </>
  );
}

function columnName(
  table: Definition,
  name: string,
  nameOf: (column: GridColumn) => string,
): string {
  const found = gridColumns(table).find((each) => each.column?.name === name);
  return found ? nameOf(found) : name;
}

type T = (key: string, values?: Record<string, unknown>) => string;

/** What is to be said at a row's number. */
function marksOf(checked: Checked | null, t: T): Map<number, RowMark> {
  const found = new Map<number, RowMark>();
  const report = checked?.report;
  if (!report) return found;
  for (const row of report.free_rows) found.set(row - 1, { tone: "info", text: t("mark.free") });
  for (const { row, why, by } of report.unreachable)
    found.set(row - 1, { tone: "warn", text: t(`mark.${why}`, { rows: by.join(", ") }) });
  for (const { rows } of report.overlaps)
    for (const [row, other] of [rows, [rows[1], rows[0]] as const])
      found.set(row - 1, { tone: "error", text: t("mark.overlap", { row: other }) });
  return found;
}
