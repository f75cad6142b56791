// The decision: a form if one is asked, a comment, and large buttons. Nothing is chosen beforehand and nothing is
// shown as done before the server says so. What is typed survives a reload of the page.

import { CheckOutlined, CloseOutlined, RollbackOutlined } from "@ant-design/icons";
import { App, Button } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { ApiError } from "../../api/client";
import type { JsonObject, Task } from "../../api/types";
import { SchemaForm } from "../../ui/form/SchemaForm";
import { showFirstProblem } from "../../ui/form/showFirstProblem";
import { problemsOf } from "../../ui/form/useForm";
import { type FormProblem, remaining, validateForm, withoutEmpty } from "../../ui/form/validate";
import { Card } from "../../ui/page";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import { useKept } from "./kept";
import { useDecide } from "./queries";

const LOOK: Record<string, ReactNode> = {
  approved: <CheckOutlined aria-hidden />,
  rejected: <CloseOutlined aria-hidden />,
  returned: <RollbackOutlined aria-hidden />,
};

interface Typed {
  comment: string;
  form: JsonObject;
}

export function DecisionPanel({ task, nextAddress }: { task: Task; nextAddress: string }) {
  const { t } = useTranslation("tasks");
  const [typed, setTyped, forget] = useKept<Typed>(`task.${task.id}`, { comment: "", form: {} });
  const [problems, setProblems] = useState<FormProblem[]>([]);
  const { send, pressed, trouble } = useSending(task, nextAddress, setProblems, forget);
  if (!task.can_decide) return trouble ?? <Closed task={task} nextAddress={nextAddress} />;

  const press = (decision: string) => {
    const form = task.form ? (withoutEmpty(typed.form) as JsonObject) : null;
    // Who refuses need not fill in what only a yes needs; the server has the last word.
    const found = task.form && decision === "approved" ? validateForm(task.form, form) : [];
    setProblems(found);
    if (found.length > 0) return showFirstProblem();
    return send({ decision, comment: typed.comment, form, version: task.version });
  };
  return (
    <>
      {trouble}
      {task.form && (
        <Card title={t("form")}>
          <SchemaForm
            schema={task.form}
            value={typed.form}
            onChange={(form) => {
              setProblems(remaining(problems, typed.form, form));
              setTyped({ ...typed, form });
            }}
            problems={problems}
            disabled={pressed !== null}
          />
        </Card>
      )}
      <Card>
        <label className="hr-field-label" htmlFor="comment">
          {t("comment")}
        </label>
        <textarea
          id="comment"
          className="hr-input"
          rows={2}
          placeholder={t("comment_hint")}
          value={typed.comment}
          disabled={pressed !== null}
          onChange={(event) => setTyped({ ...typed, comment: event.target.value })}
          data-testid="comment"
        />
      </Card>
      <Buttons task={task} pressed={pressed} onPress={press} />
    </>
  );
}

interface ButtonsProps {
  task: Task;
  pressed: string | null;
  onPress: (decision: string) => void;
}

function Buttons({ task, pressed, onPress }: ButtonsProps) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  const order = ["returned", "rejected", "approved"]; // the thumb of the right hand finds yes first
  const buttons = [...task.buttons].sort(
    (one, other) => order.indexOf(one.decision) - order.indexOf(other.decision),
  );
  return (
    <fieldset className="hr-decision">
      <legend className="hr-hidden">{t("decision")}</legend>
      {buttons.map(({ decision, title }) => (
        <Button
          key={decision}
          size="large"
          className={`hr-decide hr-decide-${decision}`}
          type={decision === "approved" ? "primary" : "default"}
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
    </fieldset>
  );
}

function useSending(
  task: Task,
  nextAddress: string,
  setProblems: (problems: FormProblem[]) => void,
  forget: () => void,
) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const decide = useDecide(task.id);
  const [trouble, setTrouble] = useState<unknown>(null);

  const send = async (decision: Parameters<typeof decide.mutateAsync>[0]) => {
    setTrouble(null);
    try {
      await decide.mutateAsync(decision);
      forget();
      message.success(
        t(`told.${decision.decision}`, { title: text(task.title), defaultValue: t("told.other") }),
      );
      navigate(nextAddress, { replace: true });
    } catch (error) {
      setTrouble(error);
      if (error instanceof ApiError && error.status === 422) {
        setProblems(problemsOf(error, "/form"));
        showFirstProblem();
      }
    }
  };
  /** A conflict has already loaded the task anew, so the page shows how it stands. */
  const told = (error: unknown) =>
    error instanceof ApiError && error.status === 409 ? (
      <Trouble error={t("conflict_text")} title={t("conflict")} testId="conflict">
        <Next address={nextAddress} />
      </Trouble>
    ) : (
      <Trouble
        error={error}
        title={t("not_sent")}
        known={["form", ...Object.keys(task.form?.properties ?? {})]}
      />
    );
  return {
    send,
    pressed: decide.isPending ? decide.variables.decision : null,
    trouble: trouble ? told(trouble) : null,
  };
}

function Closed({ task, nextAddress }: { task: Task; nextAddress: string }) {
  const { t } = useTranslation("tasks");
  return (
    <p className="hr-task-closed" data-testid="task-closed">
      {t(task.status === "open" ? "not_yours" : "closed")} <Next address={nextAddress} />
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
