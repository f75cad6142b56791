// The rows of a box: what it is about without opening it.

import { SmileOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { TaskSummary } from "../../api/types";
import { EmptyState, ErrorState, Loading } from "../../ui/page";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { plainValue } from "../../ui/ValueView";
import { Due } from "./Due";
import { nameOf } from "./names";
import type { Box, useTaskList } from "./queries";

const SUMMARY_MAX = 3;

interface TaskListProps {
  box: Box;
  list: ReturnType<typeof useTaskList>;
  tasks: TaskSummary[] | undefined;
  openId: string | undefined;
}

export function TaskList({ box, list, tasks, openId }: TaskListProps) {
  const { t } = useTranslation(["tasks", "app"]);
  if (tasks === undefined) {
    return (
      <div className="hr-inbox-rows">
        {list.error ? <ErrorState error={list.error} onRetry={list.refetch} /> : <Loading tall />}
      </div>
    );
  }
  if (tasks.length === 0) {
    return (
      <EmptyState
        icon={<SmileOutlined />}
        title={t(`empty.${box}`)}
        text={t(`empty.${box}_text`)}
      />
    );
  }
  return (
    <>
      <ul className="hr-inbox-rows" aria-label={t(`box.${box}`)}>
        {tasks.map((task) => (
          <li key={task.id}>
            <TaskRow box={box} task={task} open={task.id === openId} />
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <div className="hr-more">
          <Button onClick={() => list.fetchNextPage()} loading={list.isFetchingNextPage}>
            {t("app:action.more")}
          </Button>
        </div>
      )}
    </>
  );
}

function TaskRow({ box, task, open }: { box: Box; task: TaskSummary; open: boolean }) {
  const { t } = useTranslation("tasks");
  const { text, language } = useText();
  const initiator = nameOf(task.initiator);
  return (
    <Link
      to={addressOf(box, task)}
      className={open ? "hr-task-row hr-task-row-open" : "hr-task-row"}
      aria-current={open ? "true" : undefined}
      data-testid={`task-${task.id}`}
    >
      <span className="hr-task-row-head">
        <strong>{text(task.title) || text(task.node_name)}</strong>
        {box === "todo" ? (
          <Due at={task.due_at} />
        ) : (
          <StatusTag status={task.decision ?? task.status} />
        )}
      </span>
      {(task.summary ?? []).length > 0 && (
        <span className="hr-task-summary">
          {task.summary.slice(0, SUMMARY_MAX).map((field) => (
            <span key={text(field.label)}>
              <span className="hr-muted">{text(field.label)}</span>{" "}
              {plainValue(field.value, language)}
            </span>
          ))}
        </span>
      )}
      <span className="hr-task-row-foot">
        <span>
          {text(task.flow_name)}
          {initiator && ` · ${t("from", { name: initiator })}`}
        </span>
        <RelativeTime at={task.created_at} />
      </span>
    </Link>
  );
}

/** What I started is an instance, which may have no task of mine. */
function addressOf(box: Box, task: TaskSummary): string {
  return box === "started" && task.id === task.instance_id
    ? `/instances/${task.instance_id}`
    : `/tasks/${box}/${task.id}`;
}
