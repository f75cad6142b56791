// One case: the flow with the way it took, every step with what went in and came out, and what can be done about it.

import { PauseCircleOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { FlowDrawing } from "../../editor/canvas/FlowDrawing";
import type { NodeTypes } from "../../editor/document";
import { span } from "../../editor/duration";
import { useNodeTypes } from "../../editor/remote";
import { JsonView } from "../../ui/JsonView";
import { Card, EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { Segments } from "../../ui/Segments";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { ExactTime, RelativeTime, useNow } from "../../ui/time";
import { plainValue, ValueView } from "../../ui/ValueView";
import { Actions } from "./Actions";
import { CustomerPages } from "./CustomerPages";
import { Incidents } from "./Incidents";
import { Items } from "./Items";
import { type InstanceDetail, useInstance } from "./instance";
import "./instances.css";
import { marksAt, marksOf } from "./marks";
import { Steps } from "./Steps";
import { type Past, TimeTravel, usePast } from "./TimeTravel";
import { Waits } from "./Waits";

export default function InstancePage() {
  const { id = "" } = useParams();
  const { data, error, refetch } = useInstance(id);
  const { types } = useNodeTypes();
  if (data === undefined || types === undefined) {
    return (
      <PageBody>
        {error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading rows={6} />}
      </PageBody>
    );
  }
  return <Shown instance={data} types={types} refresh={() => void refetch()} />;
}

interface ShownProps {
  instance: InstanceDetail;
  types: NodeTypes;
  refresh: () => void;
}

function Shown({ instance, types, refresh }: ShownProps) {
  const { t } = useTranslation("instances");
  const { t: words } = useTranslation("editor");
  const { text } = useText();
  const [selected, setSelected] = useState<string | null>(null);
  const [seq, setSeq] = useState<number | null>(null);
  const past = usePast(instance, seq);
  const marks = useMemo(
    () => (past === undefined ? marksOf(instance, words) : marksAt(instance, past, words)),
    [instance, past, words],
  );
  const name = text(instance.flow_name) || instance.flow_key;
  const title = instance.business_key || instance.id.slice(-10); // the whole one is among the facts
  return (
    <div className="hr-instance" data-testid="instance" data-status={instance.status}>
      <PageHeader
        back="/instances"
        tab={title}
        title={
          <span className="hr-instance-title">
            {title} <StatusTag status={instance.status} />
          </span>
        }
        subtitle={
          <>
            <Link to={`/flows/${instance.flow_key}`}>{name}</Link> · v{instance.version}
          </>
        }
        actions={<Actions instance={instance} types={types} onDone={refresh} />}
      />
      <PageBody wide>
        <Suspended instance={instance} />
        <Incidents instance={instance} types={types} onDone={refresh} onSelect={setSelected} />
        <div className="hr-instance-grid">
          <Card className="hr-instance-steps" title={t("steps.title")}>
            <Steps
              instance={instance}
              types={types}
              selected={selected}
              onSelect={setSelected}
              onDone={refresh}
            />
          </Card>
          <Card className="hr-instance-drawing" title={t("drawing")}>
            <div className="hr-instance-canvas">
              <FlowDrawing
                document={instance.document}
                types={types}
                marks={marks}
                selected={selected}
                onSelect={setSelected}
                first={current(instance)}
                label={t("drawing")}
              />
            </div>
            <TimeTravel instance={instance} types={types} seq={seq} past={past} onChange={setSeq} />
          </Card>
        </div>
        <Items instance={instance} types={types} onDone={refresh} />
        <Waits instance={instance} types={types} />
        <CustomerPages instance={instance} />
        <Facts instance={instance} />
        <More instance={instance} past={past} />
      </PageBody>
    </div>
  );
}

function Suspended({ instance }: { instance: InstanceDetail }) {
  const { t } = useTranslation("instances");
  if (instance.status !== "suspended") return null;
  return (
    <div className="hr-suspended" role="status" data-testid="suspended">
      <PauseCircleOutlined aria-hidden />
      <span>
        <strong>{t("suspended.title")}</strong>{" "}
        {instance.suspended && (
          <>
            <RelativeTime at={instance.suspended.since} /> ·{" "}
            {t(`suspended.timers_${instance.suspended.timers}`)}
          </>
        )}
      </span>
    </div>
  );
}

/** Where the work is now, or where it ended. */
function current(instance: InstanceDetail): string | null {
  const open = instance.steps.find((step) => step.ended_at === null);
  return (open ?? instance.steps.at(-1))?.node ?? null;
}

function Facts({ instance }: { instance: InstanceDetail }) {
  const { t } = useTranslation(["instances", "editor"]);
  const { t: words } = useTranslation("editor");
  const now = useNow();
  const until = instance.ended_at === null ? now : Date.parse(instance.ended_at);
  const took = span(Math.max(1_000, until - Date.parse(instance.started_at)), words);
  const facts: [string, React.ReactNode][] = [
    [t("fact.started_by"), instance.started_by ?? "–"],
    [t("fact.started_at"), <ExactTime key="at" at={instance.started_at} />],
    [t("fact.ended_at"), <ExactTime key="end" at={instance.ended_at} />],
    [t("fact.took"), took],
    [
      t("fact.result"),
      instance.result
        ? t(`editor:end_result.${instance.result}`, { defaultValue: instance.result })
        : "–",
    ],
    [t("fact.priority"), instance.priority ?? 0],
    ...(instance.hold ? [[t("fact.hold"), t("fact.hold_on")] as [string, React.ReactNode]] : []),
    [t("fact.id"), <code key="id">{instance.id}</code>],
  ];
  return (
    <Card title={t("facts")}>
      <dl className="hr-instance-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {(instance.parent !== null || instance.children.length > 0) && (
        <div className="hr-instance-family" data-testid="family">
          {instance.parent !== null && (
            <p>
              {t("fact.parent")}{" "}
              <Link to={`/instances/${instance.parent.id}`}>{instance.parent.id}</Link>
            </p>
          )}
          {instance.children.length > 0 && (
            <>
              <p>{t("fact.children", { count: instance.children.length })}</p>
              <ul>
                {instance.children.map((child) => (
                  <li key={child.id}>
                    <Link to={`/instances/${child.id}`}>{child.id}</Link>{" "}
                    <StatusTag status={child.status} />
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      )}
    </Card>
  );
}

type Tab = "variables" | "output" | "deliveries";

function More({ instance, past }: { instance: InstanceDetail; past: Past | undefined }) {
  const { t } = useTranslation(["instances", "app", "editor"]);
  const [tab, setTab] = useState<Tab>("variables");
  const [raw, setRaw] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another case is read from its beginning
  useEffect(() => setTab("variables"), [instance.id]);
  const value = tab === "output" ? instance.output : (past ?? instance).variables;
  return (
    <Card
      title={
        <Segments
          label={t("more.label")}
          options={[
            {
              value: "variables",
              title: t(past === undefined ? "more.variables" : "more.variables_then"),
            },
            { value: "output", title: t("more.output") },
            {
              value: "deliveries",
              title: `${t("more.deliveries")} ${instance.deliveries.length || ""}`,
            },
          ]}
          value={tab}
          onChange={setTab}
          testId="more"
        />
      }
      actions={
        tab !== "deliveries" && (
          <Button type="text" size="small" onClick={() => setRaw(!raw)}>
            {raw ? t("more.readable") : "JSON"}
          </Button>
        )
      }
    >
      {tab === "deliveries" ? (
        <Deliveries instance={instance} />
      ) : raw ? (
        <JsonView value={value ?? null} />
      ) : (
        <ValueView value={value ?? null} />
      )}
    </Card>
  );
}

function Deliveries({ instance }: { instance: InstanceDetail }) {
  const { t } = useTranslation(["instances", "app", "editor"]);
  const { text, language } = useText();
  if (instance.deliveries.length === 0) return <EmptyState title={t("more.no_deliveries")} />;
  return (
    <ul className="hr-instance-deliveries">
      {instance.deliveries.map((delivery) => (
        <li key={delivery.id}>
          <span>
            <strong>{text(delivery.title) || t(`editor:channel.${delivery.channel}`)}</strong>{" "}
            <span className="hr-muted">
              {t(`editor:channel.${delivery.channel}`, { defaultValue: delivery.channel })} ·{" "}
              {plainValue(delivery.to, language)}
            </span>
          </span>
          <StatusTag status={delivery.status} />
          <span className="hr-muted">
            <RelativeTime at={delivery.created_at} />
          </span>
        </li>
      ))}
    </ul>
  );
}
