// Try the flow as it is drawn: no case is started, nothing leaves the house, waiting takes no time. And its test cases.

import {
  CaretRightOutlined,
  ClearOutlined,
  PushpinOutlined,
  SaveOutlined,
  StepForwardOutlined,
} from "@ant-design/icons";
import { Alert, Button, Checkbox, Input, Select } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { TestResult, TestStep } from "../api/types";
import { useErrorText } from "../ui/errorText";
import { SchemaForm } from "../ui/form/SchemaForm";
import { JsonView } from "../ui/JsonView";
import { Segments } from "../ui/Segments";
import { readOf } from "./cases/answers";
import { CaseSheet } from "./cases/CaseSheet";
import { Cases } from "./cases/Cases";
import "./cases/cases.css";
import { expectedOf, type NewCase, valueText } from "./cases/cases";
import {
  type Mock as MockValue,
  openTrial,
  parsed,
  reveal,
  showStep,
  told,
  tryIt,
  useTrial,
} from "./cases/trial";
import { ValueEditor } from "./cases/ValueEditor";
import { setSample } from "./commands/setSample";
import { type Question, questionsOf } from "./decisions";
import { eventOf, type FlowDocument, type FlowNode, inputOf, nodeOf, portsOf } from "./document";
import { span } from "./duration";
import { useProblemWords } from "./problemWords";
import { exitTitle, type Words } from "./sentence";
import { useDocument, useEditor } from "./store";
import { nameOf } from "./variables";

export function TestPanel({ words }: { words: Words }) {
  const { t } = useTranslation(["editor", "cases"]);
  const test = useEditor((state) => state.test);
  const [tab, setTab] = useState<"try" | "cases">(test?.status === "coverage" ? "cases" : "try");
  const choose = (next: "try" | "cases") => {
    useEditor.getState().setTest(null);
    setTab(next);
  };
  return (
    <div className="hr-test" data-testid="test-panel">
      <Segments
        label={t("cases:tabs")}
        testId="test-tab"
        options={[
          { value: "try" as const, title: t("cases:tab.try") },
          { value: "cases" as const, title: t("cases:tab.cases") },
        ]}
        value={tab}
        onChange={choose}
      />
      {tab === "try" ? (
        <Try words={words} test={test?.status === "coverage" ? null : test} />
      ) : (
        <Cases words={words} onTry={() => choose("try")} />
      )}
    </div>
  );
}

function Try({ words, test }: { words: Words; test: TestResult | null }) {
  const { t } = useTranslation(["editor", "cases"]);
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const selected = useEditor((state) => state.selection.nodes[0]);
  const questions = questionsOf(document, types, words, t("test.nobody"), t("test.goes_on"));
  const steps = test?.steps.filter((step) => step.node === selected) ?? [];
  if (test === null) return <Ask document={document} words={words} questions={questions} />;
  return (
    <>
      <Result test={test} words={words} questions={questions} />
      {steps.length > 0 ? (
        steps.map((step) => <StepDetail key={String(step.step)} step={step} words={words} />)
      ) : (
        <p className="hr-muted-text">{t("test.click_node")}</p>
      )}
    </>
  );
}

interface AskProps {
  document: FlowDocument;
  words: Words;
  questions: Question[];
}

function Ask({ document, words, questions }: AskProps) {
  const { t } = useTranslation(["editor", "cases"]);
  const errorText = useErrorText();
  const types = useEditor((state) => state.types);
  const { setTest, run } = useEditor.getState();
  const starts = document.nodes.filter((node) => types.get(node.type)?.starts);
  openTrial(document, starts[0]?.id);
  const trial = useTrial();
  const { input, decisions, mocks, start, stepwise, set } = trial;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [pinned, setPinned] = useState<string[]>([]);
  const outside = document.nodes.filter((node) => types.get(node.type)?.in_worker);
  const shown = document.nodes.filter(
    (node) =>
      outside.includes(node) || pinned.includes(node.id) || mocks[node.id]?.kind === "pinned",
  );
  const more = document.nodes.filter((node) => {
    const type = types.get(node.type);
    return !shown.includes(node) && !type?.starts && !type?.ends && !type?.joins;
  });

  const go = async () => {
    setBusy(true);
    setError(null);
    set({ asked: [] });
    try {
      const whole = await tryIt(document, questions);
      if (stepwise && whole.status !== "refused") reveal(document, 1);
      else setTest(whole);
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
        void go();
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
            onChange={(next) => set({ start: next ?? undefined })}
            aria-label={t("test.start")}
            data-testid="test-start"
          />
        </Part>
      )}
      {Object.keys(inputOf(document).properties ?? {}).length > 0 && (
        <Part title={t("test.input")}>
          <SchemaForm
            schema={inputOf(document)}
            value={input}
            onChange={(next) => set({ input: next })}
            path="/input"
          />
        </Part>
      )}
      {questions.length > 0 && !stepwise && (
        <Part title={t("test.decisions")}>
          {questions.map(({ node, choices, first }) => (
            <div key={node.id} className="hr-test-row">
              <span>{nameOf(node, types, words.text)}</span>
              <Select
                value={decisions[node.id] ?? portKept(trial.kept.decisions?.[node.id]) ?? first}
                options={choices}
                onChange={(port) => set({ decisions: { ...decisions, [node.id]: port } })}
                aria-label={nameOf(node, types, words.text)}
                data-testid={`test-decision-${node.id}`}
              />
            </div>
          ))}
        </Part>
      )}
      {(shown.length > 0 || more.length > 0) && (
        <Part title={t("test.mocks")}>
          {outside.length > 0 && <p className="hr-muted-text">{t("test.mocks_help")}</p>}
          {shown.map((node) => (
            <Mock
              key={node.id}
              node={node}
              name={nameOf(node, types, words.text)}
              ports={portsOf(node, types).map((port) => ({
                value: port.name,
                label: exitTitle(node, port.name, types, words),
              }))}
              value={mocks[node.id] ?? keptMock(trial.kept, node.id)}
              outside={outside.includes(node)}
              onChange={(next) => set({ mocks: { ...mocks, [node.id]: next } })}
            />
          ))}
          {more.length > 0 && (
            <Select
              className="hr-wide"
              value={null}
              placeholder={t("cases:pin_node")}
              suffixIcon={<PushpinOutlined />}
              options={more.map((node) => ({
                value: node.id,
                label: nameOf(node, types, words.text),
              }))}
              onChange={(id: string | null) => {
                if (id === null) return;
                setPinned([...pinned, id]);
                set({ mocks: { ...mocks, [id]: { kind: "pinned", text: "" } } });
              }}
              showSearch={{ optionFilterProp: "label" }}
              aria-label={t("cases:pin_node")}
              data-testid="test-pin"
            />
          )}
        </Part>
      )}
      {error !== null && (
        <Alert type="error" showIcon title={errorText(error)} data-testid="test-error" />
      )}
      <label className="hr-test-at">
        <span>{t("cases:begins_at")}</span>
        <input
          type="datetime-local"
          className="hr-input"
          value={trial.at === "" ? "" : localTime(trial.at)}
          onChange={(event) =>
            set({
              at: event.target.value === "" ? "" : new Date(event.target.value).toISOString(),
            })
          }
          data-testid="test-at"
        />
      </label>
      <Checkbox
        checked={stepwise}
        onChange={(event) => set({ stepwise: event.target.checked })}
        data-testid="test-stepwise"
      >
        {t("cases:stepwise")}
      </Checkbox>
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

/** As the browser's field of date and time wants it: the moment on the clock of this place. */
function localTime(at: string): string {
  const moment = new Date(at);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000)
    .toISOString()
    .slice(0, 16);
}

function portKept(told: unknown): string | undefined {
  const first = Array.isArray(told) ? told[0] : told;
  if (typeof first === "string") return first;
  const port = (first as { port?: string | null } | undefined)?.port;
  return port === null ? "" : port;
}

function keptMock(kept: ReturnType<typeof useTrial.getState>["kept"], node: string): MockValue {
  const pin = kept.pins?.[node] as { output?: unknown; port?: string } | undefined;
  if (pin !== undefined)
    return {
      kind: "pinned",
      text: JSON.stringify(pin.output ?? null),
      ...(pin.port === undefined ? {} : { port: pin.port }),
    };
  const told = kept.mocks?.[node];
  const mock = (Array.isArray(told) ? told[0] : told) as
    | { output?: unknown; error?: string }
    | undefined;
  if (mock?.error !== undefined) return { kind: "fails", text: mock.error };
  return { kind: "answers", text: mock?.output === undefined ? "" : JSON.stringify(mock.output) };
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
  ports: { value: string; label: string }[];
  value: MockValue;
  /** Its work is done outside the engine: without a pin it is mocked anyway. */
  outside: boolean;
  onChange: (value: MockValue) => void;
}

function Mock({ node, name, ports, value, outside, onChange }: MockProps) {
  const { t } = useTranslation(["editor", "cases"]);
  const document = useDocument();
  const read = useMemo(() => readOf(document, node), [document, node]);
  return (
    <div className="hr-test-mock">
      <div className="hr-test-row">
        <span>{name}</span>
        <Select
          value={value.kind}
          options={[
            ...(outside
              ? [
                  { value: "answers" as const, label: t("test.answers") },
                  { value: "fails" as const, label: t("test.fails") },
                ]
              : [{ value: "answers" as const, label: t("cases:runs") }]),
            { value: "pinned" as const, label: t("cases:pinned") },
          ]}
          onChange={(kind) => {
            const other = (kind === "fails") !== (value.kind === "fails");
            onChange({ ...value, kind, ...(other ? { text: "" } : {}) });
          }}
          aria-label={name}
          data-testid={`test-mock-${node.id}`}
        />
      </div>
      {(value.kind === "pinned" || (value.kind === "answers" && outside)) && (
        <ValueEditor
          value={parsed(value.text)}
          onChange={(next) =>
            onChange({ ...value, text: next === undefined ? "" : JSON.stringify(next) })
          }
          label={`${name}: ${t("test.answers")}`}
          testId={`test-answer-${node.id}`}
          read={read}
        />
      )}
      {value.kind === "fails" && (
        <Input
          value={value.text}
          placeholder={t("cases:answers.message")}
          onChange={(event) => onChange({ ...value, text: event.target.value })}
          aria-label={`${name}: ${t("cases:answers.message")}`}
          data-testid={`test-error-${node.id}`}
        />
      )}
      {value.kind === "pinned" && ports.length > 1 && (
        <div className="hr-test-row">
          <span className="hr-muted-text">{t("cases:leaves_by")}</span>
          <Select
            value={value.port ?? ports[0]?.value ?? null}
            options={ports}
            onChange={(port) => onChange({ ...value, ...(port === null ? {} : { port }) })}
            aria-label={`${name}: ${t("cases:leaves_by")}`}
            data-testid={`test-port-${node.id}`}
          />
        </div>
      )}
    </div>
  );
}

interface ResultProps {
  test: TestResult;
  words: Words;
  questions: Question[];
}

function Result({ test, words, questions }: ResultProps) {
  const { t } = useTranslation(["editor", "cases"]);
  const problemWords = useProblemWords();
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const selected = useEditor((state) => state.selection.nodes[0]);
  const readOnly = useEditor((state) => state.readOnly);
  const whole = useTrial((state) => state.whole);
  const stepwise = useTrial((state) => state.stepwise);
  const { setTest } = useEditor.getState();
  const [saving, setSaving] = useState<NewCase | null>(null);
  const last = test.steps.at(-1);
  const stopped = nodeOf(document, last?.node ?? "");
  const more = (whole?.steps.length ?? 0) > test.steps.length;
  const save = () =>
    setSaving({
      name: {},
      origin: "hand",
      content: { ...told(questions), expect: expectedOf(test, document, types) },
    });
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
      {test.status === "refused" && (
        <ul className="hr-test-refused">
          {(test.problems ?? []).map((problem) => (
            <li key={`${problem.path} ${problem.code}`}>{problemWords(problem)}</li>
          ))}
        </ul>
      )}
      {stepwise && more && (
        <Button
          icon={<StepForwardOutlined />}
          onClick={() => reveal(document, test.steps.length + 1)}
          block
          data-testid="btn-next-step"
        >
          {t("cases:next_step")}
        </Button>
      )}
      {stepwise && !more && <Decide test={test} words={words} questions={questions} />}
      <ol className="hr-test-steps">
        {test.steps.map((step, index) => {
          const node = nodeOf(document, step.node);
          return (
            <li key={String(step.step)}>
              <button
                type="button"
                data-status={step.status}
                aria-current={step.node === selected}
                onClick={() => showStep(step.node)}
                data-testid={`test-step-${index}`}
              >
                <span className="hr-dot" aria-hidden />
                <span>{node ? nameOf(node, types, words.text) : step.node}</span>
                {step.pinned && <PushpinOutlined aria-label={t("cases:pinned")} />}
                <span className="hr-muted-text">{portWords(step, node)}</span>
                {step.virtual_ms !== undefined && step.virtual_ms > 0 && (
                  <span className="hr-muted-text">{span(step.virtual_ms, t)}</span>
                )}
              </button>
            </li>
          );
        })}
      </ol>
      {!readOnly && !more && test.status !== "refused" && (
        <Button icon={<SaveOutlined />} onClick={save} block data-testid="btn-save-case">
          {t("cases:save_as")}
        </Button>
      )}
      {saving !== null && (
        <CaseSheet given={saving} words={words} onClose={() => setSaving(null)} />
      )}
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

/** Step by step, at one who waits: which way? */
function Decide({ test, words, questions }: ResultProps) {
  const { t } = useTranslation(["editor", "cases"]);
  const errorText = useErrorText();
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const { asked, decisions, set } = useTrial();
  const [error, setError] = useState<unknown>(null);
  const waiting = test.steps.findLast((step) => step.ended_at == null);
  const question = questions.find(
    ({ node }) => node.id === waiting?.node && !asked.includes(node.id),
  );
  if (question === undefined) return null;
  const { node, choices } = question;
  const decide = async (port: string) => {
    set({ asked: [...asked, node.id], decisions: { ...decisions, [node.id]: port } });
    setError(null);
    try {
      await tryIt(document, questions);
      reveal(document, test.steps.length + 1);
    } catch (caught) {
      setError(caught);
    }
  };
  return (
    <fieldset className="hr-setting" data-testid="test-decide">
      <legend>{t("cases:decides", { name: nameOf(node, types, words.text) })}</legend>
      <div className="hr-test-choices">
        {choices.map((choice) => (
          <Button
            key={choice.value}
            onClick={() => void decide(choice.value)}
            data-testid={`decide-${choice.value || "nobody"}`}
          >
            {choice.label}
          </Button>
        ))}
      </div>
      {error !== null && <Alert type="error" showIcon title={errorText(error)} />}
    </fieldset>
  );
}

function StepDetail({ step, words }: { step: TestStep; words: Words }) {
  const { t } = useTranslation(["editor", "cases"]);
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
  const { mocks, set } = useTrial();
  const readOnly = useEditor((state) => state.readOnly);
  const type = types.get(node?.type ?? "");
  const here = useRef<HTMLElement>(null);
  useEffect(() => {
    here.current?.scrollIntoView?.({ block: "nearest" });
  }, []);
  const canPin = node !== undefined && !type?.starts && !type?.ends && !type?.joins && !readOnly;
  return (
    <section className="hr-test-detail" ref={here} data-testid={`test-detail-${step.node}`}>
      <h3>{node ? nameOf(node, types, words.text) : step.node}</h3>
      {error !== null && <Alert type="error" showIcon title={errorText(error)} />}
      {node !== undefined && step.why !== undefined && (
        <ul className="hr-test-why" data-testid={`test-why-${step.node}`}>
          {step.why.map((one) => (
            <li key={one.branch} data-holds={String(one.holds)}>
              <strong>{exitTitle(node, one.branch, types, words)}</strong>{" "}
              {t(
                one.holds === null
                  ? "cases:why.broken"
                  : one.holds
                    ? "cases:why.holds"
                    : one.missing.length > 0
                      ? "cases:why.missing"
                      : "cases:why.not",
                { names: one.missing.join(", ") },
              )}
              {Object.entries(one.read).map(([path, value]) => (
                <code key={path}>
                  {path} = {valueText(value)}
                </code>
              ))}
            </li>
          ))}
        </ul>
      )}
      <h4>{t("test.step_input")}</h4>
      <JsonView value={step.input ?? null} label={t("test.step_input")} />
      <h4>{t("test.step_output")}</h4>
      <JsonView value={step.output ?? null} label={t("test.step_output")} />
      {canPin && (
        <Button
          size="small"
          icon={<PushpinOutlined />}
          disabled={mocks[step.node]?.kind === "pinned"}
          onClick={() =>
            set({
              mocks: {
                ...mocks,
                [step.node]: {
                  kind: "pinned",
                  text: JSON.stringify(step.output ?? null),
                  ...(step.ports?.[0] === undefined ? {} : { port: step.ports[0] }),
                },
              },
            })
          }
          data-testid={`btn-pin-${step.node}`}
        >
          {t(mocks[step.node]?.kind === "pinned" ? "cases:is_pinned" : "cases:pin_output")}
        </Button>
      )}
    </section>
  );
}
