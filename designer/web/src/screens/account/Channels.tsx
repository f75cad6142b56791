// How messages reach me outside the app: by which ways, in which order, where to, when not; a test, and what became of it.

import { SendOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useErrorText } from "../../ui/errorText";
import { Card, ErrorState, Loading } from "../../ui/page";
import { StatusTag, Tag } from "../../ui/StatusTag";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { bodyOf, type Draft, draftOf, moved, type Reached } from "./channels";
import "../../ui/form/SchemaForm.css";
import "./account.css";
import { WayButtons } from "./WayButtons";

const KEY = ["/api/me/channels"];

export function Channels() {
  const { t } = useTranslation("account");
  const { data, error, refetch } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => api.get<Reached>("/api/me/channels", { signal }),
  });
  return (
    <Card title={t("channels.title")} testId="channels">
      <p className="hr-muted hr-small hr-account-help">{t("channels.text")}</p>
      {data === undefined ? (
        error ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : (
          <Loading rows={3} />
        )
      ) : (
        <Editing key={JSON.stringify(data)} reached={data} />
      )}
      <Messages />
    </Card>
  );
}

function Editing({ reached }: { reached: Reached }) {
  const { t } = useTranslation(["account", "app"]);
  const { message } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  const [draft, setDraft] = useState<Draft>(() => draftOf(reached));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const changed = JSON.stringify(draft) !== JSON.stringify(draftOf(reached));
  const row = (channel: string) => reached.channels.find((each) => each.channel === channel);
  const set = (channel: string, part: Partial<Draft["ways"][number]>) =>
    setDraft({
      ...draft,
      ways: draft.ways.map((way) => (way.channel === channel ? { ...way, ...part } : way)),
    });
  const save = async () => {
    setBusy(true);
    setError(null);
    try {
      const now = await api.put<Reached>("/api/me/channels", bodyOf(draft));
      queries.setQueryData(KEY, now);
      message.success(t("app:state.saved"));
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const test = async (channel: string) => {
    try {
      await api.post("/api/me/channels/test", { channel });
      message.success(t("channels.tested"));
      await queries.invalidateQueries({ queryKey: ["/api/me/messages"] });
    } catch (reason) {
      message.error(textOf(reason));
    }
  };
  return (
    <>
      <ol className="hr-ways">
        {draft.ways.map((way, index) => {
          const told = row(way.channel);
          const name = t(`channel.${way.channel}`);
          return (
            <li key={way.channel} data-testid={`way-${way.channel}`}>
              <div className="hr-way-head">
                <Checkbox
                  checked={way.used}
                  onChange={(event) => set(way.channel, { used: event.target.checked })}
                  data-testid={`way-${way.channel}-used`}
                >
                  {name}
                </Checkbox>
                {way.used && told && (
                  <Tag tone={told.reaches ? "ok" : "warn"}>
                    {t(
                      told.reaches
                        ? "channels.reaches"
                        : told.connections.length === 0
                          ? "channels.no_connection"
                          : "channels.no_address",
                    )}
                  </Tag>
                )}
                <WayButtons
                  name={name}
                  index={index}
                  count={draft.ways.length}
                  onMove={(by) => setDraft({ ...draft, ways: moved(draft.ways, index, by) })}
                  testId={`way-${way.channel}`}
                />
              </div>
              {way.used && (
                <div className="hr-way-more">
                  <label>
                    <span className="hr-hidden">{t(`channels.address_${way.channel}`)}</span>
                    <input
                      className="hr-input"
                      value={way.address}
                      placeholder={told?.standard_address || t(`channels.address_${way.channel}`)}
                      onChange={(event) => set(way.channel, { address: event.target.value })}
                      data-testid={`way-${way.channel}-address`}
                    />
                  </label>
                  <Button
                    icon={<SendOutlined />}
                    disabled={changed || told?.reaches !== true}
                    onClick={() => void test(way.channel)}
                    data-testid={`way-${way.channel}-test`}
                  >
                    {t("channels.test")}
                  </Button>
                </div>
              )}
            </li>
          );
        })}
      </ol>
      <fieldset className="hr-field">
        <legend className="hr-field-label">{t("channels.off")}</legend>
        <div className="hr-choices">
          {reached.may_be_off.map((kind) => (
            <label key={kind} className="hr-choice">
              <input
                type="checkbox"
                checked={draft.off.includes(kind)}
                onChange={(event) =>
                  setDraft({
                    ...draft,
                    off: event.target.checked
                      ? [...draft.off, kind]
                      : draft.off.filter((each) => each !== kind),
                  })
                }
              />
              <span>{t(`channels.kind.${kind}`, { defaultValue: kind })}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <fieldset className="hr-field">
        <legend className="hr-field-label">{t("channels.quiet")}</legend>
        <p className="hr-field-help">{t("channels.quiet_text")}</p>
        <div className="hr-row">
          {(["from", "to"] as const).map((end) => (
            <label key={end} className="hr-row">
              {t(`channels.quiet_${end}`)}
              <input
                type="time"
                className="hr-input hr-input-time"
                value={draft.quiet[end]}
                onChange={(event) =>
                  setDraft({ ...draft, quiet: { ...draft.quiet, [end]: event.target.value } })
                }
                data-testid={`quiet-${end}`}
              />
            </label>
          ))}
          {(draft.quiet.from || draft.quiet.to) && (
            <Button
              type="text"
              onClick={() => setDraft({ ...draft, quiet: { ...draft.quiet, from: "", to: "" } })}
            >
              {t("channels.quiet_none")}
            </Button>
          )}
        </div>
      </fieldset>
      {error !== null && <Trouble error={error} />}
      <div className="hr-account-save">
        <Button
          type="primary"
          disabled={!changed}
          loading={busy}
          onClick={() => void save()}
          data-testid="btn-save-channels"
        >
          {t("app:action.save")}
        </Button>
      </div>
    </>
  );
}

interface Message {
  id: number;
  channel: string;
  title: string;
  status: "queued" | "sent" | "failed";
  attempts: { at?: string; ok?: boolean; channel?: string; answer?: unknown; error?: string }[];
  created_at: string;
}

const MESSAGES_MAX = 10;
const ASK_EVERY_MS = 5_000;

/** What was sent to me outside the app, with each try. */
function Messages() {
  const { t } = useTranslation("account");
  const { text } = useText();
  const list = useList<Message>(
    "/api/me/messages",
    { limit: MESSAGES_MAX },
    { everyMs: ASK_EVERY_MS },
  );
  const rows = list.rows?.slice(0, MESSAGES_MAX) ?? [];
  if (rows.length === 0) return null;
  return (
    <details className="hr-form-advanced" data-testid="messages">
      <summary>{t("channels.messages")}</summary>
      <ul className="hr-my-messages">
        {rows.map((row) => (
          <li key={row.id}>
            <span>
              {text(row.title)}
              <small className="hr-muted">
                {row.attempts
                  .map((attempt) =>
                    t(attempt.ok ? "channels.try_ok" : "channels.try_failed", {
                      name: t(`channel.${attempt.channel ?? row.channel}`, {
                        defaultValue: attempt.channel ?? row.channel,
                      }),
                    }),
                  )
                  .join(" → ")}
              </small>
            </span>
            <span className="hr-my-message-state">
              <StatusTag status={row.status} />
              <small className="hr-muted">
                <RelativeTime at={row.created_at} />
              </small>
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
