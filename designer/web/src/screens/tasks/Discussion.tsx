// What is said beside the decision: comments, questions and their answers. A comment moves nothing; a question reaches
// somebody, and the task waits where it is.

import { QuestionCircleOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Avatar } from "../../shell/UserMenu";
import { useErrorText } from "../../ui/errorText";
import { lazy } from "../../ui/lazy";
import { Card } from "../../ui/page";
import { Tag } from "../../ui/StatusTag";
import { RelativeTime } from "../../ui/time";
import { useKept } from "./kept";
import { useAct, useMoreNotes } from "./queries";
import { actionOf, type Note, nameOf, notesOf, type TaskDetail } from "./task";
import "../../ui/form/SchemaForm.css";

const ActionSheet = lazy(() => import("./actions/ActionSheet"));

export function Discussion({ task }: { task: TaskDetail }) {
  const { t } = useTranslation("tasks");
  const [asking, setAsking] = useState(false);
  const [earlier, setEarlier] = useState<Note[]>([]);
  const more = useMoreNotes(task.id);
  const notes = [...earlier, ...notesOf(task)].filter((note) => note.kind !== "action");
  const cursor =
    task.notes_cursor ?? (Array.isArray(task.notes) ? null : (task.notes?.next_cursor ?? null));
  const mayComment = actionOf(task, "comment")?.allowed === true;
  const ask = actionOf(task, "ask");
  if (notes.length === 0 && !mayComment && !ask?.allowed) return null;
  const load = async () => {
    if (cursor === null) return;
    const page = await more.mutateAsync(cursor);
    setEarlier([...page.items, ...earlier]);
  };
  return (
    <Card
      title={t("discussion.title")}
      testId="discussion"
      {...(ask?.allowed
        ? {
            actions: (
              <Button
                type="text"
                size="small"
                icon={<QuestionCircleOutlined />}
                onClick={() => setAsking(true)}
                data-testid="btn-ask"
              >
                {t("action.ask.title")}
              </Button>
            ),
          }
        : {})}
    >
      {cursor !== null && earlier.length === 0 && (
        <Button type="link" size="small" loading={more.isPending} onClick={() => void load()}>
          {t("discussion.earlier")}
        </Button>
      )}
      {notes.length === 0 && <p className="hr-muted hr-small">{t("discussion.none")}</p>}
      <ol className="hr-notes">
        {notes.map((note) => (
          <NoteRow key={note.id} note={note} />
        ))}
      </ol>
      {mayComment && <CommentBox task={task} />}
      {asking && ask && (
        <Suspense>
          <ActionSheet task={task} action={ask} onClose={() => setAsking(false)} />
        </Suspense>
      )}
    </Card>
  );
}

function NoteRow({ note }: { note: Note }) {
  const { t } = useTranslation("tasks");
  const to = nameOf(note.to);
  return (
    <li data-kind={note.kind} data-testid={`note-${note.id}`}>
      <Avatar name={nameOf(note.by) || t("engine")} />
      <div className="hr-note-said">
        <p className="hr-note-head">
          <strong>{nameOf(note.by) || t("engine")}</strong>
          {note.kind === "question" && (
            <Tag tone="accent">
              {to ? t("discussion.asks", { name: to }) : t("discussion.question")}
            </Tag>
          )}
          {note.kind === "answer" && <Tag tone="ok">{t("discussion.answers")}</Tag>}
          <span className="hr-muted hr-small">
            <RelativeTime at={note.at} />
          </span>
        </p>
        <p className="hr-note-text">{note.text}</p>
      </div>
    </li>
  );
}

function CommentBox({ task }: { task: TaskDetail }) {
  const { t } = useTranslation("tasks");
  const textOf = useErrorText();
  const act = useAct(task.id);
  const [typed, setTyped, forget] = useKept<string>(`note.${task.id}`, "");
  const [error, setError] = useState<unknown>(null);
  const send = async () => {
    setError(null);
    try {
      await act.mutateAsync({ action: "comment", args: { text: typed.trim() } });
      forget();
    } catch (reason) {
      setError(reason);
    }
  };
  return (
    <div className="hr-note-box">
      <label className="hr-hidden" htmlFor="note">
        {t("discussion.write")}
      </label>
      <textarea
        id="note"
        className="hr-input"
        rows={1}
        maxLength={4_000}
        placeholder={t("discussion.write")}
        value={typed}
        disabled={act.isPending}
        onChange={(event) => setTyped(event.target.value)}
        data-testid="note"
      />
      {error !== null && (
        <p className="hr-field-error" role="alert">
          {textOf(error)}
        </p>
      )}
      {typed.trim() !== "" && (
        <div className="hr-note-send">
          <Button loading={act.isPending} onClick={() => void send()} data-testid="btn-note">
            {t("discussion.send")}
          </Button>
        </div>
      )}
    </div>
  );
}
