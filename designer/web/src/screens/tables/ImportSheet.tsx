// A file becomes records: choose it, say which column is which field, see what would happen, then do it.

import { InboxOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Progress, Select } from "antd";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, query, upload } from "../../api/client";
import { problemText, useErrorText } from "../../ui/errorText";
import { Sheet } from "../../ui/Sheet";
import { useText } from "../../ui/text";
import { Labelled } from "./Labelled";
import { popupIn, type TableDetail, titleOf } from "./table";
import "./tables.css";

interface File_ {
  id: string;
  columns: string[];
  mapping: (string | null)[];
  total: number;
  sample: string[][];
}

interface Preview {
  counts: Record<string, number>;
  total: number;
  errors: {
    line: number;
    field: string;
    value: string;
    code: string;
    params: Record<string, unknown>;
    message: string;
  }[];
}

interface State {
  id: string;
  status: string;
  total: number;
  done: number;
  counts: Record<string, number>;
}

interface ImportSheetProps {
  table: TableDetail;
  onClose: () => void;
  onDone: () => void;
}

/** A file into a table. */
export function ImportSheet({ table, onClose, onDone }: ImportSheetProps) {
  const { t } = useTranslation("tables");
  const { language } = useText();
  const fields = table.definition.fields.filter((field) => !field.hidden);
  const targets = [
    ...(table.definition.key_field ? [] : [{ value: "key", label: t("key") }]),
    ...fields.map((field) => ({ value: field.name, label: titleOf(field, language) })),
  ];
  return (
    <FileSheet
      title={t("import")}
      path={`/api/tables/${table.key}/imports`}
      targets={targets}
      modes
      onClose={onClose}
      onDone={onDone}
    />
  );
}

interface FileSheetProps {
  title: string;
  /** Where files are handed in; `/<id>`, `/<id>/preview` and `/<id>/apply` stand below it. */
  path: string;
  /** What else is said with the file. */
  asked?: Record<string, string>;
  /** What a column can be. */
  targets: { value: string; label: string }[];
  /** May one choose between making and updating? */
  modes?: boolean;
  text?: string;
  /** Above the choice of a file. */
  first?: ReactNode;
  /** What is counted: lines of a table, orders of a source. */
  apply?: (count: number) => string;
  onClose: () => void;
  onDone: () => void;
}

/** A file is chosen, mapped, looked at and taken in. */
export function FileSheet(props: FileSheetProps) {
  const { title, path, asked = {}, modes = false, onClose, onDone } = props;
  const { t } = useTranslation(["tables", "app", "errors"]);
  const textOf = useErrorText();
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File_ | null>(null);
  const [over, setOver] = useState(false);
  const [mapping, setMapping] = useState<(string | null)[]>([]);
  const [mode, setMode] = useState("upsert");
  const [wrong, setWrong] = useState("stop");
  const [preview, setPreview] = useState<Preview | null>(null);
  const [begun, setBegun] = useState<State | null>(null);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const running = useQuery({
    queryKey: [path, begun?.id],
    queryFn: () => api.get<State>(`${path}/${begun?.id}`),
    enabled: begun?.status === "running",
    refetchInterval: (found) => (found.state.data?.status === "running" ? 1_000 : false),
  });
  const state = running.data ?? begun;
  const done = state?.status === "done";
  useEffect(() => {
    if (done) onDone();
  }, [done, onDone]);

  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setError("");
    try {
      await work();
    } catch (found) {
      setError(textOf(found));
    } finally {
      setBusy(false);
    }
  };
  const take = (chosen: File | undefined) =>
    chosen &&
    run(async () => {
      const found = await upload<File_>(path + query({ name: chosen.name, ...asked }), chosen);
      setFile(found);
      setMapping(found.mapping);
    });
  const plan = { mapping, wrong, ...(modes ? { mode } : {}) };
  const bad =
    (preview?.counts["wrong"] ?? 0) +
    (preview?.counts["exists"] ?? 0) +
    (preview?.counts["missing"] ?? 0);
  const targets = [{ value: "", label: t("import_skip") }, ...props.targets];
  const nameOf = (name: string) =>
    (name && targets.find((one) => one.value === name)?.label) || name;

  return (
    <Sheet
      wide
      title={title}
      onClose={onClose}
      testId="import-sheet"
      foot={
        state ? (
          <Button type="primary" onClick={onClose} data-testid="btn-import-close">
            {t(done ? "app:action.close" : "import_background")}
          </Button>
        ) : preview ? (
          <>
            <Button onClick={() => setPreview(null)}>{t("app:action.back")}</Button>
            <Button
              type="primary"
              loading={busy}
              disabled={(bad > 0 && wrong === "stop") || preview.total === bad}
              onClick={() =>
                void run(async () =>
                  setBegun(await api.post<State>(`${path}/${file?.id}/apply`, plan)),
                )
              }
              data-testid="btn-import-apply"
            >
              {(props.apply ?? ((count) => t("import_apply", { count })))(preview.total - bad)}
            </Button>
          </>
        ) : file ? (
          <Button
            type="primary"
            loading={busy}
            disabled={mapping.every((name) => !name)}
            onClick={() =>
              void run(async () =>
                setPreview(await api.post<Preview>(`${path}/${file.id}/preview`, plan)),
              )
            }
            data-testid="btn-import-preview"
          >
            {t("import_preview")}
          </Button>
        ) : (
          <Button onClick={onClose}>{t("app:action.cancel")}</Button>
        )
      }
    >
      <div className="hr-stack">
        {error && (
          <p role="alert" className="hr-tables-wrong">
            {error}
          </p>
        )}
        {!file && props.first}
        {!file && (
          // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a short cut, the button does the same
          <div
            className="hr-tables-file"
            data-over={over || undefined}
            onDragOver={(event) => {
              event.preventDefault();
              setOver(true);
            }}
            onDragLeave={() => setOver(false)}
            onDrop={(event) => {
              event.preventDefault();
              setOver(false);
              void take(event.dataTransfer.files[0]);
            }}
          >
            <InboxOutlined style={{ fontSize: 32 }} aria-hidden />
            <p>{props.text ?? t("import_text")}</p>
            <input
              ref={input}
              type="file"
              accept=".csv,.txt,.xlsx"
              hidden
              onChange={(event) => void take(event.target.files?.[0])}
              data-testid="import-file"
            />
            <Button loading={busy} onClick={() => input.current?.click()}>
              {t("import_choose")}
            </Button>
          </div>
        )}
        {file && !preview && (
          <>
            <p>{t("import_lines", { count: file.total })}</p>
            <div className="hr-tables-mapping">
              {file.columns.map((column, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns of a file may have the same name
                <Mapped key={index} column={column} example={file.sample[0]?.[index] ?? ""}>
                  <Select
                    getPopupContainer={popupIn}
                    aria-label={t("import_field", { column })}
                    value={mapping[index] ?? ""}
                    onChange={(name: string) =>
                      setMapping(mapping.map((one, at) => (at === index ? name || null : one)))
                    }
                    options={targets}
                  />
                </Mapped>
              ))}
            </div>
            <div className="hr-tables-form hr-design-two">
              {modes && (
                <Labelled title={t("import_mode")}>
                  <Select
                    getPopupContainer={popupIn}
                    aria-label={t("import_mode")}
                    value={mode}
                    onChange={setMode}
                    options={["upsert", "create", "update"].map((value) => ({
                      value,
                      label: t(`mode.${value}`),
                    }))}
                  />
                </Labelled>
              )}
              <Labelled title={t("import_wrong")}>
                <Select
                  getPopupContainer={popupIn}
                  aria-label={t("import_wrong")}
                  value={wrong}
                  onChange={setWrong}
                  options={["stop", "skip"].map((value) => ({
                    value,
                    label: t(`wrong.${value}`),
                  }))}
                />
              </Labelled>
            </div>
          </>
        )}
        {preview && !state && (
          <>
            <Counts counts={preview.counts} />
            {bad > 0 && wrong === "stop" && (
              <p role="alert" className="hr-tables-wrong">
                {t("import_stopped", { count: bad })}
              </p>
            )}
            {preview.errors.length > 0 && (
              // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
              <section className="hr-tables-scroll" aria-label={t("import_errors")} tabIndex={0}>
                <table>
                  <thead>
                    <tr>
                      <th scope="col">{t("line")}</th>
                      <th scope="col">{t("field")}</th>
                      <th scope="col">{t("value")}</th>
                      <th scope="col">{t("why")}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {preview.errors.map((one) => (
                      <tr key={`${one.line} ${one.field} ${one.code}`}>
                        <td>{one.line}</td>
                        <td>{nameOf(one.field)}</td>
                        <td>{one.value}</td>
                        <td>
                          {["exists", "missing"].includes(one.code)
                            ? t(`import_${one.code}`)
                            : problemText(t, one)}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </section>
            )}
          </>
        )}
        {state && (
          <div role="status">
            <Progress
              percent={state.total === 0 ? 100 : Math.round((100 * state.done) / state.total)}
              aria-label={title}
            />
            <Counts counts={state.counts} />
            {done && <p>{t("import_done")}</p>}
          </div>
        )}
      </div>
    </Sheet>
  );
}

function Mapped(props: { column: string; example: string; children: ReactNode }) {
  return (
    <>
      <span>
        <b>{props.column}</b> <small className="hr-muted">{props.example}</small>
      </span>
      {props.children}
    </>
  );
}

function Counts({ counts }: { counts: Record<string, number> }) {
  const { t } = useTranslation("tables");
  const shown = Object.entries(counts).filter(([, count]) => count > 0);
  return <p>{shown.map(([state, count]) => t(`import_count.${state}`, { count })).join(" · ")}</p>;
}
