// Try the flow as it is drawn: no case is started, nothing leaves the house, waiting takes no time.

import { CaretRightOutlined, ClearOutlined } from "@ant-design/icons";
import { Alert, Button, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api/client";
import type { TestResult, TestStep } from "../api/types";
import { useErrorText } from "../ui/errorText";
import { SchemaForm } from "../ui/form/SchemaForm";
import { JsonView } from "../ui/JsonView";
import { setSample } from "./commands/setSample";
import { decisionsFrom, questionsOf } from "./decisions";
import { eventOf, type FlowDocument, type FlowNode, inputOf, nodeOf, portsOf } from "./document";
import { span } from "./duration";
import { exitTitle, type Words } from "./sentence";
import { useDocument, useEditor } from "./store";
import { nameOf } from "./variables";

type Decisions = Record<string, string>;
type Mocks = Record<string, { fails: boolean; text: string }>;

export function TestPanel({ words }: { words: Words }) {
  const { t } = useTranslation("editor");
  const document = useDocument();
  const test = useEditor((state) => state.test);
  const selected = useEditor((state) => state.selection.nodes[0]);
  const steps = test?.steps.filter((step) => step.node === selected) ?? [];
  return (
    <div className="hr-test" data-testid="test-panel">
      {test === null ? (
        <Ask document={document} words={words} />
      ) : (
        <>
          <Result test={test} words={words} />
          {steps.length > 0 ? (
            steps.map((step) => <StepDetail key={String(step.step)} step={step} words={words} />)
          ) : (
            <p className="hr-muted-text">{t("test.click_node")}</p>
          )}
        </>
      )}
    </div>
  );
}

function Ask({ document, words }: { document: FlowDocument; words: Words }) {
  const { t } = useTranslation("editor");
  const errorText = useErrorText();
  const types = useEditor((state) => state.types);
  const { setTest, run } = useEditor.getState();
  const [input, setInput] = useState<Record<string, unknown>>(document.sample ?? {});
  const [decisions, setDecisions] = useState<Decisions>({});
  const [mocks, setMocks] = useState<Mocks>({});
  const starts = document.nodes.filter((node) => types.get(node.type)?.starts);
  const [start, setStart] = useState(starts[0]?.id);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const questions = questionsOf(document, types, words, t("test.nobody"), t("test.goes_on"));
  const outside = document.nodes.filter((node) => types.get(node.type)?.in_worker);

  const tryIt = async () => {
    setBusy(true);
    setError(null);
    try {
      const result = await api.post<TestResult>(`/api/flows/${document.key}/test`, {
        document,
        input,
        decisions: decisionsFrom(questions, decisions),
        mocks: mocksFrom(mocks),
        ...(start === undefined ? {} : { start_node: start }),
      });
      setTest(result);
      window.document.querySelector(".hr-e-side-body")?.scrollTo({ top: 0 });
      run(setSample, { sample: input });
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className="hr-fields"
      onSubmit={(event) => {
        event.preventDefault();
        void tryIt();
      }}
    >
      <p className="hr-muted-text">{t("test.about")}</p>
      {starts.length > 1 && (
        <Part title={t("test.start")}>
          <Select
            className="hr-wide"
            value={start ?? null}
            options={starts.map((node) => ({
              value: node.id,
              label: nameOf(node, types, words.text),
            }))}
            onChange={(next) => setStart(next ?? undefined)}
            aria-label={t("test.start")}
            data-testid="test-start"
          />
        </Part>
      )}
      {Object.keys(inputOf(document).properties ?? {}).length > 0 && (
        <Part title={t("test.input")}>
          <SchemaForm schema={inputOf(document)} value={input} onChange={setInput} path="/input" />
        </Part>
      )}
      {questions.length > 0 && (
        <Part title={t("test.decisions")}>
          {questions.map(({ node, choices, first }) => (
            <div key={node.id} className="hr-test-row">
              <span>{nameOf(node, types, words.text)}</span>
              <Select
                value={decisions[node.id] ?? first}
                options={choices}
                onChange={(port) => setDecisions({ ...decisions, [node.id]: port })}
                aria-label={nameOf(node, types, words.text)}
                data-testid={`test-decision-${node.id}`}
              />
            </div>
          ))}
        </Part>
      )}
      {outside.length > 0 && (
        <Part title={t("test.mocks")}>
          <p className="hr-muted-text">{t("test.mocks_help")}</p>
          {outside.map((node) => (
            <Mock
              key={node.id}
              node={node}
              name={nameOf(node, types, words.text)}
              value={mocks[node.id] ?? { fails: false, text: "" }}
              onChange={(next) => setMocks({ ...mocks, [node.id]: next })}
            />
          ))}
        </Part>
      )}
      {error !== null && (
        <Alert type="error" showIcon title={errorText(error)} data-testid="test-error" />
      )}
      <Button
        type="primary"
        htmlType="submit"
        icon={<CaretRightOutlined />}
        loading={busy}
        block
        data-testid="btn-run-test"
      >
        {t("test.run")}
      </Button>
    </form>
  );
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <fieldset className="hr-setting">
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}

interface MockProps {
  node: FlowNode;
  name: string;
  value: Mocks[string];
  onChange: (value: Mocks[string]) => void;
}

function Mock({ node, name, value, onChange }: MockProps) {
  const { t } = useTranslation("editor");
  const wrong = !value.fails && value.text.trim() !== "" && parsed(value.text) === undefined;
  return (
    <div className="hr-test-mock">
      <div className="hr-test-row">
        <span>{name}</span>
        <Select
          value={value.fails ? "fails" : "answers"}
          options={[
            { value: "answers", label: t("test.answers") },
            { value: "fails", label: t("test.fails") },
          ]}
          onChange={(next) => onChange({ ...value, fails: next === "fails" })}
          aria-label={name}
          data-testid={`test-mock-${node.id}`}
        />
      </div>
      {!value.fails && (
        <Input.TextArea
          className="hr-mono"
          autoSize={{ minRows: 1, maxRows: 6 }}
          value={value.text}
          placeholder={'{"status": 200, "body": {"ok": true}}'}
          onChange={(event) => onChange({ ...value, text: event.target.value })}
          {...(wrong ? { status: "error" as const } : {})}
          aria-label={`${name}: ${t("test.answers")}`}
        />
      )}
    </div>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function mocksFrom(mocks: Mocks): Record<string, unknown> {
  const entries = Object.entries(mocks).flatMap(([node, mock]): [string, unknown][] => {
    if (mock.fails) return [[node, { error: "mocked" }]];
    const output = parsed(mock.text);
    return output === undefined ? [] : [[node, { output }]];
  });
  return Object.fromEntries(entries);
}

function Result({ test, words }: { test: TestResult; words: Words }) {
  const { t } = useTranslation("editor");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const selected = useEditor((state) => state.selection.nodes[0]);
  const { setTest, goTo } = useEditor.getState();
  const last = test.steps.at(-1);
  const stopped = nodeOf(document, last?.node ?? "");
  return (
    <>
      <div className="hr-test-head" data-status={test.status} data-testid="test-result">
        <strong>{t(`test.result_${test.status}`, { defaultValue: t("test.result") })}</strong>
        {stopped !== undefined && (
          <span className="hr-muted-text">
            {t("test.ended_at", { name: nameOf(stopped, types, words.text) })}
          </span>
        )}
        <Button icon={<ClearOutlined />} onClick={() => setTest(null)} data-testid="btn-clear-test">
          {t("test.again")}
        </Button>
      </div>
      <ol className="hr-test-steps">
        {test.steps.map((step, index) => {
          const node = nodeOf(document, step.node);
          return (
            <li key={String(step.step)}>
              <button
                type="button"
                data-status={step.status}
                aria-current={step.node === selected}
                onClick={() => goTo(step.node)}
                data-testid={`test-step-${index}`}
              >
                <span className="hr-dot" aria-hidden />
                <span>{node ? nameOf(node, types, words.text) : step.node}</span>
                <span className="hr-muted-text">{portWords(step, node)}</span>
                {step.virtual_ms !== undefined && step.virtual_ms > 0 && (
                  <span className="hr-muted-text">{span(step.virtual_ms, t)}</span>
                )}
              </button>
            </li>
          );
        })}
      </ol>
    </>
  );

  function portWords(step: TestStep, node: FlowNode | undefined): string {
    const taken = step.ports ?? (step.port === undefined ? [] : [step.port]);
    if (node === undefined) return "";
    const many = portsOf(node, types).length > 1;
    return taken
      .filter((name) => many || eventOf(node, name) !== undefined)
      .map((name) => exitTitle(node, name, types, words))
      .join(" ");
  }
}

function StepDetail({ step, words }: { step: TestStep; words: Words }) {
  const { t } = useTranslation("editor");
  const errorText = useErrorText();
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const node = nodeOf(document, step.node);
  const error = step.error
    ? Object.assign(new Error(step.error.message), {
        code: step.error.code,
        params: step.error.params ?? {},
      })
    : null;
  return (
    <section className="hr-test-detail" data-testid={`test-detail-${step.node}`}>
      <h3>{node ? nameOf(node, types, words.text) : step.node}</h3>
      {error !== null && <Alert type="error" showIcon title={errorText(error)} />}
      <h4>{t("test.step_input")}</h4>
      <JsonView value={step.input ?? null} label={t("test.step_input")} />
      <h4>{t("test.step_output")}</h4>
      <JsonView value={step.output ?? null} label={t("test.step_output")} />
    </section>
  );
}
