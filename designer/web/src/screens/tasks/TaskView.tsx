// One task: what is asked, what one needs to know, where it stands, what others said; and the decision at the thumb.

import {
  ApartmentOutlined,
  FileOutlined,
  PauseCircleOutlined,
  RollbackOutlined,
  SolutionOutlined,
} from "@ant-design/icons";
import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ApiError, addressOf } from "../../api/client";
import { useMay } from "../../api/session";
import { lazy } from "../../ui/lazy";
import { Card, EmptyState, ErrorState, Loading, PageHeader } from "../../ui/page";
import { StatusTag, Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { ValueView } from "../../ui/ValueView";
import { Deadlines } from "./Deadlines";
import { DecisionPanel } from "./DecisionPanel";
import { Discussion } from "./Discussion";
import { Due } from "./Due";
import { Path } from "./Path";
import { useTask } from "./queries";
import { Seats } from "./Seats";
import { Timeline } from "./Timeline";
import { changesOf, formOf, nameOf, type TaskDetail } from "./task";

const Changes = lazy(() => import("./Changes").then((file) => ({ default: file.Changes })));

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
          {error ? <Missing error={error} onRetry={refetch} /> : <Loading rows={6} />}
        </div>
      </>
    );
  }
  return (
    <article className="hr-task" data-testid="task-view" tabIndex={-1}>
      {header}
      <div className="hr-page-body hr-stack hr-task-body">
        <Facts task={task} />
        <Paused task={task} />
        <SentBack task={task} />
        {text(task.description) && <p className="hr-task-asked">{text(task.description)}</p>}
        <Shown task={task} />
        {changesOf(task).length > 0 && (
          <Suspense>
            <Changes task={task} />
          </Suspense>
        )}
        <DecisionPanel task={task} nextAddress={nextAddress}>
          <Attachments task={task} />
          <div className="hr-task-aside">
            <Seats task={task} />
            <Path task={task} />
            <Deadlines task={task} />
          </div>
          <Discussion task={task} />
          <Timeline entries={task.timeline ?? []} />
        </DecisionPanel>
      </div>
    </article>
  );
}

/** Not mine, or not there: said as what it is, with a way on. */
function Missing({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation("tasks");
  const status = error instanceof ApiError ? error.status : 0;
  if (status !== 403 && status !== 404) return <ErrorState error={error} onRetry={onRetry} />;
  return (
    <EmptyState
      icon={<SolutionOutlined />}
      title={t(status === 403 ? "stranger" : "gone")}
      text={t(status === 403 ? "stranger_text" : "gone_text")}
      action={<Link to="/tasks/todo">{t("to_inbox")}</Link>}
      testId="task-missing"
    />
  );
}

function Facts({ task }: { task: TaskDetail }) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  const may = useMay();
  const initiator = nameOf(task.initiator);
  const behalf = nameOf(task.on_behalf_of);
  return (
    <div className="hr-task-facts">
      {task.status === "open" ? (
        <Due
          at={task.due_at}
          pausedAt={task.paused_at}
          warned={task.warned}
          from={task.created_at}
        />
      ) : (
        <StatusTag status={task.status} />
      )}
      {behalf && <Tag tone="info">{t("on_behalf", { name: behalf })}</Tag>}
      {(task.round ?? 1) > 1 && <Tag>{t("round", { count: task.round })}</Tag>}
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

function Paused({ task }: { task: TaskDetail }) {
  const { t } = useTranslation("tasks");
  if (!task.paused_at || task.status !== "open") return null;
  return (
    <p className="hr-note" role="status" data-testid="paused">
      <PauseCircleOutlined aria-hidden /> {t("paused_text")} <RelativeTime at={task.paused_at} />
    </p>
  );
}

/** Why it came back stands first: it is what has to be mended. */
function SentBack({ task }: { task: TaskDetail }) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  const back = task.sent_back;
  if (!back) return null;
  const name = nameOf(back.by) || t("engine");
  const node = text(back.node_name);
  return (
    <div className="hr-sent-back" role="note" data-testid="sent-back">
      <RollbackOutlined aria-hidden />
      <div>
        <p>
          <strong>{node ? t("sent_back_at", { name, node }) : t("sent_back", { name })}</strong>{" "}
          {back.at && (
            <span className="hr-muted hr-small">
              <RelativeTime at={back.at} />
            </span>
          )}
        </p>
        {back.text && <p className="hr-note-text">{back.text}</p>}
        {back.after && (
          <p className="hr-muted hr-small">
            {t(`sent_back_after.${back.after}`, { name, defaultValue: "" })}
          </p>
        )}
      </div>
    </div>
  );
}

function Shown({ task }: { task: TaskDetail }) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  // What the form shows anyway need not stand twice.
  const inForm = new Set(Object.keys(formOf(task)?.value ?? {}));
  const shown = (task.show ?? []).filter((field) => !inForm.has(text(field.label)));
  if (shown.length === 0) return null;
  return (
    <Card title={t("shown")}>
      <dl className="hr-facts">
        {shown.map((field) => (
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

const KB = 1_000;

function Attachments({ task }: { task: TaskDetail }) {
  const { t } = useTranslation("tasks");
  // Those of the form stand in it.
  const inForm = JSON.stringify(formOf(task)?.value ?? {});
  const files = (task.attachments ?? []).filter(({ id }) => !inForm.includes(`"${id}"`));
  if (files.length === 0) return null;
  return (
    <Card title={t("attachments")}>
      <ul className="hr-attachments">
        {files.map((file) => (
          <li key={file.id}>
            <a
              href={addressOf(`/api/files/${file.id}?task=${encodeURIComponent(task.id)}`)}
              target="_blank"
              rel="noreferrer"
              data-testid={`file-${file.id}`}
            >
              <FileOutlined aria-hidden /> {file.name}
            </a>
            <span className="hr-muted hr-small">{sizeText(file.size)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function sizeText(bytes: number): string {
  if (bytes < KB) return `${bytes} B`;
  if (bytes < KB * KB) return `${Math.round(bytes / KB)} kB`;
  return `${(bytes / KB / KB).toFixed(1)} MB`;
}
