// The steps in the order they happened; each opens to what went in, what came out, and every attempt.

import { DownOutlined, RightOutlined } from "@ant-design/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, query } from "../../api/client";
import type { Page } from "../../api/types";
import { eventOf, type NodeTypes, nodeOf, portsOf } from "../../editor/document";
import { span } from "../../editor/duration";
import { NodeIcon } from "../../editor/icons";
import { exitTitle } from "../../editor/sentence";
import { useWords } from "../../editor/words";
import { problemText } from "../../ui/errorText";
import { JsonView } from "../../ui/JsonView";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { ExactTime, RelativeTime } from "../../ui/time";
import type { InstanceDetail, Step } from "./instance";
import { shownStatus } from "./marks";
import { StepActions } from "./StepActions";

interface StepsProps {
  instance: InstanceDetail;
  types: NodeTypes;
  selected: string | null;
  onSelect: (node: string) => void;
  onDone: () => void;
}

export function Steps({ instance, types, selected, onSelect, onDone }: StepsProps) {
  const { t } = useTranslation("instances");
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    if (selected === null) return;
    const row = list.current?.querySelector(`[data-node="${CSS.escape(selected)}"]`);
    row?.scrollIntoView?.({ block: "nearest" });
  }, [selected]);
  const toggle = (step: Step) => {
    const next = new Set(open);
    const key = String(step.step);
    next.has(key) ? next.delete(key) : next.add(key);
    setOpen(next);
    onSelect(step.node);
  };
  const earlier = useEarlier(instance);
  return (
    <ol className="hr-steps" ref={list} data-testid="steps">
      {earlier.has && (
        <li>
          <Button onClick={earlier.load} loading={earlier.loading} data-testid="btn-earlier-steps">
            {t("steps.earlier")}
          </Button>
        </li>
      )}
      {merged(earlier.steps, instance.steps).map((step) => (
        <Row
          key={String(step.step)}
          step={step}
          instance={instance}
          types={types}
          open={open.has(String(step.step))}
          current={step.node === selected}
          onDone={onDone}
          onToggle={() => toggle(step)}
        />
      ))}
    </ol>
  );
}

interface RowProps {
  step: Step;
  instance: InstanceDetail;
  types: NodeTypes;
  open: boolean;
  current: boolean;
  onToggle: () => void;
  onDone: () => void;
}

/** A long history comes in parts; a step that was open in several is in each. */
function useEarlier(instance: InstanceDetail) {
  const list = useInfiniteQuery({
    queryKey: ["instance", instance.id, "earlier", instance.steps_cursor ?? ""],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Step>>(`/api/instances/${instance.id}/steps${query({ cursor: pageParam })}`, {
        signal,
      }),
    initialPageParam: instance.steps_cursor ?? "",
    getNextPageParam: (page) => page.next_cursor || undefined,
    enabled: false,
  });
  const begun = list.data !== undefined;
  return {
    steps: [...(list.data?.pages ?? [])].reverse().flatMap((page) => page.items),
    has: begun ? list.hasNextPage : Boolean(instance.steps_cursor),
    loading: list.isFetching,
    load: () => void (begun ? list.fetchNextPage() : list.refetch()),
  };
}

function merged(earlier: readonly Step[], late: readonly Step[]): Step[] {
  const known = new Map<string, Step>();
  for (const step of [...earlier, ...late]) known.set(String(step.step), step);
  return [...known.values()];
}

function Row({ step, instance, types, open, current, onToggle, onDone }: RowProps) {
  const { t } = useTranslation(["instances", "editor", "errors"]);
  const { t: words } = useTranslation("editor");
  const { text } = useText();
  const type = types.get(step.type);
  const node = nodeOf(instance.document, step.node);
  const told = useWords(instance.document);
  const way =
    node === undefined
      ? ""
      : step.ports
          .filter((port) => portsOf(node, types).length > 1 || eventOf(node, port) !== undefined)
          .map((port) => exitTitle(node, port, types, told))
          .join(" ");
  const took = step.duration_ms;
  return (
    <li
      className="hr-step"
      data-status={shownStatus(step)}
      data-node={step.node}
      data-group={type?.group}
      data-current={current || undefined}
      data-testid={`step-${step.step}`}
    >
      <button type="button" className="hr-step-head" aria-expanded={open} onClick={onToggle}>
        <span className="hr-step-icon">
          <NodeIcon icon={type?.icon} type={step.type} />
        </span>
        <span className="hr-step-words">
          <strong>{text(step.name) || step.node}</strong>
          <span className="hr-muted">
            <RelativeTime at={step.started_at} />
            {took !== null && took >= 50 && ` · ${span(took, words)}`}
            {way !== "" && ` · ${way}`}
            {step.attempts.length > 1 &&
              ` · ${t("steps.attempts", { count: step.attempts.length })}`}
          </span>
          {step.error !== null && (
            <span className="hr-step-error">{problemText(t, step.error)}</span>
          )}
        </span>
        {step.status !== "done" && (
          <StatusTag status={step.status}>{t(`editor:run_status.${step.status}`)}</StatusTag>
        )}
        {open ? <DownOutlined aria-hidden /> : <RightOutlined aria-hidden />}
      </button>
      {open && <Detail step={step} instance={instance} types={types} onDone={onDone} />}
    </li>
  );
}

interface DetailProps {
  step: Step;
  instance: InstanceDetail;
  types: NodeTypes;
  onDone: () => void;
}

function Detail({ step, instance, types, onDone }: DetailProps) {
  const { t } = useTranslation(["instances", "errors"]);
  const nameOf = (user: string) => instance.people?.[user] ?? user;
  return (
    <div className="hr-step-detail">
      <dl className="hr-instance-facts">
        <div>
          <dt>{t("steps.from")}</dt>
          <dd>
            <ExactTime at={step.started_at} />
          </dd>
        </div>
        <div>
          <dt>{t("steps.to")}</dt>
          <dd>
            <ExactTime at={step.ended_at} />
          </dd>
        </div>
        {step.due_at && (
          <div>
            <dt>{t("steps.due")}</dt>
            <dd>
              <ExactTime at={step.due_at} />
            </dd>
          </div>
        )}
        {(step.actors?.length ?? 0) > 0 && (
          <div>
            <dt>{t("steps.people")}</dt>
            <dd>{step.actors?.map(nameOf).join(t("comma"))}</dd>
          </div>
        )}
      </dl>
      {(step.votes?.length ?? 0) > 0 && (
        <ul className="hr-step-votes">
          {step.votes?.map((vote) => (
            <li key={`${vote.by} ${vote.at}`}>
              <StatusTag status={vote.decision} /> {nameOf(vote.by)}
              {vote.comment && <q>{vote.comment}</q>}
            </li>
          ))}
        </ul>
      )}
      {step.task_id && (
        <Link to={`/tasks/${step.task_id}`}>
          <Button size="small">{t("steps.task")}</Button>
        </Link>
      )}
      {step.attempts.length > 0 && (
        <>
          <h4>{t("steps.tries")}</h4>
          <ol className="hr-step-tries">
            {step.attempts.map((attempt) => (
              <li key={attempt.attempt}>
                <span>{t("steps.try", { number: attempt.attempt })}</span>
                <span className="hr-muted">
                  <ExactTime at={attempt.started_at} />
                </span>
                <span>{t(`outcome.${attempt.outcome}`, { defaultValue: attempt.outcome })}</span>
                {attempt.error && (
                  <span className="hr-step-error">{problemText(t, attempt.error)}</span>
                )}
              </li>
            ))}
          </ol>
        </>
      )}
      <h4>{t("steps.output")}</h4>
      <JsonView value={step.output ?? null} label={t("steps.output")} />
      <details>
        <summary>{t("steps.input")}</summary>
        <JsonView value={step.input ?? null} label={t("steps.input")} />
      </details>
      <StepActions step={step} instance={instance} types={types} onDone={onDone} />
    </div>
  );
}
