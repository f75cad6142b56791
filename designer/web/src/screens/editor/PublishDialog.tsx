// From draft to version: saves first, then goes through the check list, and says what publishing changes for whom.

import {
  CheckCircleFilled,
  CloseCircleFilled,
  ExclamationCircleFilled,
  LoadingOutlined,
  ReloadOutlined,
} from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Checkbox, Input, Modal, Radio } from "antd";
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { ApiError, api, type Problem } from "../../api/client";
import { useRoleDialog } from "../../directory/roleDialog";
import type { CaseRun } from "../../editor/cases/cases";
import { useUnmetWords } from "../../editor/cases/unmet";
import type { Text } from "../../editor/document";
import type { DraftControl } from "../../editor/draft";
import { Problems } from "../../editor/Problems";
import { isError } from "../../editor/problems";
import type { Words } from "../../editor/sentence";
import { useEditor } from "../../editor/store";
import { useErrorText } from "../../ui/errorText";
import "./publish.css";

interface Ready {
  problems: Problem[];
  cases: CaseRun;
  roles: { key: string; title: Text; members: number; backups: number }[];
  connections: { key: string; known: boolean; name: string; connector: string }[];
  in_force: number | null;
  next_version: number;
  versions: { version: number; open_instances: number }[];
  open_instances: number;
  canary: boolean;
  changes: { loud: number; quiet: number };
  may_overrule: boolean;
}

type Tried = Record<string, { ok: boolean; message: string }>;
type State = "ok" | "bad" | "warn" | "busy";

interface PublishDialogProps {
  flowKey: string;
  version: number | null;
  draft: DraftControl;
  words: Words;
  onPublished: (version: number) => void;
  onClose: () => void;
}

export function PublishDialog(props: PublishDialogProps) {
  const { flowKey, version, draft, words, onPublished, onClose } = props;
  const { t } = useTranslation(["editor", "cases"]);
  const { message } = App.useApp();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const known = useEditor((state) => state.problems);
  const { setProblems } = useEditor.getState();
  const { ready, tried, error: checkError, again } = useReady(flowKey, draft);
  const [note, setNote] = useState("");
  const [beside, setBeside] = useState(false);
  const [migrate, setMigrate] = useState(false);
  const [despite, setDespite] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const problems = ready?.problems ?? known;
  const errors = problems.filter(isError).length;
  const red = ready?.cases.failed ?? 0;
  const later = beside || (ready?.canary ?? false);
  const blocked =
    errors > 0 || (red > 0 && (!ready?.may_overrule || despite.trim() === "")) || ready === null;

  const publish = async () => {
    setBusy(true);
    setError(null);
    try {
      if (!(await draft.save())) throw draft.error ?? new ApiError(0, "offline", "");
      const answer = await api.post<{ version: number }>(`/api/flows/${flowKey}/publish`, {
        etag: draft.etag(),
        ...(note.trim() === "" ? {} : { note: note.trim() }),
        ...(later ? { activate: false } : {}),
        ...(red > 0 ? { despite: despite.trim() } : {}),
      });
      message.success(t("publish.done", { version: answer.version }));
      if (!later) onPublished(answer.version);
      void queries.invalidateQueries({ queryKey: ["versions", flowKey] });
      onClose();
      if (later && version !== null) navigate(`/flows/${flowKey}/versions/canary`);
      else if (migrate) navigate(`/flows/${flowKey}/versions/migrate`);
    } catch (caught) {
      const refused = caught instanceof ApiError ? caught : null;
      if (refused !== null && refused.status === 422) setProblems(refused.problems);
      if (refused?.code === "cases_failed") again();
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  useSendKey(blocked || busy ? null : publish);
  return (
    <Modal
      open
      width={640}
      title={t("publish.title")}
      onCancel={onClose}
      className="hr-publish"
      footer={[
        <Button key="cancel" onClick={onClose}>
          {t("action.cancel")}
        </Button>,
        <Button
          key="publish"
          type="primary"
          loading={busy}
          disabled={blocked}
          danger={red > 0}
          onClick={() => void publish()}
          data-testid="btn-publish-confirm"
        >
          {t("publish.confirm", { version: ready?.next_version ?? (version ?? 0) + 1 })}
        </Button>,
      ]}
    >
      <div className="hr-dialog" data-testid="publish-dialog">
        {errors > 0 ? (
          <Alert type="error" showIcon title={t("publish.blocked", { count: errors })} />
        ) : (
          <p>{t(version === null ? "publish.first" : "publish.next")}</p>
        )}
        {checkError !== null ? (
          <Alert
            type="error"
            showIcon
            title={errorText(checkError)}
            action={
              <Button size="small" onClick={again}>
                {t("cases:publish.again")}
              </Button>
            }
          />
        ) : (
          <CheckList
            flowKey={flowKey}
            ready={ready}
            tried={tried}
            problems={problems}
            words={words}
            onAgain={again}
            onClose={onClose}
          />
        )}
        {red > 0 && errors === 0 && ready !== null && (
          <section className="hr-publish-despite" aria-label={t("cases:publish.despite")}>
            {ready.may_overrule ? (
              <>
                <strong>{t("cases:publish.despite")}</strong>
                <Input.TextArea
                  value={despite}
                  onChange={(event) => setDespite(event.target.value)}
                  placeholder={t("cases:publish.despite_why")}
                  aria-label={t("cases:publish.despite_why")}
                  autoSize={{ minRows: 1, maxRows: 4 }}
                  maxLength={2000}
                  data-testid="publish-despite"
                />
              </>
            ) : (
              <span>{t("cases:publish.despite_nobody")}</span>
            )}
          </section>
        )}
        {errors === 0 && (
          <Input.TextArea
            value={note}
            onChange={(event) => setNote(event.target.value)}
            placeholder={t("publish.note")}
            aria-label={t("publish.note")}
            autoSize={{ minRows: 1, maxRows: 6 }}
            maxLength={500}
            data-testid="publish-note"
          />
        )}
        {errors === 0 && version !== null && (
          <Radio.Group
            className="hr-publish-how"
            value={later ? "beside" : "now"}
            onChange={(event) => setBeside(event.target.value === "beside")}
            aria-label={t("cases:publish.how")}
            options={[
              {
                value: "now",
                disabled: ready?.canary ?? false,
                label: <span data-testid="publish-now">{t("cases:publish.now")}</span>,
              },
              {
                value: "beside",
                label: <span data-testid="publish-beside">{t("cases:publish.canary")}</span>,
              },
            ]}
          />
        )}
        {errors === 0 && later && (
          <p className="hr-muted">
            {t(ready?.canary ? "cases:publish.canary_runs" : "cases:publish.canary_text")}
          </p>
        )}
        {errors === 0 && !later && (ready?.open_instances ?? 0) > 0 && (
          <Checkbox
            checked={migrate}
            onChange={(event) => setMigrate(event.target.checked)}
            data-testid="publish-migrate"
          >
            {t("cases:publish.move_after")}
          </Checkbox>
        )}
        {error !== null && errors === 0 && (
          <Alert
            type="error"
            showIcon
            title={
              error instanceof ApiError && error.code === "conflict"
                ? t("publish.canary_runs")
                : errorText(error)
            }
          />
        )}
      </div>
    </Modal>
  );
}

/** The check list of the draft as it is saved now; connections are tried one after another. */
function useReady(flowKey: string, draft: DraftControl) {
  const [ready, setReady] = useState<Ready | null>(null);
  const [tried, setTried] = useState<Tried>({});
  const [error, setError] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const filled = useRoleDialog((state) => state.saved);
  const save = useRef(draft.save);
  save.current = draft.save;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again by hand, and when a role was filled
  useEffect(() => {
    let gone = false;
    const look = async () => {
      try {
        await save.current();
        const found = await api.post<Ready>(`/api/flows/${flowKey}/readiness`);
        if (gone) return;
        setReady(found);
        useEditor.getState().setProblems(found.problems);
        setTried({});
        for (const one of found.connections.filter((each) => each.known)) {
          const answer = await triedOne(flowKey, one.key);
          if (gone) return;
          setTried((before) => ({ ...before, [one.key]: answer }));
        }
      } catch (caught) {
        if (!gone) setError(caught);
      }
    };
    setError(null);
    void look();
    return () => {
      gone = true;
    };
  }, [flowKey, round, filled]);
  const again = useCallback(() => setRound((count) => count + 1), []);
  return { ready, tried, error, again };
}

async function triedOne(flowKey: string, key: string): Promise<{ ok: boolean; message: string }> {
  try {
    return await api.post(`/api/flows/${flowKey}/connections/${key}/test`);
  } catch (caught) {
    return { ok: false, message: caught instanceof Error ? caught.message : "" };
  }
}

interface CheckListProps {
  flowKey: string;
  ready: Ready | null;
  tried: Tried;
  problems: readonly Problem[];
  words: Words;
  onAgain: () => void;
  onClose: () => void;
}

function CheckList(props: CheckListProps) {
  const { flowKey, ready, tried, problems, words, onAgain, onClose } = props;
  const { t } = useTranslation("cases");
  if (ready === null)
    return (
      <ul className="hr-checks" data-testid="checks">
        <Check name="problems" state="busy" text={t("publish.checking")} />
      </ul>
    );
  const errors = problems.filter(isError).length;
  const { cases, changes } = ready;
  const versions = ready.versions.map((one) => `v${one.version}: ${one.open_instances}`).join(", ");
  return (
    <ul className="hr-checks" data-testid="checks">
      <Check
        name="problems"
        state={errors > 0 ? "bad" : problems.length > 0 ? "warn" : "ok"}
        text={
          errors > 0
            ? t("publish.problems_errors", { count: errors })
            : problems.length > 0
              ? t("publish.problems_some", { count: problems.length })
              : t("publish.problems_none")
        }
        open={errors > 0}
      >
        {problems.length > 0 && (
          // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/noStaticElementInteractions: a click on a problem inside leads to it; the dialog gives way
          <div
            className="hr-dialog-scroll"
            onClick={(event) =>
              (event.target as Element).closest("button[data-testid^=problem]") && onClose()
            }
          >
            <Problems words={words} />
          </div>
        )}
      </Check>
      <CasesCheck cases={cases} words={words} />
      <Roles ready={ready} words={words} />
      <Connections ready={ready} tried={tried} onAgain={onAgain} />
      {ready.in_force !== null && (
        <Check
          name="running"
          state="ok"
          text={
            ready.open_instances === 0
              ? t("publish.running_none")
              : t("publish.running_some", { count: ready.open_instances, versions })
          }
        >
          <p className="hr-muted">
            {t("publish.changes", { count: changes.loud })}{" "}
            {changes.loud > 0 && (
              <Link to={`/flows/${flowKey}/versions/difference?from=${ready.in_force}&to=0`}>
                {t("publish.see_changes")}
              </Link>
            )}
          </p>
        </Check>
      )}
    </ul>
  );
}

function CasesCheck({ cases, words }: { cases: CaseRun; words: Words }) {
  const { t } = useTranslation("cases");
  const unmetWords = useUnmetWords(words);
  const total = cases.passed + cases.failed;
  const { taken, edges } = cases.coverage;
  return (
    <Check
      name="cases"
      state={cases.failed > 0 ? "bad" : total === 0 ? "warn" : "ok"}
      text={
        cases.failed > 0
          ? t("publish.cases_failed", { count: cases.failed, total })
          : total === 0
            ? t("publish.cases_none")
            : t("publish.cases_passed", { count: total, taken, edges })
      }
      open={cases.failed > 0}
    >
      {cases.failed > 0 && (
        <ul className="hr-publish-red">
          {cases.results
            .filter((one) => !one.met)
            .map((one) => (
              <li key={one.id} data-testid={`red-${one.id}`}>
                <strong>{words.text(one.name) || one.id}</strong>
                {one.unmet.map((each) => (
                  <div key={each.what}>{unmetWords(each)}</div>
                ))}
              </li>
            ))}
        </ul>
      )}
    </Check>
  );
}

function Roles({ ready, words }: { ready: Ready; words: Words }) {
  const { t } = useTranslation("cases");
  const { roles } = ready;
  const empty = roles.filter((role) => role.members === 0);
  const alone = roles.filter((role) => role.members > 0 && role.backups === 0);
  const name = (role: Ready["roles"][number]) => words.text(role.title) || role.key;
  return (
    <Check
      name="roles"
      state={empty.length > 0 ? "bad" : alone.length > 0 ? "warn" : "ok"}
      text={
        roles.length === 0
          ? t("publish.roles_none")
          : empty.length > 0
            ? empty.map((role) => t("publish.role_empty", { name: name(role) })).join(" · ")
            : alone.length > 0
              ? alone.map((role) => t("publish.role_no_backup", { name: name(role) })).join(" · ")
              : t("publish.roles_good", { count: roles.length })
      }
    >
      {roles.length > 0 && (
        <ul className="hr-publish-roles">
          {roles.map((role) => (
            <li key={role.key}>
              {t("publish.role_filled", {
                name: name(role),
                members: role.members,
                backups: role.backups,
              })}
            </li>
          ))}
        </ul>
      )}
    </Check>
  );
}

interface ConnectionsProps {
  ready: Ready;
  tried: Tried;
  onAgain: () => void;
}

function Connections({ ready, tried, onAgain }: ConnectionsProps) {
  const { t } = useTranslation("cases");
  const all = ready.connections;
  const done = all.filter((one) => !one.known || tried[one.key] !== undefined);
  const bad = done.filter((one) => !one.known || tried[one.key]?.ok === false);
  const busy = done.length < all.length;
  return (
    <Check
      name="connections"
      state={busy ? "busy" : bad.length > 0 ? "warn" : "ok"}
      text={
        all.length === 0
          ? t("publish.connections_none")
          : busy
            ? t("publish.connections_going", { done: done.length + 1, total: all.length })
            : bad.length > 0
              ? t("publish.connections_bad", { count: bad.length, total: all.length })
              : t("publish.connections_good", { count: all.length })
      }
      open={!busy && bad.length > 0}
    >
      {all.length > 0 && (
        <ul className="hr-publish-roles">
          {all.map((one) => {
            const answer = tried[one.key];
            const state: State = !one.known
              ? "warn"
              : answer === undefined
                ? "busy"
                : answer.ok
                  ? "ok"
                  : "warn";
            return (
              <li key={one.key} data-testid={`connection-${one.key}`} data-state={state}>
                <Sign state={state} /> {one.name}
                {!one.known && <small> {t("publish.connection_unknown")}</small>}
                {answer !== undefined && !answer.ok && <small> {answer.message}</small>}
              </li>
            );
          })}
        </ul>
      )}
      {!busy && bad.length > 0 && (
        <Button size="small" icon={<ReloadOutlined />} onClick={onAgain}>
          {t("publish.again")}
        </Button>
      )}
    </Check>
  );
}

interface CheckProps {
  name: "problems" | "cases" | "roles" | "connections" | "running";
  state: State;
  text: string;
  open?: boolean;
  children?: ReactNode;
}

/** One line of the list; what is behind it unfolds. */
function Check({ name, state, text, open = false, children }: CheckProps) {
  const { t } = useTranslation("cases");
  const head = (
    <>
      <Sign state={state} />
      <span className="hr-check-words">
        <strong>{t(`publish.${name}`)}</strong>
        <span>{text}</span>
      </span>
    </>
  );
  return (
    <li className="hr-check" data-state={state} data-testid={`check-${name}`}>
      {children ? (
        <details key={String(open)} open={open}>
          <summary>{head}</summary>
          <div className="hr-check-more">{children}</div>
        </details>
      ) : (
        <div className="hr-check-head">{head}</div>
      )}
    </li>
  );
}

function Sign({ state }: { state: State }) {
  const { t } = useTranslation("cases");
  const label = t(`publish.state.${state}`);
  if (state === "busy") return <LoadingOutlined aria-label={label} />;
  if (state === "ok") return <CheckCircleFilled className="hr-tone-ok" aria-label={label} />;
  if (state === "warn")
    return <ExclamationCircleFilled className="hr-tone-warn" aria-label={label} />;
  return <CloseCircleFilled className="hr-tone-error" aria-label={label} />;
}

/** Ctrl+Enter says yes, wherever the keyboard is in the dialog. */
function useSendKey(send: (() => Promise<void>) | null): void {
  const latest = useRef(send);
  latest.current = send;
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      void latest.current?.();
    };
    window.addEventListener("keydown", down);
    return () => window.removeEventListener("keydown", down);
  }, []);
}
