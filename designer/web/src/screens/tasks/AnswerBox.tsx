// I was asked something: the question, and room for the answer. Nothing else of the task moves.

import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useErrorText } from "../../ui/errorText";
import { Card } from "../../ui/page";
import { RelativeTime } from "../../ui/time";
import { useKept } from "./kept";
import { useAct } from "./queries";
import { questionsOf, type TaskDetail } from "./task";
import { useSaid } from "./told";
import "../../ui/form/SchemaForm.css";

export function AnswerBox({ task }: { task: TaskDetail }) {
  const { t } = useTranslation("tasks");
  const textOf = useErrorText();
  const say = useSaid();
  const act = useAct(task.id);
  const [typed, setTyped, forget] = useKept<string>(`answer.${task.id}`, "");
  const [error, setError] = useState<unknown>(null);
  const [question] = questionsOf(task);
  const send = async () => {
    setError(null);
    try {
      await act.mutateAsync({
        action: "answer",
        args: { text: typed.trim(), ...(question ? { question: question.id } : {}) },
      });
      forget();
      say(t("told.answered"), task, null);
    } catch (reason) {
      setError(reason);
    }
  };
  return (
    <Card title={t("asked_you")} testId="answer-box">
      {question && (
        <blockquote className="hr-quote">
          {question.text}
          <footer className="hr-muted hr-small">
            {question.by} · <RelativeTime at={question.at} />
          </footer>
        </blockquote>
      )}
      <label className="hr-field-label" htmlFor="answer">
        {t("answer")}
      </label>
      <textarea
        id="answer"
        className="hr-input"
        rows={3}
        value={typed}
        disabled={act.isPending}
        onChange={(event) => setTyped(event.target.value)}
        data-testid="answer"
      />
      {error !== null && (
        <p className="hr-field-error" role="alert">
          {textOf(error)}
        </p>
      )}
      <div className="hr-note-send">
        <Button
          type="primary"
          loading={act.isPending}
          disabled={typed.trim() === ""}
          onClick={() => void send()}
          data-testid="btn-answer"
        >
          {t("send_answer")}
        </Button>
      </div>
    </Card>
  );
}
