// One connector: how it signs in, what can be asked, trying it, a newer document, its versions.

import {
  DeleteOutlined,
  DownloadOutlined,
  FileSyncOutlined,
  PlayCircleOutlined,
  PlusOutlined,
} from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useBlocker, useNavigate, useParams } from "react-router";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { useErrorText } from "../../ui/errorText";
import { SchemaForm } from "../../ui/form/SchemaForm";
import type { FormProblem } from "../../ui/form/validate";
import { withoutEmpty } from "../../ui/form/validate";
import { Card, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { Tag } from "../../ui/StatusTag";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import {
  type Definition,
  emptyOperation,
  type Forms,
  generalForm,
  generalOf,
  type Operation,
  type OwnConnector,
  withGeneral,
} from "./connector";
import { OperationSheet } from "./OperationSheet";
import { RenewSheet } from "./RenewSheet";
import { TrySheet } from "./TrySheet";
import "./own.css";

export default function Editor() {
  const { key = "" } = useParams();
  const connector = useQuery({
    queryKey: ["/api/own-connectors", key],
    queryFn: () => api.get<OwnConnector>(`/api/own-connectors/${key}`),
  });
  const forms = useQuery({
    queryKey: ["/api/own-connectors/forms"],
    queryFn: () => api.get<Forms>("/api/own-connectors/forms"),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const error = connector.error ?? forms.error;
  if (error) {
    return (
      <>
        <PageHeader title={key} back="/own-connectors" />
        <PageBody>
          <ErrorState error={error} onRetry={() => void connector.refetch()} />
        </PageBody>
      </>
    );
  }
  if (connector.data === undefined || forms.data === undefined) {
    return (
      <PageBody>
        <Loading />
      </PageBody>
    );
  }
  return (
    <Desk
      key={`${connector.data.key} ${connector.data.version}`}
      kept={connector.data}
      forms={forms.data}
    />
  );
}

type Open =
  | { what: "operation"; index: number }
  | { what: "try"; index: number }
  | { what: "renew" }
  | null;

function Desk({ kept, forms }: { kept: OwnConnector; forms: Forms }) {
  const { t } = useTranslation(["own_connectors", "app"]);
  const { text } = useText();
  const { message, modal } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const write = useMay()("connections:write");
  const [draft, setDraft] = useState<Definition>(kept.definition);
  const [open, setOpen] = useState<Open>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const changed = JSON.stringify(draft) !== JSON.stringify(kept.definition);
  const problems = problemsOf(error);

  useEffect(() => {
    if (!changed) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [changed]);
  const blocker = useBlocker(changed);
  useEffect(() => {
    if (blocker.state !== "blocked") return;
    modal.confirm({
      title: t("app:form.unsaved"),
      content: t("app:form.unsaved_text"),
      okText: t("app:action.discard"),
      okButtonProps: { danger: true },
      cancelText: t("app:action.keep_editing"),
      onOk: () => blocker.proceed(),
      onCancel: () => blocker.reset(),
    });
  }, [blocker, modal, t]);

  const refresh = async (made: OwnConnector) => {
    queries.setQueryData(["/api/own-connectors", kept.key], made);
    await queries.invalidateQueries({ queryKey: ["/api/own-connectors"], exact: true });
    await queries.invalidateQueries({ queryKey: ["/api/connectors"] });
  };
  const save = async () => {
    setBusy(true);
    setError(null);
    try {
      const definition = withoutEmpty(draft);
      const made = await api.put<OwnConnector>(`/api/own-connectors/${kept.key}`, {
        definition,
        base: kept.version,
      });
      setDraft(made.definition);
      await refresh(made);
      message.success(t("saved", { version: made.version }));
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const remove = async () => {
    try {
      await api.delete(`/api/own-connectors/${kept.key}`);
      await queries.invalidateQueries({ queryKey: ["/api/connectors"] });
      setDraft(kept.definition);
      navigate("/own-connectors");
    } catch (reason) {
      message.error(textOf(reason));
    }
  };
  const replace = (index: number, next: Operation | null) =>
    setDraft({
      ...draft,
      operations: draft.operations.flatMap((one, at) =>
        at !== index ? [one] : next === null ? [] : [next],
      ),
    });
  const add = () => {
    const made = emptyOperation(draft.operations.map((one) => one.name));
    setDraft({ ...draft, operations: [...draft.operations, made] });
    setOpen({ what: "operation", index: draft.operations.length });
  };
  const index = open !== null && "index" in open ? open.index : -1;
  const current = draft.operations[index];
  return (
    <>
      <PageHeader
        title={text(draft.title) || kept.key}
        subtitle={`${kept.key} · ${t("version", { version: kept.version })}`}
        back="/own-connectors"
        actions={
          write && (
            <>
              <Button icon={<FileSyncOutlined />} onClick={() => setOpen({ what: "renew" })}>
                {t("renew")}
              </Button>
              <Button
                type="primary"
                disabled={!changed}
                loading={busy}
                onClick={save}
                data-testid="btn-save"
              >
                {t("app:action.save")}
              </Button>
            </>
          )
        }
      />
      <PageBody>
        <div className="hr-own-page">
          {error !== null && <Trouble error={error} />}
          <Card title={t("operations_title", { count: draft.operations.length })}>
            <ul className="hr-own-operations">
              {draft.operations.map((one, at) => (
                <li key={one.name} className="hr-own-row">
                  <button
                    type="button"
                    className="hr-own-open"
                    onClick={() => setOpen({ what: "operation", index: at })}
                    data-testid={`operation-${one.name}`}
                  >
                    <span className="hr-own-method">{one.method}</span>
                    <span className="hr-own-path">
                      <strong>{text(one.title) || one.name}</strong>
                      <small className="hr-muted">
                        {one.name} · {one.path}
                      </small>
                    </span>
                  </button>
                  <span className="hr-own-side">
                    {problems.some((each) => each.path.startsWith(`/operations/${at}/`)) && (
                      <Tag tone="error">{t("wrong")}</Tag>
                    )}
                    <Tag>{t(`effect.${one.effect}` as "effect.pure")}</Tag>
                    {write && (
                      <Button
                        icon={<PlayCircleOutlined />}
                        onClick={() => setOpen({ what: "try", index: at })}
                        data-testid={`try-${one.name}`}
                      >
                        {t("try")}
                      </Button>
                    )}
                  </span>
                </li>
              ))}
            </ul>
            {draft.operations.length === 0 && <p className="hr-muted">{t("no_operations")}</p>}
            {write && (
              <div className="hr-own-tools">
                <Button icon={<PlusOutlined />} onClick={add} data-testid="btn-add-operation">
                  {t("add_operation")}
                </Button>
              </div>
            )}
          </Card>
          <Card title={t("general")}>
            <SchemaForm
              schema={generalForm(forms.general)}
              value={generalOf(draft)}
              onChange={(next) => setDraft(withGeneral(draft, next))}
              problems={problems.filter((each) => !each.path.startsWith("/operations"))}
              disabled={!write}
            />
          </Card>
          <Card title={t("use")}>
            <p>{t("use_text")}</p>
            <p className="hr-muted">
              {kept.connections.length > 0
                ? t("used_by", { names: kept.connections.join(", ") })
                : t("used_by_none")}
            </p>
            <div className="hr-own-tools">
              {write && (
                <Button
                  onClick={() => navigate(`/connections?new=${kept.connector}`)}
                  data-testid="btn-connect"
                >
                  {t("connect")}
                </Button>
              )}
              <Button icon={<DownloadOutlined />} onClick={() => download(kept)}>
                {t("export")}
              </Button>
              {write && (
                <ConfirmButton
                  danger
                  icon={<DeleteOutlined />}
                  title={t("delete_title", { name: text(kept.title) || kept.key })}
                  text={t("delete_text")}
                  confirmLabel={t("app:action.delete")}
                  onConfirm={remove}
                  data-testid="btn-delete"
                >
                  {t("app:action.delete")}
                </ConfirmButton>
              )}
            </div>
          </Card>
        </div>
      </PageBody>
      {open?.what === "operation" && current && (
        <OperationSheet
          key={index}
          schema={forms.operation}
          operation={current}
          problems={inside(problems, index)}
          disabled={!write}
          onSave={(next) => {
            replace(index, next);
            setOpen(null);
          }}
          onRemove={() => {
            replace(index, null);
            setOpen(null);
          }}
          onClose={() => setOpen(null)}
        />
      )}
      {open?.what === "try" && current && (
        <TrySheet
          definition={withoutEmpty(draft) as Definition}
          operation={current}
          connections={kept.connections}
          onClose={() => setOpen(null)}
        />
      )}
      {open?.what === "renew" && (
        <RenewSheet
          kept={kept}
          onDone={(made) => {
            setOpen(null);
            setDraft(made.definition);
            void refresh(made);
          }}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  );
}

function problemsOf(error: unknown): FormProblem[] {
  const found = (error as { problems?: FormProblem[] } | null)?.problems;
  return Array.isArray(found) ? found : [];
}

function inside(problems: FormProblem[], index: number): FormProblem[] {
  const prefix = `/operations/${index}`;
  return problems
    .filter((each) => each.path.startsWith(`${prefix}/`))
    .map((each) => ({ ...each, path: each.path.slice(prefix.length) }));
}

/** A file that another workspace reads in the place of an API document. */
function download(kept: OwnConnector): void {
  const content = JSON.stringify(
    { headrace: "connector", key: kept.key, definition: kept.definition },
    null,
    2,
  );
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  link.download = `${kept.key}.connector.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
