// The form of a task. A file of its own, so that tasks without one do not load what draws forms.

import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { FormView } from "../../forms/FormView";
import { asksFor, type Ready, readyToSend, type ShownForm } from "../../forms/form";
import { waitingProblems } from "../../forms/onTheWay";
import { useFormDraft } from "../../forms/useFormDraft";
import { type FormProblem, remaining } from "../../ui/form/validate";
import { Card } from "../../ui/page";
import type { TaskDetail } from "./task";

/** What the buttons need of the form. */
export interface FormHandle {
  ready: (partly: boolean) => Ready;
  forget: () => void;
}

export interface TaskFormProps {
  task: TaskDetail;
  /** Another than the task's own. */
  form?: ShownForm;
  title?: string;
  problems: FormProblem[];
  onProblems: (problems: FormProblem[]) => void;
  disabled: boolean;
  readOnly: boolean;
  handle: { current: FormHandle | null };
}

export default function TaskForm(props: TaskFormProps) {
  const { task, problems, onProblems, disabled, readOnly, handle } = props;
  const { t } = useTranslation("tasks");
  const form = props.form ?? task.form ?? {};
  const draft = useFormDraft(`task.${task.id}`, form);
  useEffect(() => {
    handle.current = {
      ready: (partly) => {
        const { value, problems: found } = readyToSend(form, draft.value, { partly });
        return { value, problems: [...found, ...waitingProblems()] };
      },
      forget: draft.forget,
    };
    return () => {
      handle.current = null;
    };
  });
  return (
    <Card
      title={props.title ?? t(readOnly || !asksFor(form) ? "form_filled" : "form")}
      testId="task-form"
    >
      {draft.restored && !readOnly && <p className="hr-muted hr-small">{t("restored")}</p>}
      <FormView
        form={form}
        value={draft.value}
        onChange={(next) => {
          onProblems(remaining(problems, draft.value, next));
          draft.setValue(next);
        }}
        problems={problems}
        disabled={disabled}
        readOnly={readOnly}
        taskId={task.id}
      />
    </Card>
  );
}
