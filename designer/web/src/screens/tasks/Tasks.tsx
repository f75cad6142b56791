// The inbox: what waits for me, what I have done, what I have started, what I read along. On a phone the list and the task are
// two pages; on a desk they stand side by side, and the first task is open.

import {
  CheckCircleOutlined,
  CheckSquareOutlined,
  QuestionCircleOutlined,
} from "@ant-design/icons";
import { Button } from "antd";
import { Suspense, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { useNarrow } from "../../theme/mode";
import { lazy } from "../../ui/lazy";
import { EmptyState, Loading, PageHeader } from "../../ui/page";
import { useDelayed } from "../../ui/useDelayed";
import { BoxTabs, FilterBar } from "./BoxTabs";
import { type Box, countOf, type Filters, filtersOf, paramsOf, placeOf } from "./boxes";
import { sweep } from "./kept";
import { type KeyWish, step, whereIs, wishOf } from "./keys";
import { useTaskList } from "./queries";
import { TaskList } from "./TaskList";
import { isQuick } from "./TaskRow";
import type { TaskItem } from "./task";
import "../../ui/Sheet.css";
import "./tasks.css";

const loadView = () => import("./TaskView");
const TaskView = lazy(() => loadView().then((file) => ({ default: file.TaskView })));
const KeySheet = lazy(() => import("./KeySheet").then((file) => ({ default: file.KeySheet })));
const Bulk = lazy(() => import("./Bulk").then((file) => ({ default: file.Bulk })));

const FETCH_AFTER_MS = 1_500;

export default function Tasks() {
  const { t } = useTranslation("tasks");
  const params = useParams();
  const navigate = useNavigate();
  const narrow = useNarrow();
  const place = placeOf(params["box"], params["id"]);
  const { box } = place;
  const { filters, rested, setFilters, addressOf } = useFilters(box);
  const list = useTaskList(box, rested);
  const tasks = useMemo(() => list.data?.pages.flatMap((page) => page.items), [list.data]);
  const openId = place.id ?? (narrow ? undefined : tasks?.find((one) => !isCase(one))?.id);
  const choice = useChoice(box, tasks);
  const [help, setHelp] = useState(false);
  useEffect(() => {
    sweep(Date.now());
    // The list is there first; what shows a task is fetched while one looks at it.
    const timer = setTimeout(() => void loadView(), FETCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  useKeys((wish) => {
    const to = wish === "next" || wish === "previous" ? wish : null;
    if (to) {
      const found = step(tasks ?? [], openId, to === "next" ? 1 : -1);
      if (found) navigate(addressOf(found), { replace: openId !== undefined });
      return found !== undefined;
    }
    if (wish === "select") {
      if (openId && box === "todo") choice.toggle(openId);
      return true;
    }
    if (wish === "help") setHelp(true);
    return doOnPage(wish);
  });

  const open = (tasks ?? []).findIndex((one) => one.id === openId);
  const next = (tasks ?? [])[open + 1] ?? tasks?.find((one) => one.id !== openId);
  const home = `/tasks/${box}${queryOf(filters, box)}`;
  const nextAddress = box === "todo" && next ? addressOf(next) : home;
  const view = (id: string, back?: string) => (
    <Suspense
      fallback={
        <div className="hr-page-body">
          <Loading rows={6} />
        </div>
      }
    >
      <TaskView
        key={id}
        id={id}
        nextAddress={nextAddress}
        {...(back === undefined ? {} : { back })}
      />
    </Suspense>
  );

  if (narrow && openId !== undefined) return view(openId, home);
  return (
    <div className="hr-inbox">
      <div className="hr-inbox-list">
        <PageHeader
          title={t("title")}
          actions={
            <>
              {box === "todo" && (tasks?.length ?? 0) > 1 && (
                <Button
                  type="text"
                  icon={<CheckSquareOutlined />}
                  aria-pressed={choice.on}
                  onClick={choice.switch}
                  data-testid="btn-select"
                >
                  {t(choice.on ? "select_end" : "select")}
                </Button>
              )}
              {!narrow && (
                <button
                  type="button"
                  className="hr-icon-link"
                  aria-label={t("keys.title")}
                  onClick={() => setHelp(true)}
                  data-testid="btn-keys"
                >
                  <QuestionCircleOutlined aria-hidden />
                </button>
              )}
            </>
          }
          below={
            <>
              <BoxTabs box={box} />
              <FilterBar box={box} filters={filters} tasks={tasks} onChange={setFilters} />
            </>
          }
        />
        <TaskList
          box={box}
          list={list}
          tasks={tasks}
          openId={narrow ? undefined : openId}
          narrowed={filters.search !== "" || countOf({ ...filters, sort: "due" }, "todo") > 0}
          onWiden={() => setFilters({ ...filters, search: "", flow: "", late: false })}
          addressOf={addressOf}
          choosing={choice.on}
          chosen={choice.ids}
          onChoose={choice.toggle}
        />
        {choice.on && (
          <Suspense>
            <Bulk
              tasks={(tasks ?? []).filter((task) => choice.ids.has(task.id))}
              all={(tasks ?? []).filter((task) => isQuick(box, task))}
              onChoose={choice.set}
              onEnd={choice.end}
            />
          </Suspense>
        )}
      </div>
      {!narrow && (
        <section className="hr-inbox-task" aria-label={t("task")}>
          {openId === undefined ? (
            <Placeholder box={box} waiting={(tasks?.length ?? 0) > 0} />
          ) : (
            view(openId)
          )}
        </section>
      )}
      {help && (
        <Suspense>
          <KeySheet onClose={() => setHelp(false)} />
        </Suspense>
      )}
    </div>
  );
}

/** What I started is an instance, which may have no task of mine. */
function isCase(task: TaskItem): boolean {
  return task.id === task.instance_id;
}

function queryOf(filters: Filters, box: Box): string {
  const params = `${paramsOf(filters, box)}`;
  return params ? `?${params}` : "";
}

/** Filters stand in the address; the search follows the typing after a rest. */
function useFilters(box: Box) {
  const [params, setParams] = useSearchParams();
  const filters = filtersOf(params, box);
  const search = useDelayed(filters.search);
  return {
    filters,
    rested: { ...filters, search },
    setFilters: (next: Filters) => setParams(paramsOf(next, box), { replace: true }),
    addressOf: (task: TaskItem) =>
      isCase(task)
        ? `/instances/${task.instance_id}`
        : `/tasks/${box}/${task.id}${queryOf(filters, box)}`,
  };
}

/** Rows that are ticked, to be decided together; what has gone from the list is not ticked any more. */
function useChoice(box: Box, tasks: TaskItem[] | undefined) {
  const [on, setOn] = useState(false);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  // biome-ignore lint/correctness/useExhaustiveDependencies: another box is another choice
  useEffect(() => {
    setOn(false);
    setTicked(new Set());
  }, [box]);
  const there = new Set((tasks ?? []).map((task) => task.id));
  const ids = new Set([...ticked].filter((id) => there.has(id)));
  const end = () => {
    setOn(false);
    setTicked(new Set());
  };
  return {
    on,
    ids: ids as ReadonlySet<string>,
    set: (next: string[]) => setTicked(new Set(next)),
    switch: () => (on ? end() : setOn(true)),
    end,
    toggle: (id: string) => {
      setOn(true);
      const next = new Set(ids);
      if (!next.delete(id)) next.add(id);
      setTicked(next);
    },
  };
}

function useKeys(act: (wish: KeyWish) => boolean) {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const wish = wishOf(event, whereIs(event.target));
      if (wish !== null && act(wish)) event.preventDefault();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  });
}

/** Wishes that lead to something on the page: a decision's key goes to its button, where Enter presses it. */
function doOnPage(wish: KeyWish): boolean {
  const at = (id: string) => document.querySelector<HTMLElement>(`[data-testid="${id}"]`);
  if (wish === "leave") {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    return true;
  }
  if (wish === "more") {
    at("btn-more-actions")?.click();
    return at("btn-more-actions") !== null;
  }
  if (wish === "open") {
    at("task-view")?.focus();
    return at("task-view") !== null;
  }
  const targets: Partial<Record<KeyWish, string>> = {
    approved: "btn-approved",
    rejected: "btn-rejected",
    returned: "btn-returned",
    comment: "comment",
    search: "search",
  };
  const target = at(targets[wish] ?? "");
  target?.focus();
  target?.setAttribute("data-by-key", "");
  target?.addEventListener("blur", () => target.removeAttribute("data-by-key"), { once: true });
  return target !== null;
}

function Placeholder({ box, waiting }: { box: Box; waiting: boolean }) {
  const { t } = useTranslation("tasks");
  const clear = box === "todo" && !waiting;
  return (
    <EmptyState
      icon={<CheckCircleOutlined />}
      title={t(clear ? "clear" : "choose")}
      text={t(clear ? "clear_text" : "choose_text")}
      {...(clear ? { action: <Link to="/start">{t("start_one")}</Link> } : {})}
      testId="no-task"
    />
  );
}
