// One row of a box: what it is about without opening it. On a phone it can be pulled aside to decide at once.

import { CheckOutlined, CloseOutlined } from "@ant-design/icons";
import { type PointerEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { StatusTag, Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { plainValue } from "../../ui/ValueView";
import type { Box } from "./boxes";
import { Due } from "./Due";
import { begin, OPEN_PX, pull, type Swipe, settles } from "./swipe";
import { nameOf, type TaskItem } from "./task";

const SUMMARY_MAX = 3;
/** What is not a decision is said in the row. */
const SPECIAL = ["confirm", "resubmit", "answer"] as const;

export interface RowProps {
  box: Box;
  task: TaskItem;
  open: boolean;
  address: string;
  /** Rows are being chosen: a press chooses instead of opening. */
  choosing: boolean;
  chosen: boolean;
  onChoose: (id: string) => void;
  /** A decision from the list itself; absent where none is possible. */
  onDecide?: ((task: TaskItem, decision: string) => void) | undefined;
  busy: boolean;
}

export function TaskRow(props: RowProps) {
  const { box, task, open, address, choosing, chosen, onChoose } = props;
  const { t } = useTranslation("tasks");
  const { text } = useText();
  const navigate = useNavigate();
  const title = text(task.title) || text(task.node_name);
  const quick = props.onDecide && isQuick(box, task);
  const swipe = useSwipe(quick === true && !choosing);
  const look = [
    "hr-task-row",
    open ? "hr-task-row-open" : "",
    chosen ? "hr-task-row-chosen" : "",
    box === "cc" && task.seen === false ? "hr-task-row-new" : "",
  ];
  return (
    <div
      className="hr-swipe"
      data-pulled={swipe.offset !== 0 || undefined}
      data-busy={props.busy || undefined}
    >
      {swipe.offset !== 0 && (
        <div className="hr-swipe-actions" style={{ width: OPEN_PX }}>
          {(["rejected", "approved"] as const).map((decision) => (
            <button
              key={decision}
              type="button"
              className={`hr-swipe-${decision}`}
              onClick={() => {
                swipe.close();
                props.onDecide?.(task, decision);
              }}
              data-testid={`swipe-${decision}`}
            >
              {decision === "approved" ? (
                <CheckOutlined aria-hidden />
              ) : (
                <CloseOutlined aria-hidden />
              )}
              {t(`button.${decision}`)}
            </button>
          ))}
        </div>
      )}
      <div
        className={look.filter(Boolean).join(" ")}
        style={swipe.offset === 0 ? undefined : { transform: `translateX(${swipe.offset}px)` }}
        data-moving={swipe.moving || undefined}
        {...swipe.handlers}
      >
        {choosing && (
          <input
            type="checkbox"
            className="hr-task-tick"
            checked={chosen}
            onChange={() => onChoose(task.id)}
            aria-label={t("select_one", { title })}
            data-testid={`tick-${task.id}`}
          />
        )}
        <Link
          to={address}
          className="hr-task-link"
          aria-current={open ? "true" : undefined}
          draggable={false}
          onClick={(event) => {
            if (swipe.swallow() || choosing) event.preventDefault();
            if (choosing) onChoose(task.id);
            else if (!event.defaultPrevented && open) {
              event.preventDefault();
              navigate(address, { replace: true });
            }
          }}
          data-testid={`task-${task.id}`}
        >
          <RowText box={box} task={task} title={title} />
        </Link>
      </div>
    </div>
  );
}

function RowText({ box, task, title }: { box: Box; task: TaskItem; title: string }) {
  const { t } = useTranslation("tasks");
  const { text, language } = useText();
  const initiator = nameOf(task.initiator);
  const behalf = nameOf(task.on_behalf_of);
  const kind = SPECIAL.find((each) => each === task.kind);
  return (
    <>
      <span className="hr-task-row-head">
        <strong>{title}</strong>
        {box === "todo" || (task.status === "open" && box !== "done") ? (
          <Due
            at={task.due_at}
            pausedAt={task.paused_at}
            warned={task.warned}
            from={task.created_at}
          />
        ) : (
          <StatusTag status={(box === "done" ? task.decision : null) ?? task.status} />
        )}
      </span>
      {(kind || behalf || (task.round ?? 1) > 1) && (
        <span className="hr-task-tags">
          {kind && <Tag tone="accent">{t(`kind.${kind}`)}</Tag>}
          {behalf && <Tag tone="info">{t("on_behalf", { name: behalf })}</Tag>}
          {(task.round ?? 1) > 1 && <Tag>{t("round", { count: task.round })}</Tag>}
        </span>
      )}
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
      {box === "started" && task.status === "open" && (
        <span className="hr-task-at">
          {t("waits_at", { name: text(task.step_at) || text(task.node_name) })}
        </span>
      )}
      <span className="hr-task-row-foot">
        <span>
          {text(task.flow_name)}
          {initiator && box !== "started" && ` · ${t("from", { name: initiator })}`}
        </span>
        <RelativeTime at={task.created_at} />
      </span>
    </>
  );
}

/** Can it be decided without seeing more? Not where something must be filled in. */
export function isQuick(box: Box, task: TaskItem): boolean {
  return (
    box === "todo" &&
    task.status === "open" &&
    (task.kind ?? "decide") === "decide" &&
    task.needs_form !== true
  );
}

function useSwipe(enabled: boolean) {
  const [swipe, setSwipe] = useState<Swipe | null>(null);
  const [open, setOpen] = useState(false);
  const pulled = useRef(false);
  const down = (event: PointerEvent) => {
    if (!enabled || event.pointerType === "mouse" || !event.isPrimary) return;
    pulled.current = false;
    setSwipe(begin(event.clientX, event.clientY, open));
  };
  const move = (event: PointerEvent) => {
    if (swipe === null) return;
    const next = pull(swipe, event.clientX, event.clientY);
    if (next.axis === "x" && swipe.axis === "none") {
      event.currentTarget.setPointerCapture(event.pointerId);
      pulled.current = true;
    }
    setSwipe(next);
  };
  const up = () => {
    if (swipe === null) return;
    setOpen(settles(swipe));
    setSwipe(null);
  };
  const handlers = {
    onPointerDown: down,
    onPointerMove: move,
    onPointerUp: up,
    onPointerCancel: up,
  };
  return {
    handlers: enabled ? handlers : {},
    moving: swipe?.axis === "x",
    offset: enabled ? (swipe?.offset ?? (open ? -OPEN_PX : 0)) : 0,
    close: () => setOpen(false),
    /** The press that ends a pull is no press; one on an open row only closes it. */
    swallow: () => {
      const ignore = pulled.current || open;
      if (open && !pulled.current) setOpen(false);
      pulled.current = false;
      return ignore;
    },
  };
}
