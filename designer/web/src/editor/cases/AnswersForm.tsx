// How the nodes of a case answer: who decides what, what other systems say, what is pinned. A row a node; JSON for who prefers it.

import { CodeOutlined, DeleteOutlined, PushpinOutlined } from "@ant-design/icons";
import { AutoComplete, Button, Input, InputNumber, Select } from "antd";
import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { SchemaForm } from "../../ui/form/SchemaForm";
import { type Question, questionsOf } from "../decisions";
import { type FlowNode, nodeOf, portsOf } from "../document";
import { exitTitle, type Words } from "../sentence";
import { useDocument, useEditor } from "../store";
import { nameOf } from "../variables";
import {
  brings,
  decided,
  errorsOf,
  formOf,
  isRecord,
  PARTS,
  type Part,
  pinnable,
  portShown,
  readOf,
  rowsOf,
  type Told,
  trimmed,
  type Visit,
  visitsOf,
  withVisits,
} from "./answers";
import { JsonText, ValueEditor } from "./ValueEditor";

export type Answers = Partial<Record<Part, Told>>;

interface AnswersFormProps {
  answers: Answers;
  onChange: (part: Part, told: Told | undefined, field: string) => void;
  words: Words;
}

export function AnswersForm({ answers, onChange, words }: AnswersFormProps) {
  const { t } = useTranslation(["cases", "editor"]);
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const questions = useMemo(
    () => questionsOf(document, types, words, t("editor:test.nobody"), t("editor:test.goes_on")),
    [document, types, words, t],
  );
  return (
    <>
      {PARTS.map((part) => (
        <PartForm
          key={part}
          part={part}
          told={answers[part]}
          questions={questions}
          onChange={(told, field) => onChange(part, told, field)}
          words={words}
        />
      ))}
    </>
  );
}

interface PartFormProps {
  part: Part;
  told: Told | undefined;
  questions: readonly Question[];
  onChange: (told: Told | undefined, field: string) => void;
  words: Words;
}

function PartForm({ part, told, questions, onChange, words }: PartFormProps) {
  const { t } = useTranslation("cases");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const [json, setJson] = useState(false);
  const rows = rowsOf(part, told, document, types, questions);
  const free = part === "pins" ? pinnable(document, types, told) : [];
  if (rows.length === 0 && free.length === 0) return null;
  return (
    <fieldset className="hr-case-part" data-testid={`case-part-${part}`}>
      <legend>{t(`answers.${part}`)}</legend>
      {json ? (
        <JsonText
          value={told}
          record
          onChange={(next) => onChange(next as Told | undefined, `${part}.json`)}
          label={`${t(`answers.${part}`)} (JSON)`}
          testId={`case-${part}`}
        />
      ) : (
        <>
          {rows.length === 0 && <p className="hr-muted-text">{t(`answers.no_${part}`)}</p>}
          {rows.map((id) => (
            <NodeRow
              key={id}
              id={id}
              part={part}
              visits={visitsOf(told, id, part)}
              question={questions.find(({ node }) => node.id === id)}
              onChange={(visits, field) => onChange(withVisits(told, id, visits), field)}
              words={words}
            />
          ))}
          {free.length > 0 && (
            <Select
              className="hr-wide"
              value={null}
              placeholder={t("pin_node")}
              suffixIcon={<PushpinOutlined />}
              options={free.map((node) => ({
                value: node.id,
                label: nameOf(node, types, words.text),
              }))}
              onChange={(id: string | null) =>
                id !== null && onChange(withVisits(told, id, [{}]), "")
              }
              showSearch={{ optionFilterProp: "label" }}
              aria-label={t("pin_node")}
              data-testid="case-pin"
            />
          )}
        </>
      )}
      <Button
        size="small"
        type="text"
        icon={<CodeOutlined />}
        aria-pressed={json}
        onClick={() => setJson(!json)}
        data-testid={`case-${part}-as`}
      >
        {t(json ? "value.as_fields" : "value.all_json")}
      </Button>
    </fieldset>
  );
}

interface NodeRowProps {
  id: string;
  part: Part;
  visits: Visit[];
  question: Question | undefined;
  onChange: (visits: Visit[], field: string) => void;
  words: Words;
}

const ROW = { decisions: DecisionRow, mocks: AnswerRow, pins: PinRow };

/** One node: what it answers each time it is come to. */
function NodeRow({ id, part, visits, question, onChange, words }: NodeRowProps) {
  const { t } = useTranslation("cases");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const node = nodeOf(document, id);
  const name = node === undefined ? id : nameOf(node, types, words.text);
  const One = ROW[part];
  const shown = visits.length === 0 ? [{}] : visits;
  const put = (index: number, next: Visit | null, field: string) => {
    const all =
      next === null
        ? shown.filter((_, at) => at !== index)
        : shown.map((old, at) => (at === index ? trimmed(next) : old));
    // A single answer that says nothing is none; a pin stays one.
    const empty = all.length === 1 && Object.keys(all[0] ?? {}).length === 0 && part !== "pins";
    onChange(empty ? [] : all, field);
  };
  return (
    <section className="hr-case-node" aria-label={name} data-testid={`case-${part}-${id}`}>
      <header>
        <strong>{name}</strong>
        {node === undefined && <small className="hr-tone-error">{t("answers.gone")}</small>}
        {(part === "pins" || node === undefined) && (
          <Button
            type="text"
            size="small"
            icon={<DeleteOutlined />}
            aria-label={t(part === "pins" ? "answers.unpin" : "answers.forget", { name })}
            onClick={() => onChange([], "")}
            data-testid={`case-${part}-${id}-drop`}
          />
        )}
      </header>
      {shown.map((visit, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: which time it is, is all that tells one from another
        <div key={index} className="hr-case-visit">
          {shown.length > 1 && (
            <div className="hr-case-time">
              <span className="hr-muted-text">
                {t(index === shown.length - 1 ? "answers.from_time" : "answers.time", {
                  number: index + 1,
                })}
              </span>
              <Button
                type="text"
                size="small"
                icon={<DeleteOutlined />}
                aria-label={t("answers.drop_time", { name, number: index + 1 })}
                onClick={() => put(index, null, "")}
              />
            </div>
          )}
          <One
            node={node}
            name={name}
            visit={visit}
            told={visits.length > 0}
            question={question}
            testId={`case-${part}-${id}-${index}`}
            onChange={(next, field) => put(index, next, field)}
            words={words}
          />
        </div>
      ))}
      {part !== "pins" && visits.length > 0 && (
        <button
          type="button"
          className="hr-link-button"
          onClick={() => onChange([...shown, { ...(shown.at(-1) ?? {}) }], "")}
          data-testid={`case-${part}-${id}-next`}
        >
          {t("answers.next_time")}
        </button>
      )}
    </section>
  );
}

interface RowProps {
  node: FlowNode | undefined;
  name: string;
  visit: Visit;
  /** The case says something of this node at all. */
  told: boolean;
  question: Question | undefined;
  testId: string;
  onChange: (visit: Visit, field: string) => void;
  words: Words;
}

function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="hr-case-line">
      <span>{label}</span>
      {children}
    </div>
  );
}

/** Which way it goes, and what is said with it. */
function DecisionRow({ node, name, visit, told, question, testId, onChange }: RowProps) {
  const { t } = useTranslation("cases");
  const document = useDocument();
  const port = portShown(visit);
  const choices = question?.choices ?? [];
  const known = port === undefined || choices.some(({ value }) => value === port);
  const first = choices.find(({ value }) => value === question?.first)?.label ?? "";
  const form = formOf(document, node);
  const decides = port !== undefined && port !== "";
  return (
    <>
      <Line label={t("answers.decision")}>
        <Select
          allowClear={told}
          value={port ?? null}
          placeholder={t("answers.usual", { name: first })}
          options={known ? choices : [...choices, { value: port, label: port }]}
          onChange={(next: string | null) =>
            onChange(
              next === null ? withoutAll(visit) : decided(visit, node, next),
              `${testId}.port`,
            )
          }
          aria-label={`${name}: ${t("answers.decision")}`}
          data-testid={testId}
        />
      </Line>
      {decides && node?.type === "approval" && (
        <Line label={t("answers.comment")}>
          <Input
            value={textOf(visit["comment"])}
            maxLength={2_000}
            onChange={(event) =>
              onChange({ ...visit, comment: event.target.value }, `${testId}.comment`)
            }
            aria-label={`${name}: ${t("answers.comment")}`}
            data-testid={`${testId}-comment`}
          />
        </Line>
      )}
      {decides && (
        <Line label={t("answers.after")}>
          <After
            value={visit["after_ms"]}
            label={`${name}: ${t("answers.after")}`}
            testId={`${testId}-after`}
            onChange={(after_ms) => onChange({ ...visit, after_ms }, `${testId}.after`)}
          />
        </Line>
      )}
      {decides && form !== undefined && (
        <details className="hr-case-more" open={visit["form"] !== undefined}>
          <summary>{t("answers.form")}</summary>
          <SchemaForm
            schema={form}
            value={isRecord(visit["form"]) ? visit["form"] : {}}
            onChange={(next) =>
              onChange(
                { ...visit, form: Object.keys(next).length === 0 ? undefined : next },
                `${testId}.form`,
              )
            }
            path={`/${testId}`}
          />
        </details>
      )}
      {brings(node, port) && (
        <Output {...{ node, name, visit, testId, onChange }} label={t("answers.brings")} />
      )}
    </>
  );
}

/** What another system, or a flow that is called, says. */
function AnswerRow({ node, name, visit, told, testId, onChange, words }: RowProps) {
  const { t } = useTranslation(["cases", "errors"]);
  const kind = !told ? null : "error" in visit ? "fails" : "answers";
  return (
    <>
      <Line label={t("answers.does")}>
        <Select
          allowClear={told}
          value={kind}
          placeholder={t("answers.plain")}
          options={[
            { value: "answers" as const, label: t("answers.answers") },
            { value: "fails" as const, label: t("answers.fails") },
          ]}
          onChange={(next: "answers" | "fails" | null) => {
            const { error: _error, code: _code, output: _output, port: _port, ...others } = visit;
            const said =
              next === "fails" ? { error: "" } : next === "answers" ? { output: {} } : {};
            onChange(next === null ? {} : { ...others, ...said }, "");
          }}
          aria-label={`${name}: ${t("answers.does")}`}
          data-testid={testId}
        />
      </Line>
      {kind === "fails" && (
        <>
          <Line label={t("answers.code")}>
            <AutoComplete
              value={textOf(visit["code"])}
              options={errorsOf(node).map((code) => ({ value: code, label: errorLabel(code) }))}
              onChange={(code: string) =>
                onChange(
                  { ...visit, code: code.trim() === "" ? undefined : code },
                  `${testId}.code`,
                )
              }
              placeholder={t("answers.any_code")}
              aria-label={`${name}: ${t("answers.code")}`}
              data-testid={`${testId}-code`}
            />
          </Line>
          <Line label={t("answers.message")}>
            <Input
              value={textOf(visit["error"])}
              onChange={(event) =>
                onChange({ ...visit, error: event.target.value }, `${testId}.error`)
              }
              aria-label={`${name}: ${t("answers.message")}`}
              data-testid={`${testId}-error`}
            />
          </Line>
        </>
      )}
      {kind === "answers" && (
        <>
          <LeavesBy {...{ node, name, visit, testId, onChange, words }} />
          <Output {...{ node, name, visit, testId, onChange }} label={t("answers.output")} />
        </>
      )}
    </>
  );

  function errorLabel(code: string): string {
    const status = /^http_(\d{3})$/.exec(code)?.[1];
    const said =
      status === undefined
        ? t(`errors:${code}`, { defaultValue: "" })
        : t("errors:http", { status });
    return said === "" ? code : `${code} · ${said}`;
  }
}

/** The node is not run: this is what it says. */
function PinRow({ node, name, visit, testId, onChange, words }: RowProps) {
  const { t } = useTranslation("cases");
  const types = useEditor((state) => state.types);
  return (
    <>
      <LeavesBy {...{ node, name, visit, testId, onChange, words }} />
      {types.get(node?.type ?? "")?.starts && (
        <Line label={t("answers.business_key")}>
          <Input
            value={textOf(visit["business_key"])}
            onChange={(event) =>
              onChange(
                { ...visit, business_key: event.target.value || undefined },
                `${testId}.business_key`,
              )
            }
            aria-label={`${name}: ${t("answers.business_key")}`}
          />
        </Line>
      )}
      <Output {...{ node, name, visit, testId, onChange }} label={t("answers.output")} />
    </>
  );
}

type Some = Pick<RowProps, "node" | "name" | "visit" | "testId" | "onChange">;

function LeavesBy({ node, name, visit, testId, onChange, words }: Some & { words: Words }) {
  const { t } = useTranslation("cases");
  const types = useEditor((state) => state.types);
  if (node === undefined) return null;
  const ports = portsOf(node, types);
  const port = typeof visit["port"] === "string" ? visit["port"] : null;
  if (ports.length < 2 && port === null) return null;
  const names = ports.map((each) => each.name);
  const all = port === null || names.includes(port) ? names : [...names, port];
  return (
    <Line label={t("leaves_by")}>
      <Select
        allowClear
        value={port}
        placeholder={t("answers.first_port")}
        options={all.map((value) => ({ value, label: exitTitle(node, value, types, words) }))}
        onChange={(next: string | null) =>
          onChange({ ...visit, port: next ?? undefined }, `${testId}.port`)
        }
        aria-label={`${name}: ${t("leaves_by")}`}
        data-testid={`${testId}-port`}
      />
    </Line>
  );
}

function Output({ node, name, visit, testId, onChange, label }: Some & { label: string }) {
  const document = useDocument();
  const read = useMemo(() => (node === undefined ? [] : readOf(document, node)), [document, node]);
  return (
    <div className="hr-case-output">
      <span>{label}</span>
      <ValueEditor
        value={visit["output"]}
        onChange={(output, field) => onChange({ ...visit, output }, field)}
        label={`${name}: ${label}`}
        testId={`${testId}-output`}
        read={read}
      />
    </div>
  );
}

const UNITS = { minutes: 60_000, hours: 3_600_000, days: 86_400_000 } as const;
type Unit = keyof typeof UNITS;
const UNIT_NAMES = Object.keys(UNITS) as Unit[];

interface AfterProps {
  value: unknown;
  label: string;
  testId: string;
  onChange: (milliseconds: number | undefined) => void;
}

/** After how long somebody decides: the clock of a test run jumps there. */
function After({ value, label, testId, onChange }: AfterProps) {
  const { t } = useTranslation("cases");
  const span = typeof value === "number" ? value : null;
  const [chosen, setUnit] = useState<Unit>(() => unitOf(span ?? 0));
  return (
    <span className="hr-case-pair">
      <InputNumber
        min={0}
        value={span === null ? null : span / UNITS[chosen]}
        placeholder={t("answers.at_once")}
        onChange={(next) =>
          onChange(next === null || next <= 0 ? undefined : Math.round(next * UNITS[chosen]))
        }
        aria-label={label}
        data-testid={testId}
      />
      <Select
        value={chosen}
        options={UNIT_NAMES.map((unit) => ({ value: unit, label: t(`answers.unit.${unit}`) }))}
        onChange={(unit) => {
          if (span !== null) onChange(Math.round((span / UNITS[chosen]) * UNITS[unit]));
          setUnit(unit);
        }}
        aria-label={`${label} · ${t("answers.unit_name")}`}
      />
    </span>
  );
}

function unitOf(milliseconds: number): Unit {
  return (
    UNIT_NAMES.findLast((unit) => milliseconds > 0 && milliseconds % UNITS[unit] === 0) ?? "hours"
  );
}

function withoutAll(visit: Visit): Visit {
  const { port: _p, comment: _c, form: _f, output: _o, after_ms: _a, ...others } = visit;
  return others;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
