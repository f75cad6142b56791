// Where somebody belongs: departments (the first is the main one), posts, superior; and that they have left.

import { CloseOutlined } from "@ant-design/icons";
import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import { PeoplePicker } from "../../people/PeoplePicker";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { useErrorText } from "../../ui/errorText";
import { Tag } from "../../ui/StatusTag";
import { Dialog } from "./Dialog";
import { type Member, useDepartments, usePosts } from "./organisation";
import { rowsOf } from "./tree";

interface PersonDialogProps {
  person: Member;
  onClose: () => void;
  onSaved: () => void;
  /** All that waits for them goes to somebody else. */
  onHandover: () => void;
}

export function PersonDialog({ person, onClose, onSaved, onHandover }: PersonDialogProps) {
  const { t } = useTranslation(["organisation", "app"]);
  const { message } = App.useApp();
  const operate = useMay()("instances:operate");
  const allDepartments = useDepartments().data?.items ?? [];
  const allPosts = usePosts().data?.items ?? [];
  const [departments, setDepartments] = useState(person.departments.map(({ id }) => id));
  const [posts, setPosts] = useState(person.posts.map(({ id }) => id));
  const [supervisor, setSupervisor] = useState(person.supervisor?.id ?? "");
  const save = async () => {
    await api.patch(`/api/people/${person.id}`, {
      departments,
      posts,
      supervisor_id: supervisor || null,
    });
    message.success(t("app:state.saved"));
    onSaved();
  };
  return (
    <Dialog
      title={t("people.edit", { name: person.name })}
      onSave={save}
      onClose={onClose}
      extra={
        <>
          <Leave
            person={person}
            onDone={() => {
              onSaved();
              onClose();
            }}
          />
          {operate && (person.open_tasks ?? 0) > 0 && (
            <Button onClick={onHandover} data-testid="btn-handover">
              {t("people.handover", { count: person.open_tasks })}
            </Button>
          )}
        </>
      }
      testId="person-dialog"
    >
      <Several
        title={t("people.departments")}
        help={t("people.main_help")}
        none={t("people.no_department")}
        add={t("people.add_department")}
        options={rowsOf(allDepartments, new Set()).map(({ node, level }) => ({
          id: node.id,
          name: node.name,
          level,
        }))}
        known={person.departments}
        value={departments}
        onChange={setDepartments}
        testId="field-departments"
      />
      <Several
        title={t("people.posts")}
        none="–"
        add={t("posts.title")}
        options={allPosts.map(({ id, name }) => ({ id, name, level: 0 }))}
        known={person.posts}
        value={posts}
        onChange={setPosts}
        testId="field-posts"
      />
      <PeoplePicker
        label={t("people.supervisor")}
        value={supervisor === "" ? [] : [supervisor]}
        known={person.supervisor === null ? [] : [person.supervisor]}
        exclude={[person.id]}
        max={1}
        onChange={(ids) => setSupervisor(ids[0] ?? "")}
        testId="field-supervisor"
      />
    </Dialog>
  );
}

interface SeveralProps {
  title: string;
  help?: string;
  none: string;
  add: string;
  options: { id: string; name: string; level: number }[];
  known: { id: string; name: string }[];
  value: string[];
  onChange: (ids: string[]) => void;
  testId: string;
}

/** A few out of a list, in an order: chips, and a list to add from. */
function Several(props: SeveralProps) {
  const { title, help, none, add, options, known, value, onChange, testId } = props;
  const { t } = useTranslation("app");
  const nameOf = (id: string) => [...options, ...known].find((each) => each.id === id)?.name ?? id;
  const left = options.filter(({ id }) => !value.includes(id));
  return (
    <fieldset className="hr-org-several" data-testid={testId}>
      <legend>{title}</legend>
      <div className="hr-row">
        {value.length === 0 && <span className="hr-muted">{none}</span>}
        {value.map((id) => (
          <Tag key={id}>
            {nameOf(id)}{" "}
            <button
              type="button"
              className="hr-org-chip-x"
              aria-label={`${t("action.delete")} ${nameOf(id)}`}
              onClick={() => onChange(value.filter((each) => each !== id))}
            >
              <CloseOutlined aria-hidden />
            </button>
          </Tag>
        ))}
        {left.length > 0 && (
          <select
            className="hr-org-select"
            value=""
            onChange={(event) => onChange([...value, event.target.value])}
            aria-label={add}
            data-testid={`${testId}-add`}
          >
            <option value="">+ {add}</option>
            {left.map(({ id, name, level }) => (
              <option key={id} value={id}>
                {"　".repeat(level)}
                {name}
              </option>
            ))}
          </select>
        )}
      </div>
      {help !== undefined && <small className="hr-muted">{help}</small>}
    </fieldset>
  );
}

function Leave({ person, onDone }: { person: Member; onDone: () => void }) {
  const { t } = useTranslation("organisation");
  const { message } = App.useApp();
  const errorText = useErrorText();
  const set = async (active: boolean) => {
    try {
      await api.patch(`/api/people/${person.id}`, { active });
      onDone();
    } catch (error) {
      message.error(errorText(error));
    }
  };
  if (!person.active) {
    return (
      <Button onClick={() => void set(true)} data-testid="btn-come-back">
        {t("people.come_back")}
      </Button>
    );
  }
  const tasks = person.open_tasks ?? 0;
  return (
    <ConfirmButton
      danger
      title={t("people.leave_title", { name: person.name })}
      text={tasks > 0 ? t("people.leave_text", { count: tasks }) : t("people.leave_text_none")}
      confirmLabel={t("people.leave")}
      onConfirm={() => set(false)}
      data-testid="btn-leave"
    >
      {t("people.leave")}
    </ConfirmButton>
  );
}
