// From a step of the past: go on again from here for real, or try it; from a step that waits: lead its token elsewhere.

import { ExperimentOutlined, ForwardOutlined, RollbackOutlined } from "@ant-design/icons";
import { Button, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import type { TestResult } from "../../api/types";
import { decisionsFrom, questionsOf } from "../../editor/decisions";
import { downstream, type NodeTypes, nodeOf } from "../../editor/document";
import { nameOf } from "../../editor/variables";
import { useWords } from "../../editor/words";
import { JsonView } from "../../ui/JsonView";
import { StatusTag } from "../../ui/StatusTag";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import { type InstanceDetail, isOpen, type Step } from "./instance";
import { Operate, type Wish } from "./operate";

interface StepActionsProps {
  step: Step;
  instance: InstanceDetail;
  types: NodeTypes;
  onDone: () => void;
}

export function StepActions({ step, instance, types, onDone }: StepActionsProps) {
  const { t } = useTranslation("instances");
  const may = useMay();
  const [wish, setWish] = useState<Wish | null>(null);
  const [testing, setTesting] = useState(false);
  const type = types.get(step.type);
  const number = Number(step.step);
  const operates = isOpen(instance.status) && may("instances:operate") && !type?.starts;
  if (type?.starts || !may("instances:read")) return null;
  return (
    <div className="hr-row">
      {operates && step.ended_at === null && (
        <Button
          size="small"
          icon={<ForwardOutlined />}
          onClick={() => setWish({ kind: "move", step: number, node: step.node })}
          data-testid={`btn-move-${step.step}`}
        >
          {t("operate.move")}
        </Button>
      )}
      {operates && (
        <Button
          size="small"
          icon={<RollbackOutlined />}
          onClick={() => setWish({ kind: "rewind", step: number, node: step.node })}
          data-testid={`btn-rewind-${step.step}`}
        >
          {t("operate.rewind")}
        </Button>
      )}
      <Button
        size="small"
        icon={<ExperimentOutlined />}
        onClick={() => setTesting(true)}
        data-testid={`btn-test-${step.step}`}
      >
        {t("try.button")}
      </Button>
      {wish !== null && (
        <Operate
          wish={wish}
          instance={instance}
          types={types}
          onDone={onDone}
          onClose={() => setWish(null)}
        />
      )}
      {testing && (
        <TryDialog
          step={step}
          instance={instance}
          types={types}
          onClose={() => setTesting(false)}
        />
      )}
    </div>
  );
}

function TryDialog(props: Omit<StepActionsProps, "onDone"> & { onClose: () => void }) {
  const { step, instance, types, onClose } = props;
  const { t } = useTranslation("instances");
  const { text } = useText();
  const [decisions, setDecisions] = useState<Record<string, string>>({});
  const [result, setResult] = useState<TestResult | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const here = nodeOf(instance.document, step.node);
  const ahead = [...(here ? [here] : []), ...downstream(instance.document, step.node)];
  const reached = new Set(ahead.map((node) => node.id));
  const questions = questionsOf(
    instance.document,
    types,
    useWords(instance.document),
    t("try.nobody"),
    t("try.goes_on"),
  ).filter(({ node }) => reached.has(node.id));
  const run = async () => {
    setBusy(true);
    setError(null);
    try {
      const answer = await api.post<TestResult>(`/api/instances/${instance.id}/test`, {
        step: Number(step.step),
        decisions: decisionsFrom(questions, decisions),
      });
      setResult(answer);
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      width={680}
      title={t("try.title", { name: here ? nameOf(here, types, text) : step.node })}
      onCancel={onClose}
      okText={result === null ? t("try.run") : t("try.again")}
      okButtonProps={{ loading: busy, ...({ "data-testid": "btn-try" } as object) }}
      onOk={() => void run()}
    >
      <div className="hr-stack">
        <p>{t("try.text")}</p>
        {questions.map(({ node, choices, first }) => (
          <div key={node.id} className="hr-spread">
            <span>{nameOf(node, types, text)}</span>
            <Select
              value={decisions[node.id] ?? first}
              options={choices}
              popupMatchSelectWidth={false}
              onChange={(port) => setDecisions({ ...decisions, [node.id]: port })}
              aria-label={nameOf(node, types, text)}
            />
          </div>
        ))}
        {error !== null && <Trouble error={error} />}
        {result !== null && (
          <div data-testid="try-result">
            <p className="hr-row">
              <strong>{t("try.result")}</strong> <StatusTag status={result.status} />
            </p>
            <ol className="hr-try-steps">
              {result.steps.map((each) => {
                const node = nodeOf(instance.document, each.node);
                return (
                  <li key={String(each.step)}>
                    <span>{node ? nameOf(node, types, text) : each.node}</span>
                    <StatusTag status={each.status} />
                  </li>
                );
              })}
            </ol>
            <details>
              <summary>{t("try.variables")}</summary>
              <JsonView value={result.variables ?? {}} label={t("try.variables")} />
            </details>
          </div>
        )}
      </div>
    </Modal>
  );
}
