// The rows of a box, or what to do when there are none.

import { FilterOutlined, InboxOutlined, SmileOutlined } from "@ant-design/icons";
import { Button } from "antd";
import useApp from "antd/es/app/useApp";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { ApiError } from "../../api/client";
import { useNarrow } from "../../theme/mode";
import { useErrorText } from "../../ui/errorText";
import { EmptyState, ErrorState, Loading } from "../../ui/page";
import { useText } from "../../ui/text";
import type { Box } from "./boxes";
import { useDecide, type useTaskList } from "./queries";
import { TaskRow } from "./TaskRow";
import type { TaskItem } from "./task";
import { useTold } from "./told";

interface TaskListProps {
  box: Box;
  list: ReturnType<typeof useTaskList>;
  tasks: TaskItem[] | undefined;
  openId: string | undefined;
  /** Something is filtered or searched, so that "nothing" may mean "nothing of that". */
  narrowed: boolean;
  onWiden: () => void;
  addressOf: (task: TaskItem) => string;
  choosing: boolean;
  chosen: ReadonlySet<string>;
  onChoose: (id: string) => void;
}

export function TaskList(props: TaskListProps) {
  const { box, list, tasks, openId, choosing, chosen, onChoose, addressOf } = props;
  const { t } = useTranslation(["tasks", "app"]);
  const { decide, busy } = useQuickDecision(addressOf);
  if (tasks === undefined) {
    return (
      <div className="hr-inbox-rows">
        {list.error ? <ErrorState error={list.error} onRetry={list.refetch} /> : <Loading tall />}
      </div>
    );
  }
  if (tasks.length === 0) return <Nothing {...props} />;
  return (
    <>
      {list.isRefetchError && <ErrorState error={list.error} onRetry={list.refetch} />}
      <ul className="hr-inbox-rows" aria-label={t(`box.${box}`)}>
        {tasks.map((task) => (
          <li key={task.id}>
            <TaskRow
              box={box}
              task={task}
              open={task.id === openId}
              address={addressOf(task)}
              choosing={choosing}
              chosen={chosen.has(task.id)}
              onChoose={onChoose}
              onDecide={decide}
              busy={busy === task.id}
            />
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <More loading={list.isFetchingNextPage} load={() => void list.fetchNextPage()} />
      )}
    </>
  );
}

/** The next page comes when one has scrolled there; the button is for whom it does not. */
function More({ loading, load }: { loading: boolean; load: () => void }) {
  const { t } = useTranslation("app");
  const frame = useRef<HTMLDivElement>(null);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    if (!frame.current || typeof IntersectionObserver === "undefined") return;
    const watch = new IntersectionObserver(([seen]) => seen?.isIntersecting && latest.current(), {
      rootMargin: "200px",
    });
    watch.observe(frame.current);
    return () => watch.disconnect();
  }, []);
  return (
    <div className="hr-more" ref={frame}>
      <Button onClick={load} loading={loading} data-testid="btn-more">
        {t("action.more")}
      </Button>
    </div>
  );
}

function Nothing({ box, narrowed, onWiden }: TaskListProps) {
  const { t } = useTranslation("tasks");
  const narrow = useNarrow(); // on a desk the place beside it says it already
  if (narrowed) {
    return (
      <EmptyState
        icon={<FilterOutlined />}
        title={t("empty.narrowed")}
        text={t("empty.narrowed_text")}
        action={
          <Button onClick={onWiden} data-testid="btn-widen">
            {t("empty.widen")}
          </Button>
        }
        testId="nothing-found"
      />
    );
  }
  if (box === "todo" && !narrow) {
    return (
      <p className="hr-inbox-nothing hr-muted" data-testid="empty">
        {t("empty.todo_text")}
      </p>
    );
  }
  return (
    <EmptyState
      icon={box === "todo" ? <SmileOutlined /> : <InboxOutlined />}
      title={t(`empty.${box}`)}
      text={t(`empty.${box}_text`)}
      {...(box === "started" || box === "todo"
        ? { action: <Link to="/start">{t("start_one")}</Link> }
        : {})}
    />
  );
}

/** From the list itself: what needs more than a press opens the task instead. */
function useQuickDecision(addressOf: (task: TaskItem) => string) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  const { message } = useApp();
  const textOf = useErrorText();
  const navigate = useNavigate();
  const send = useDecide();
  const tell = useTold();
  const [busy, setBusy] = useState<string | null>(null);
  const decide = async (task: TaskItem, decision: string) => {
    setBusy(task.id);
    try {
      const now = await send.mutateAsync({ id: task.id, decision, comment: "", form: null });
      tell(decision, text(task.title), now);
    } catch (error) {
      if (error instanceof ApiError && error.status === 422) {
        message.info(t("needs_more"));
        navigate(addressOf(task));
      } else if (error instanceof ApiError && error.status === 409) {
        message.warning(t("conflict"));
      } else message.error(textOf(error));
    } finally {
      setBusy(null);
    }
  };
  return { decide: (task: TaskItem, decision: string) => void decide(task, decision), busy };
}
