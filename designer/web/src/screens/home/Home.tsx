// The state of the house at a glance: what waits for me, what runs, what is stuck.

import {
  AppstoreOutlined,
  CheckCircleOutlined,
  PartitionOutlined,
  PlayCircleOutlined,
} from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay, useSession } from "../../api/session";
import type { Incident, Overview, TaskSummary } from "../../api/types";
import { problemText } from "../../ui/errorText";
import { Card, EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import "./home.css";

const EVERY_MS = 20_000;
const SHOWN_MAX = 5;

export default function Home() {
  const { t } = useTranslation("app");
  const user = useSession((state) => state.user);
  return (
    <>
      <PageHeader title={t("home.greeting", { name: user?.name })} tab={t("nav.home")} />
      <PageBody>
        <div className="hr-stack">
          <Counts />
          <FirstSteps />
          <div className="hr-home-columns">
            <YourTasks />
            <OpenIncidents />
          </div>
        </div>
      </PageBody>
    </>
  );
}

const useOverview = () =>
  useQuery({
    queryKey: ["overview"],
    queryFn: ({ signal }) => api.get<Overview>("/api/overview", { signal }),
    refetchInterval: EVERY_MS,
  });

function Counts() {
  const { t } = useTranslation("app");
  const { data, error, refetch } = useOverview();
  if (data === undefined)
    return error ? <ErrorState error={error} onRetry={refetch} /> : <Loading rows={1} tall />;
  const { instances, tasks } = data;
  return (
    <ul className="hr-counts" data-testid="counts">
      <Count
        label={t("home.running")}
        value={instances["running"]}
        to="/instances?status=running"
      />
      <Count
        label={t("home.waiting")}
        value={instances["waiting"]}
        to="/instances?status=waiting"
      />
      <Count label={t("home.incidents")} value={instances["incident"]} to="/incidents" alarming />
      <Count
        label={t("home.completed_today")}
        value={instances["completed_today"]}
        to="/instances?status=completed"
      />
      <Count label={t("home.open_tasks")} value={tasks.open} to="/tasks" />
    </ul>
  );
}

interface CountProps {
  label: string;
  value: number | undefined;
  to: string;
  alarming?: boolean;
}

function Count({ label, value = 0, to, alarming = false }: CountProps) {
  const { language } = useText();
  return (
    <li>
      <Link to={to} className={alarming && value > 0 ? "hr-count hr-count-alarming" : "hr-count"}>
        <strong>{value.toLocaleString(language)}</strong>
        <span>{label}</span>
      </Link>
    </li>
  );
}

function YourTasks() {
  const { t } = useTranslation("app");
  const { text } = useText();
  const list = useList<TaskSummary>("/api/tasks", { box: "todo", limit: SHOWN_MAX });
  return (
    <Card title={t("home.your_tasks")} actions={<Link to="/tasks">{t("home.all_tasks")}</Link>}>
      <Rows
        list={list}
        empty={
          <EmptyState
            icon={<CheckCircleOutlined />}
            title={t("home.no_tasks")}
            text={t("home.no_tasks_text")}
          />
        }
        row={(task) => (
          <Link key={task.id} className="hr-home-row" to={`/tasks/todo/${task.id}`}>
            <span>{text(task.title)}</span>
            <span className="hr-muted hr-small">
              {text(task.flow_name)} · <RelativeTime at={task.created_at} />
            </span>
          </Link>
        )}
      />
    </Card>
  );
}

function OpenIncidents() {
  return useMay()("instances:read") ? <IncidentList /> : null;
}

function IncidentList() {
  const { t } = useTranslation(["app", "errors"]);
  const { text } = useText();
  const list = useList<Incident>("/api/incidents", { status: "open", limit: SHOWN_MAX });
  return (
    <Card
      title={t("home.open_incidents")}
      actions={<Link to="/incidents">{t("home.all_incidents")}</Link>}
    >
      <Rows
        list={list}
        empty={
          <EmptyState
            icon={<CheckCircleOutlined />}
            title={t("home.no_incidents")}
            text={t("home.no_incidents_text")}
          />
        }
        row={(incident) => (
          <Link key={incident.id} className="hr-home-row" to={`/instances/${incident.instance_id}`}>
            <span>{problemText(t, incident)}</span>
            <span className="hr-muted hr-small">
              {text(incident.flow_name) || incident.flow_key} ·{" "}
              <RelativeTime at={incident.raised_at} />
            </span>
          </Link>
        )}
      />
    </Card>
  );
}

interface RowsProps<T> {
  list: ReturnType<typeof useList<T>>;
  empty: ReactNode;
  row: (item: T) => ReactNode;
}

function Rows<T>({ list, empty, row }: RowsProps<T>) {
  if (list.rows === undefined) {
    return list.error ? (
      <ErrorState error={list.error} onRetry={list.onRetry} />
    ) : (
      <Loading rows={3} />
    );
  }
  return list.rows.length === 0 ? empty : <div>{list.rows.slice(0, SHOWN_MAX).map(row)}</div>;
}

/** Shown until something has run here: the ways to the first one. */
function FirstSteps() {
  const { t } = useTranslation("app");
  const may = useMay();
  const { data } = useOverview();
  const begun = data === undefined || Object.values(data.instances).some((count) => count);
  if (begun || !may("flows:write")) return null;
  const steps: [ReactNode, string, string][] = [
    [<AppstoreOutlined key="icon" />, "template", "/templates"],
    [<PartitionOutlined key="icon" />, "flow", "/flows"],
    [<PlayCircleOutlined key="icon" />, "start", "/start"],
  ];
  return (
    <Card title={t("home.first_steps")}>
      <div className="hr-steps">
        {steps.map(([icon, name, to]) => (
          <Link key={name} to={to} className="hr-step">
            <span className="hr-step-icon" aria-hidden>
              {icon}
            </span>
            <strong>{t(`home.step_${name}`)}</strong>
            <span className="hr-muted">{t(`home.step_${name}_text`)}</span>
          </Link>
        ))}
      </div>
    </Card>
  );
}
