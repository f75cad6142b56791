// Ask an operation now: what was sent, what came back, what a flow would get. Secrets are dots everywhere.

import { PlayCircleOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { JsonSchema } from "../../schema";
import type { JsonObject } from "../../ui/form/kinds";
import { SchemaForm } from "../../ui/form/SchemaForm";
import { withoutEmpty } from "../../ui/form/validate";
import { JsonView } from "../../ui/JsonView";
import { Sheet } from "../../ui/Sheet";
import { Tag } from "../../ui/StatusTag";
import { Trouble } from "../../ui/Trouble";
import { type Text, useText } from "../../ui/text";
import { accountForm, type Definition, type Operation, paramsForm } from "./connector";
import "../../ui/form/SchemaForm.css";

interface Tried {
  sent: {
    method: string;
    url: string;
    headers: Record<string, string>;
    body: string;
  } | null;
  received: { status: number; headers: Record<string, string>; body: string } | null;
  verdict: {
    ok: boolean;
    output?: unknown;
    title?: Text;
    code?: string;
    message?: string;
  } | null;
  trouble: string | null;
  /** The same for people of any language. */
  reason?: { code: string; params: Record<string, unknown> };
}

interface TrySheetProps {
  definition: Definition;
  operation: Operation;
  connections: string[];
  onClose: () => void;
}

export function TrySheet({ definition, operation, connections, onClose }: TrySheetProps) {
  const { t } = useTranslation("own_connectors");
  const { text } = useText();
  const [connection, setConnection] = useState(connections[0] ?? "");
  const [account, setAccount] = useState<JsonObject>({});
  const [params, setParams] = useState<JsonObject>({});
  const [tried, setTried] = useState<Tried | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const needed = accountForm(definition);
  const harmful = operation.effect !== "pure";
  const go = async () => {
    setBusy(true);
    setError(null);
    setTried(null);
    const typed = withoutEmpty(account) as JsonObject;
    const some = (names: string[]) =>
      Object.fromEntries(
        names.flatMap((name) => (name in typed ? [[name, typed[name]] as const] : [])),
      );
    try {
      setTried(
        await api.post<Tried>("/api/own-connectors/try", {
          definition,
          operation: operation.name,
          params: withoutEmpty(params),
          ...(connection
            ? { connection }
            : { settings: some(needed.settings), secrets: some(needed.secrets) }),
        }),
      );
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Sheet
      title={t("try_title", { name: text(operation.title) || operation.name })}
      onClose={onClose}
      wide
      testId="try-sheet"
      foot={
        <Button
          type="primary"
          danger={harmful}
          icon={<PlayCircleOutlined />}
          loading={busy}
          onClick={go}
          data-testid="btn-try"
        >
          {harmful ? t("try_harmful") : t("try")}
        </Button>
      }
    >
      {harmful && <p role="note">{t("try_warning")}</p>}
      {connections.length > 0 && (
        <div className="hr-field">
          <label htmlFor="try-connection" className="hr-field-label">
            {t("try_with")}
          </label>
          <select
            id="try-connection"
            className="hr-input"
            value={connection}
            onChange={(event) => setConnection(event.target.value)}
            data-testid="try-connection"
          >
            {connections.map((key) => (
              <option key={key} value={key}>
                {key}
              </option>
            ))}
            <option value="">{t("try_typed")}</option>
          </select>
        </div>
      )}
      {connection === "" && needed.settings.length + needed.secrets.length > 0 && (
        <>
          <p className="hr-muted">{t("try_secrets")}</p>
          <SchemaForm
            schema={credentials(needed, (name) => t(`credential.${name}` as "credential.token"))}
            value={account}
            onChange={setAccount}
            path="/account"
          />
        </>
      )}
      <SchemaForm
        schema={paramsForm(operation)}
        value={params}
        onChange={setParams}
        path="/params"
      />
      {error !== null && <Trouble error={error} />}
      {tried !== null && <Result tried={tried} />}
    </Sheet>
  );
}

function credentials(
  needed: { settings: string[]; secrets: string[] },
  title: (name: string) => string,
): JsonSchema {
  const fields = [
    ...needed.settings.map((name): [string, JsonSchema] => [
      name,
      { type: "string", title: title(name) },
    ]),
    ...needed.secrets.map((name): [string, JsonSchema] => [
      name,
      { type: "string", format: "password", title: title(name) },
    ]),
  ];
  return { type: "object", properties: Object.fromEntries(fields) };
}

function Result({ tried }: { tried: Tried }) {
  const { t } = useTranslation(["own_connectors", "errors"]);
  const { text } = useText();
  const { sent, received, verdict, trouble, reason } = tried;
  return (
    <div className="hr-own-tried" data-testid="tried" aria-live="polite">
      {trouble !== null && (
        <p role="alert" data-testid="tried-trouble">
          <Tag tone="error">{t("not_asked")}</Tag>{" "}
          {reason
            ? t(`errors:${reason.code}` as "errors:address_refused", {
                ...reason.params,
                defaultValue: trouble,
              })
            : trouble}
        </p>
      )}
      {verdict !== null && (
        <p>
          <Tag tone={verdict.ok ? "ok" : "error"}>{verdict.ok ? t("good") : t("refused")}</Tag>{" "}
          {!verdict.ok && `${text(verdict.title)} ${verdict.code ?? ""} ${verdict.message ?? ""}`}
        </p>
      )}
      {verdict?.ok && (
        <>
          <h3>{t("flow_gets")}</h3>
          <JsonView value={verdict.output} label={t("flow_gets")} />
        </>
      )}
      {sent !== null && (
        <>
          <h3>{t("was_sent")}</h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <pre tabIndex={0} data-testid="tried-sent">
            {[
              `${sent.method} ${sent.url}`,
              ...Object.entries(sent.headers).map(([name, value]) => `${name}: ${value}`),
              ...(sent.body ? ["", sent.body] : []),
            ].join("\n")}
          </pre>
        </>
      )}
      {received !== null && (
        <>
          <h3>{t("came_back")}</h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <pre tabIndex={0} data-testid="tried-received">
            {[
              `HTTP ${received.status}`,
              ...Object.entries(received.headers).map(([name, value]) => `${name}: ${value}`),
              "",
              received.body,
            ].join("\n")}
          </pre>
        </>
      )}
    </div>
  );
}
