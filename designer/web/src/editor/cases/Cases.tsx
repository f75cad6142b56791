// The test cases of the flow: run at once over the drawing as it stands, with what differs, and which lines nobody has tried.

import {
  CaretRightOutlined,
  CheckCircleOutlined,
  CloseCircleOutlined,
  DeleteOutlined,
  EditOutlined,
  HistoryOutlined,
} from "@ant-design/icons";
import { Alert, Button, Progress } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { useErrorText } from "../../ui/errorText";
import { Loading } from "../../ui/page";
import { nodeOf } from "../document";
import type { Words } from "../sentence";
import { useDocument, useEditor } from "../store";
import { nameOf } from "../variables";
import { CaseSheet } from "./CaseSheet";
import "./cases.css";
import {
  type CaseRun,
  coverageMarks,
  type NewCase,
  runCases,
  type TestCase,
  useCases,
  useCasesChanged,
} from "./cases";
import { RecordSheet } from "./RecordSheet";
import { takeOver } from "./trial";
import { useUnmetWords } from "./unmet";

export function Cases({ words, onTry }: { words: Words; onTry: () => void }) {
  const { t } = useTranslation(["cases", "app"]);
  const errorText = useErrorText();
  const document = useDocument();
  const readOnly = useEditor((state) => state.readOnly);
  const may = useMay();
  const list = useCases(document.key);
  const changed = useCasesChanged(document.key);
  const [run, setRun] = useState<CaseRun | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [open, setOpen] = useState<TestCase | NewCase | null>(null);
  const [recording, setRecording] = useState(false);
  const count = list.data?.length ?? 0;
  const edits = !readOnly && may("flows:write");

  const runAll = async () => {
    setBusy(true);
    setError(null);
    try {
      const found = await runCases(document);
      setRun(found);
      useEditor.getState().setTest(coverageMarks(found));
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  // What was found is about the drawing it was found for.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another drawing, another result
  useEffect(() => {
    setRun(null);
    if (useEditor.getState().test?.status === "coverage") useEditor.getState().setTest(null);
  }, [document]);
  useEffect(
    () => () => {
      if (useEditor.getState().test?.status === "coverage") useEditor.getState().setTest(null);
    },
    [],
  );

  const remove = async (one: TestCase) => {
    try {
      await api.delete(`/api/flows/${document.key}/cases/${one.id}`);
      setRun(null);
      await changed();
    } catch (caught) {
      setError(caught);
    }
  };
  if (list.isPending) return <Loading rows={3} />;
  return (
    <div className="hr-cases" data-testid="cases">
      <div className="hr-cases-head">
        <Button
          type="primary"
          icon={<CaretRightOutlined />}
          loading={busy}
          disabled={count === 0}
          onClick={() => void runAll()}
          data-testid="btn-run-cases"
        >
          {t("run_all", { count })}
        </Button>
        {edits && may("instances:read") && (
          <Button
            icon={<HistoryOutlined />}
            onClick={() => setRecording(true)}
            data-testid="btn-record-case"
          >
            {t("record.action")}
          </Button>
        )}
      </div>
      {(error ?? list.error) !== null && (
        <Alert type="error" showIcon title={errorText(error ?? list.error)} />
      )}
      {run !== null && <Coverage run={run} words={words} />}
      {count === 0 ? (
        <div className="hr-e-side-empty">
          <p>{t("none")}</p>
          <p className="hr-muted-text">{t("none_text")}</p>
        </div>
      ) : (
        <ol className="hr-cases-list">
          {(list.data ?? []).map((one) => (
            <Row
              key={one.id}
              one={one}
              run={run}
              words={words}
              edits={edits}
              onOpen={() => setOpen(one)}
              onTry={() => {
                takeOver(one.content);
                onTry();
              }}
              onRemove={() => remove(one)}
            />
          ))}
        </ol>
      )}
      {open !== null && (
        <CaseSheet
          given={open}
          words={words}
          result={run?.results.find((one) => "id" in open && one.id === open.id)}
          onClose={() => setOpen(null)}
        />
      )}
      {recording && (
        <RecordSheet
          flow={document.key}
          words={words}
          onRecorded={(found) => {
            setRecording(false);
            setOpen(found);
          }}
          onClose={() => setRecording(false)}
        />
      )}
    </div>
  );
}

function Coverage({ run, words }: { run: CaseRun; words: Words }) {
  const { t } = useTranslation("cases");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const { taken, edges, never } = run.coverage;
  const named = (id: string) => {
    const node = nodeOf(document, id);
    return node === undefined ? id : nameOf(node, types, words.text);
  };
  return (
    <section className="hr-cases-coverage" data-testid="coverage" aria-label={t("coverage.title")}>
      {/* Over the drawing: the lines no case has taken. */}
      <style>
        {
          ".hr-editor-canvas .hr-line[data-faded]{opacity:1}.hr-editor-canvas .hr-line[data-faded] path.react-flow__edge-path{stroke:var(--hr-warn);stroke-dasharray:6 5}"
        }
      </style>
      <p className="hr-cases-sum">
        <strong className={run.failed > 0 ? "hr-tone-error" : "hr-tone-ok"}>
          {run.failed > 0
            ? t("failed", { count: run.failed, total: run.failed + run.passed })
            : t("passed", { count: run.passed })}
        </strong>
      </p>
      <Progress
        percent={edges === 0 ? 0 : Math.floor((100 * taken) / edges)}
        size="small"
        status="normal"
        aria-label={t("coverage.title")}
      />
      <p className="hr-muted-text">{t("coverage.text", { taken, edges })}</p>
      {never.length > 0 && (
        <details>
          <summary>{t("coverage.never", { count: never.length })}</summary>
          <ul>
            {document.edges
              .filter((edge) => never.includes(edge.id))
              .map((edge) => (
                <li key={edge.id}>
                  <button
                    type="button"
                    className="hr-link-button"
                    onClick={() => useEditor.getState().goTo(edge.from)}
                  >
                    {named(edge.from)} → {named(edge.to)}
                  </button>
                </li>
              ))}
          </ul>
        </details>
      )}
    </section>
  );
}

interface RowProps {
  one: TestCase;
  run: CaseRun | null;
  words: Words;
  edits: boolean;
  onOpen: () => void;
  onTry: () => void;
  onRemove: () => Promise<void>;
}

function Row({ one, run, words, edits, onOpen, onTry, onRemove }: RowProps) {
  const { t } = useTranslation(["cases", "app"]);
  const unmetWords = useUnmetWords(words);
  const result = run?.results.find((each) => each.id === one.id);
  const name = words.text(one.name) || one.id;
  return (
    <li data-met={result?.met} data-testid={`case-${one.id}`}>
      <div className="hr-cases-row">
        <span className="hr-cases-state" role="img" aria-label={t(stateOf(result?.met))}>
          {result === undefined ? (
            <span className="hr-dot" />
          ) : result.met ? (
            <CheckCircleOutlined className="hr-tone-ok" />
          ) : (
            <CloseCircleOutlined className="hr-tone-error" />
          )}
        </span>
        <button type="button" className="hr-cases-name" onClick={onTry} title={t("try_it")}>
          {name}
          {one.origin.startsWith("instance:") && (
            <small className="hr-muted-text">{t("origin.instance")}</small>
          )}
          {one.origin.startsWith("template:") && (
            <small className="hr-muted-text">{t("origin.template")}</small>
          )}
        </button>
        {edits && (
          <>
            <Button
              type="text"
              size="small"
              icon={<EditOutlined />}
              aria-label={t("edit_case", { name })}
              onClick={onOpen}
              data-testid={`edit-${one.id}`}
            />
            <ConfirmButton
              type="text"
              size="small"
              danger
              icon={<DeleteOutlined />}
              aria-label={t("remove_case", { name })}
              title={t("remove_title", { name })}
              text={t("remove_text")}
              confirmLabel={t("app:action.delete")}
              onConfirm={onRemove}
              data-testid={`remove-${one.id}`}
            />
          </>
        )}
      </div>
      {result !== undefined && !result.met && (
        <ul className="hr-cases-unmet">
          {result.unmet.map((each) => (
            <li key={each.what}>{unmetWords(each)}</li>
          ))}
        </ul>
      )}
    </li>
  );
}

function stateOf(met: boolean | undefined): "state.unknown" | "state.met" | "state.unmet" {
  return met === undefined ? "state.unknown" : met ? "state.met" : "state.unmet";
}
