// The inbox: what waits for me, what I have done, what I have started. On a phone the list and the task are two
// pages; on a desk they stand side by side, and the first task is open.

import { CheckCircleOutlined } from "@ant-design/icons";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, NavLink, useParams } from "react-router";
import { useNarrow } from "../../theme/mode";
import { EmptyState, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { useDelayed } from "../../ui/useDelayed";
import { BOXES, type Box, useTaskList } from "./queries";
import { TaskList } from "./TaskList";
import { TaskView } from "./TaskView";
import "./tasks.css";

export default function Tasks() {
  const { t } = useTranslation("tasks");
  const params = useParams();
  const narrow = useNarrow();
  const box = BOXES.find((name) => name === params["box"]) ?? "todo";
  const [typed, setTyped] = useState("");
  const list = useTaskList(box, useDelayed(typed));
  const tasks = list.data?.pages.flatMap((page) => page.items);
  const id = params["id"] ?? (narrow || box === "started" ? undefined : tasks?.[0]?.id);
  const next =
    tasks?.find((_, index) => tasks[index - 1]?.id === id) ?? tasks?.find((one) => one.id !== id);
  const nextAddress = box === "todo" && next ? `/tasks/todo/${next.id}` : `/tasks/${box}`;

  if (narrow && id !== undefined) {
    return <TaskView key={id} id={id} back={`/tasks/${box}`} nextAddress={nextAddress} />;
  }
  return (
    <div className="hr-inbox">
      <div className="hr-inbox-list">
        <PageHeader
          title={t("title")}
          below={<Boxes box={box} typed={typed} onType={setTyped} />}
        />
        <TaskList box={box} list={list} tasks={tasks} openId={narrow ? undefined : id} />
      </div>
      {!narrow && (
        <section className="hr-inbox-task" aria-label={t("task")}>
          {id === undefined ? (
            <Placeholder box={box} />
          ) : (
            <TaskView key={id} id={id} nextAddress={nextAddress} />
          )}
        </section>
      )}
    </div>
  );
}

interface BoxesProps {
  box: Box;
  typed: string;
  onType: (typed: string) => void;
}

function Boxes({ box, typed, onType }: BoxesProps) {
  const { t } = useTranslation("tasks");
  return (
    <>
      <nav className="hr-boxes" aria-label={t("boxes")}>
        {BOXES.map((name) => (
          <NavLink
            key={name}
            to={`/tasks/${name}`}
            className={name === box ? "active" : ""}
            aria-current={name === box ? "page" : undefined}
            data-testid={`box-${name}`}
          >
            {t(`box.${name}`)}
          </NavLink>
        ))}
      </nav>
      <SearchField label={t("search")} value={typed} onChange={onType} />
    </>
  );
}

function Placeholder({ box }: { box: Box }) {
  const { t } = useTranslation("tasks");
  return (
    <EmptyState
      icon={<CheckCircleOutlined />}
      title={t(box === "todo" ? "clear" : "choose")}
      text={t(box === "todo" ? "clear_text" : "choose_text")}
      {...(box === "todo" ? { action: <Link to="/start">{t("start_one")}</Link> } : {})}
      testId="no-task"
    />
  );
}
