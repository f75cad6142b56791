// Try a template with its samples before installing it: runs in memory, nothing is called, and says whether the
// outcome is the expected one.

import { CheckCircleOutlined, CloseCircleOutlined, ExperimentOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { FlowDocument, Template, TemplateSample, TestResult } from "../../api/types";
import { problemText } from "../../ui/errorText";
import { JsonView } from "../../ui/JsonView";
import { Card } from "../../ui/page";
import { StatusTag } from "../../ui/StatusTag";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import { plainValue } from "../../ui/ValueView";

export function Samples({ template }: { template: Template }) {
  const { t } = useTranslation("templates");
  return (
    <Card title={t("samples")}>
      <p className="hr-muted">{t("samples_text")}</p>
      <ul className="hr-samples">
        {template.samples.map((sample, index) => (
          <li key={`${sample.flow} ${JSON.stringify(sample.name)}`}>
            <Sample template={template} sample={sample} index={index} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

interface SampleProps {
  template: Template;
  sample: TemplateSample;
  index: number;
}

function Sample({ template, sample, index }: SampleProps) {
  const { t } = useTranslation("templates");
  const { text } = useText();
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<TestResult | null>(null);
  const [error, setError] = useState<unknown>(null);
  const run = async () => {
    setBusy(true);
    setError(null);
    try {
      const body = { flow: sample.flow, sample: sample.key ?? sample.name };
      setResult(await api.post<TestResult>(`/api/templates/${template.key}/try`, body));
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <div className="hr-spread">
        <strong>{text(sample.name)}</strong>
        <Button
          icon={<ExperimentOutlined />}
          loading={busy}
          onClick={run}
          data-testid={`btn-try-${index}`}
        >
          {t("try")}
        </Button>
      </div>
      <details className="hr-sample-input">
        <summary>{t("sample_input")}</summary>
        <JsonView value={sample.input} label={t("sample_input")} />
      </details>
      {error !== null && <Trouble error={error} />}
      {result && (
        <Result
          result={result}
          sample={sample}
          document={template.flows.find((flow) => flow.key === sample.flow)}
        />
      )}
    </>
  );
}

interface ResultProps {
  result: TestResult;
  sample: TemplateSample;
  document: FlowDocument | undefined;
}

function Result({ result, sample, document }: ResultProps) {
  const { t } = useTranslation(["templates", "errors"]);
  const { text } = useText();
  const met = result.met ?? holds(sample.expect, result);
  const nameOf = (id: string) => text(document?.nodes.find((node) => node.id === id)?.name) || id;
  return (
    <div className="hr-result" role="status" data-testid="try-result">
      <p className={met ? "hr-tone-ok" : "hr-tone-error"}>
        {met ? <CheckCircleOutlined aria-hidden /> : <CloseCircleOutlined aria-hidden />}{" "}
        <strong>{t(met ? "as_expected" : "not_as_expected")}</strong>
      </p>
      <dl className="hr-brings">
        <div>
          <dt>{t("outcome")}</dt>
          <dd>
            <StatusTag status={result.status} />
          </dd>
        </div>
        <div>
          <dt>{t("expected")}</dt>
          <dd>
            <Expected expect={sample.expect} nameOf={nameOf} />
          </dd>
        </div>
      </dl>
      <ol className="hr-try-steps">
        {result.steps.map((step) => (
          <li key={String(step.step)}>
            <span>{nameOf(step.node)}</span>
            <StatusTag status={step.status}>{t(`step.${step.status}`)}</StatusTag>
            {step.error && <span className="hr-tone-error">{problemText(t, step.error)}</span>}
          </li>
        ))}
      </ol>
    </div>
  );
}

interface ExpectedProps {
  expect: TemplateSample["expect"];
  nameOf: (id: string) => string;
}

function Expected({ expect, nameOf }: ExpectedProps) {
  const { t } = useTranslation("templates");
  const { language } = useText();
  const shown = (name: string, value: unknown) => {
    if (name === "status" || name === "result")
      return t(`app:status.${value}`, { defaultValue: String(value) });
    if (Array.isArray(value)) return value.map((id) => nameOf(String(id))).join(" → ");
    return plainValue(value, language);
  };
  return (
    <ul>
      {Object.entries(expect).map(([name, value]) => (
        <li key={name}>
          <span className="hr-muted">{t(`expect.${name}`, { defaultValue: name })}</span>{" "}
          {shown(name, value)}
        </li>
      ))}
    </ul>
  );
}

/** Everything the expectation names is in the result; more may be there. */
export function holds(expected: unknown, found: unknown): boolean {
  if (typeof expected !== "object" || expected === null) return Object.is(expected, found);
  if (typeof found !== "object" || found === null) return false;
  return Object.entries(expected).every(([name, item]) =>
    holds(item, (found as Record<string, unknown>)[name]),
  );
}
