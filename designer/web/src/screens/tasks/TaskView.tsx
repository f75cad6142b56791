// One task: what is asked, what one needs to know, what others said; and the decision at the thumb.

import { ApartmentOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "../../api/session";
import type { Task } from "../../api/types";
import { Card, ErrorState, Loading, PageHeader } from "../../ui/page";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { ValueView } from "../../ui/ValueView";
import { DecisionPanel } from "./DecisionPanel";
import { Due } from "./Due";
import { nameOf } from "./names";
import { Deciders, Timeline } from "./People";
import { useTask } from "./queries";

interface TaskViewProps {
  id: string;
  nextAddress: string;
  back?: string;
}

export function TaskView({ id, nextAddress, back }: TaskViewProps) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  const { data: task, error, refetch } = useTask(id);
  const header = (
    <PageHeader
      title={task ? text(task.title) || text(task.node_name) : t("task")}
      {...(back === undefined ? {} : { back })}
    />
  );
  if (task === undefined) {
    return (
      <>
        {header}
        <div className="hr-page-body">
          {error ? <ErrorState error={error} onRetry={refetch} /> : <Loading rows={6} />}
        </div>
      </>
    );
  }
  return (
    <article className="hr-task" data-testid="task-view">
      {header}
      <div className="hr-page-body hr-stack hr-task-body">
        <Facts task={task} />
        {task.description && <p className="hr-task-asked">{text(task.description)}</p>}
        {(task.show ?? []).length > 0 && <Shown task={task} />}
        <DecisionPanel task={task} nextAddress={nextAddress} />
        <Deciders task={task} />
        <Timeline entries={task.timeline ?? []} />
      </div>
    </article>
  );
}

function Facts({ task }: { task: Task }) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  const may = useMay();
  const initiator = nameOf(task.initiator);
  return (
    <div className="hr-task-facts">
      {task.status === "open" ? <Due at={task.due_at} /> : <StatusTag status={task.status} />}
      <span>{text(task.flow_name)}</span>
      {task.business_key && <code>{task.business_key}</code>}
      {initiator && <span>{t("from", { name: initiator })}</span>}
      <RelativeTime at={task.created_at} />
      {may("instances:read") && (
        <Link to={`/instances/${task.instance_id}`} data-testid="link-instance">
          <ApartmentOutlined aria-hidden /> {t("see_flow")}
        </Link>
      )}
    </div>
  );
}

function Shown({ task }: { task: Task }) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  return (
    <Card title={t("shown")}>
      <dl className="hr-facts">
        {task.show.map((field) => (
          <div key={text(field.label)}>
            <dt>{text(field.label)}</dt>
            <dd>
              <ValueView value={field.value} />
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
