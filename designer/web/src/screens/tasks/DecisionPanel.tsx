// The decision: a form if one is asked, a comment, and large buttons. Nothing is chosen beforehand and nothing is shown as
// done before the server says so. What is typed survives a reload, a lost session and a lost race.

import {
  CheckOutlined,
  CloseOutlined,
  EllipsisOutlined,
  EyeOutlined,
  RollbackOutlined,
  SendOutlined,
} from "@ant-design/icons";
import { Button } from "antd";
import { type ReactNode, Suspense, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { ApiError } from "../../api/client";
import { showFirstProblem } from "../../ui/form/showFirstProblem";
import type { FormProblem } from "../../ui/form/validate";
import { lazy } from "../../ui/lazy";
import { Card, Loading } from "../../ui/page";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import { AnswerBox } from "./AnswerBox";
import { useKept } from "./kept";
import { useAct, useDecide } from "./queries";
import type { FormHandle } from "./TaskForm";
import { actionOf, formOf, type TaskDetail } from "./task";
import { useTold } from "./told";
import { useStands } from "./useStands";
import "../../ui/form/SchemaForm.css";

const TaskForm = lazy(() => import("./TaskForm"));
const MendForm = lazy(() => import("./MendForm"));
const More = lazy(() => import("./actions/MoreSheet"));

const LOOK: Record<string, ReactNode> = {
  approved: <CheckOutlined aria-hidden />,
  rejected: <CloseOutlined aria-hidden />,
  returned: <RollbackOutlined aria-hidden />,
  confirm: <EyeOutlined aria-hidden />,
  resubmit: <SendOutlined aria-hidden />,
};
const COMMENT_MAX = 4_000;

interface DecisionPanelProps {
  task: TaskDetail;
  nextAddress: string;
  /** What stands between the form and the buttons. */
  children?: ReactNode;
}

export function DecisionPanel({ task, nextAddress, children }: DecisionPanelProps) {
  const { t } = useTranslation("tasks");
  const [comment, setComment, forget] = useKept<string>(`comment.${task.id}`, "");
  const [problems, setProblems] = useState<FormProblem[]>([]);
  const form = useRef<FormHandle | null>(null);
  const { send, pressed, trouble } = useSending(task, nextAddress, setProblems, () => {
    forget();
    form.current?.forget();
  });
  const role = roleOf(task);
  const open = role !== "none";
  const press = (decision: string) => {
    // Who refuses need not fill in what only a yes needs; the server has the last word.
    const ready = form.current?.ready(decision !== "approved" && decision !== "resubmit");
    setProblems(ready?.problems ?? []);
    if (ready && ready.problems.length > 0) return showFirstProblem();
    return send(decision, comment, ready?.value ?? null);
  };
  return (
    <>
      {trouble}
      {!open && trouble === null && <Closed task={task} nextAddress={nextAddress} />}
      {!open && comment.trim() !== "" && (
        <p className="hr-note" data-testid="unsent">
          {t("unsent")} <q>{comment}</q>{" "}
          <Button type="link" size="small" onClick={forget}>
            {t("unsent_drop")}
          </Button>
        </p>
      )}
      {role === "resubmit" && (
        <Suspense fallback={<Loading rows={3} />}>
          <MendForm
            task={task}
            problems={problems}
            onProblems={setProblems}
            disabled={pressed !== null}
            readOnly={false}
            handle={form}
          />
        </Suspense>
      )}
      {formOf(task) !== null && role !== "resubmit" && (
        <Suspense fallback={<Loading rows={3} />}>
          <TaskForm
            task={task}
            problems={problems}
            onProblems={setProblems}
            disabled={pressed !== null}
            readOnly={role !== "decide"}
            handle={form}
          />
        </Suspense>
      )}
      {role === "answer" && <AnswerBox task={task} />}
      {(role === "decide" || role === "resubmit") && (
        <Card className="hr-comment-card">
          <label className="hr-field-label" htmlFor="comment">
            {t("comment")}
          </label>
          <textarea
            id="comment"
            className="hr-input"
            rows={2}
            maxLength={COMMENT_MAX}
            placeholder={t("comment_hint")}
            value={comment}
            disabled={pressed !== null}
            onChange={(event) => setComment(event.target.value)}
            data-testid="comment"
          />
        </Card>
      )}
      {children}
      <Bar
        task={task}
        role={role}
        pressed={pressed}
        onPress={press}
        comment={comment}
        onActed={() => setComment("")}
        nextAddress={nextAddress}
      />
    </>
  );
}

type Role = "decide" | "confirm" | "resubmit" | "answer" | "none";

/** What is expected of me now. */
function roleOf(task: TaskDetail): Role {
  if (task.status !== "open") return "none";
  const kind = task.kind ?? "decide";
  if (kind === "confirm" || kind === "resubmit" || kind === "answer") {
    return actionOf(task, kind)?.allowed ? kind : "none";
  }
  return task.can_decide ? "decide" : "none";
}

interface BarProps {
  task: TaskDetail;
  role: Role;
  pressed: string | null;
  onPress: (decision: string) => void;
  comment: string;
  onActed: () => void;
  nextAddress: string;
}

function Bar({ task, role, pressed, onPress, comment, onActed, nextAddress }: BarProps) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  const [more, setMore] = useState(false);
  const order = ["returned", "rejected", "approved"]; // the thumb of the right hand finds yes first
  const buttons =
    role === "decide"
      ? [...task.buttons].sort(
          (one, other) => order.indexOf(one.decision) - order.indexOf(other.decision),
        )
      : role === "confirm" || role === "resubmit"
        ? [{ decision: role, title: {} }]
        : [];
  const actions = (task.actions ?? []).filter((each) => each.action !== "comment");
  if (buttons.length === 0 && !actions.some((each) => each.allowed)) return null;
  return (
    <fieldset className="hr-decision">
      <legend className="hr-hidden">{t("decision")}</legend>
      {actions.length > 0 && (
        <Button
          size="large"
          className={buttons.length > 0 ? "hr-decide-more" : "hr-decide"}
          icon={<EllipsisOutlined />}
          {...(buttons.length > 0 ? { "aria-label": t("more") } : {})}
          aria-haspopup="dialog"
          disabled={pressed !== null}
          onClick={() => setMore(true)}
          data-testid="btn-more-actions"
        >
          {buttons.length > 0 ? null : t("more")}
        </Button>
      )}
      {buttons.map(({ decision, title }) => (
        <Button
          key={decision}
          size="large"
          className={`hr-decide hr-decide-${decision}`}
          type={decision === "rejected" || decision === "returned" ? "default" : "primary"}
          danger={decision === "rejected"}
          icon={LOOK[decision]}
          loading={pressed === decision}
          disabled={pressed !== null && pressed !== decision}
          onClick={() => onPress(decision)}
          data-testid={`btn-${decision}`}
        >
          {text(title) || t(`button.${decision}`, { defaultValue: decision })}
        </Button>
      ))}
      {more && (
        <Suspense>
          <More
            task={task}
            comment={comment}
            onActed={onActed}
            onClose={() => setMore(false)}
            nextAddress={nextAddress}
          />
        </Suspense>
      )}
    </fieldset>
  );
}

function useSending(
  task: TaskDetail,
  nextAddress: string,
  setProblems: (problems: FormProblem[]) => void,
  forget: () => void,
) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  const navigate = useNavigate();
  const tell = useTold();
  const decide = useDecide();
  const act = useAct(task.id);
  const stands = useStands();
  const [pressed, setPressed] = useState<string | null>(null);
  const [trouble, setTrouble] = useState<unknown>(null);

  const send = async (
    decision: string,
    comment: string,
    form: Record<string, unknown> | null,
  ): Promise<void> => {
    setTrouble(null);
    setPressed(decision);
    const { revision, nonce, form_version } = task;
    try {
      const now =
        decision === "confirm" || decision === "resubmit"
          ? await act.mutateAsync({
              action: decision,
              args: {
                ...(form ? { variables: form } : {}),
                ...(comment.trim() ? { comment: comment.trim() } : {}),
                ...(nonce ? { nonce } : {}),
              },
            })
          : await decide.mutateAsync({
              id: task.id,
              decision,
              comment,
              form,
              ...(form ? { form_version } : {}),
              revision,
              nonce,
            });
      forget();
      tell(decision, text(task.title), now);
      navigate(nextAddress, { replace: true });
    } catch (error) {
      setTrouble(error);
      if (error instanceof ApiError && error.status === 422) {
        setProblems(problemsOf(error, decision === "resubmit" ? "/variables" : "/form"));
        showFirstProblem();
      }
    } finally {
      setPressed(null);
    }
  };
  /** A conflict has already loaded the task anew, so the page shows how it stands; what was typed is still there. */
  const told = (error: unknown) =>
    error instanceof ApiError && error.status === 409 ? (
      <Trouble
        error={error.code === "form_changed" ? t("form_changed_text") : stands(error)}
        title={t(error.code === "form_changed" ? "form_changed" : "conflict")}
        testId="conflict"
      >
        {task.status === "open" && <p>{t("typed_is_kept")}</p>}
        <Next address={nextAddress} />
      </Trouble>
    ) : (
      <Trouble
        error={error}
        title={t("not_sent")}
        known={["form", "variables", ...Object.keys(formOf(task)?.schema.properties ?? {})]}
      />
    );
  return { send, pressed, trouble: trouble ? told(trouble) : null };
}

/** What the server found in the form, with paths that begin at the form. */
function problemsOf(error: ApiError, prefix: string): FormProblem[] {
  return error.problems
    .filter((problem) => problem.path.startsWith(`${prefix}/`))
    .map((problem) => ({ ...problem, path: problem.path.slice(prefix.length) }));
}

function Closed({ task, nextAddress }: { task: TaskDetail; nextAddress: string }) {
  const { t } = useTranslation("tasks");
  const role = task.kind === "cc" ? "cc" : task.status === "open" ? "not_yours" : "closed";
  return (
    <p className="hr-task-closed" data-testid="task-closed">
      {t(role)} <Next address={nextAddress} />
    </p>
  );
}

function Next({ address }: { address: string }) {
  const { t } = useTranslation("tasks");
  return address.startsWith("/tasks/todo/") ? (
    <Link to={address} data-testid="link-next">
      {t("next")}
    </Link>
  ) : null;
}
