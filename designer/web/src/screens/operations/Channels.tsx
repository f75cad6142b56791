// How people are reached who have set nothing else: in which order, by which connection, by which template of text messages.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import { Card, ErrorState, Loading } from "../../ui/page";
import { Tag } from "../../ui/StatusTag";
import { Trouble } from "../../ui/Trouble";
import { moved } from "../account/channels";
import { Frame } from "./Frame";
import "../../ui/form/SchemaForm.css";
import "../account/account.css";
import { WayButtons } from "../account/WayButtons";

const CHANNELS = ["mail", "dingtalk", "wecom", "feishu", "sms"];
const KEY = ["/api/channels"];

interface Usual {
  order: string[];
  connections: Record<string, string>;
  sms: { template?: string; values?: Record<string, string> };
  zone: string;
  available: { key: string; name: string; channel: string }[];
}

interface Draft {
  ways: { channel: string; used: boolean; connection: string }[];
  template: string;
  zone: string;
}

export default function Channels() {
  const { data, error, refetch } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => api.get<Usual>("/api/channels", { signal }),
  });
  return (
    <Frame part="channels">
      {data === undefined ? (
        error ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : (
          <Loading />
        )
      ) : (
        <Editing key={JSON.stringify(data)} usual={data} />
      )}
    </Frame>
  );
}

function draftOf(usual: Usual): Draft {
  const others = CHANNELS.filter((channel) => !usual.order.includes(channel));
  return {
    ways: [...usual.order, ...others].map((channel) => ({
      channel,
      used: usual.order.includes(channel),
      connection: usual.connections[channel] ?? "",
    })),
    template: usual.sms.template ?? "",
    zone: usual.zone,
  };
}

function bodyOf(draft: Draft, usual: Usual) {
  const template = draft.template.trim();
  return {
    order: draft.ways.filter((way) => way.used).map((way) => way.channel),
    connections: Object.fromEntries(
      draft.ways.filter((way) => way.connection).map((way) => [way.channel, way.connection]),
    ),
    // What a template is filled with is set by the API; it stays.
    ...(template ? { sms: { ...usual.sms, template } } : {}),
    zone: draft.zone.trim(),
  };
}

function Editing({ usual }: { usual: Usual }) {
  const { t } = useTranslation(["operations", "account", "app"]);
  const { message } = App.useApp();
  const queries = useQueryClient();
  const write = useMay()("connections:write");
  const [draft, setDraft] = useState<Draft>(() => draftOf(usual));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const changed = JSON.stringify(draft) !== JSON.stringify(draftOf(usual));
  const set = (channel: string, part: Partial<Draft["ways"][number]>) =>
    setDraft({
      ...draft,
      ways: draft.ways.map((way) => (way.channel === channel ? { ...way, ...part } : way)),
    });
  const save = async () => {
    setBusy(true);
    setError(null);
    try {
      queries.setQueryData(KEY, await api.put<Usual>("/api/channels", bodyOf(draft, usual)));
      message.success(t("app:state.saved"));
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card title={t("channels.order")} testId="usual-channels">
      <p className="hr-muted hr-small hr-account-help">{t("channels.order_text")}</p>
      <ol className="hr-ways">
        {draft.ways.map((way, index) => {
          const name = t(`account:channel.${way.channel}`);
          const there = usual.available.filter((each) => each.channel === way.channel);
          return (
            <li key={way.channel} data-testid={`usual-${way.channel}`}>
              <div className="hr-way-head">
                <Checkbox
                  checked={way.used}
                  disabled={!write}
                  onChange={(event) => set(way.channel, { used: event.target.checked })}
                  data-testid={`usual-${way.channel}-used`}
                >
                  {name}
                </Checkbox>
                {there.length === 0 && <Tag>{t("channels.no_connection")}</Tag>}
                {write && (
                  <WayButtons
                    name={name}
                    index={index}
                    count={draft.ways.length}
                    onMove={(by) => setDraft({ ...draft, ways: moved(draft.ways, index, by) })}
                    testId={`usual-${way.channel}`}
                  />
                )}
              </div>
              {there.length > 0 && (
                <div className="hr-way-more">
                  <select
                    className="hr-input"
                    aria-label={t("channels.connection_of", { name })}
                    value={way.connection}
                    disabled={!write}
                    onChange={(event) => set(way.channel, { connection: event.target.value })}
                    data-testid={`usual-${way.channel}-connection`}
                  >
                    <option value="">{t("channels.any_connection")}</option>
                    {there.map((each) => (
                      <option key={each.key} value={each.key}>
                        {each.name}
                      </option>
                    ))}
                  </select>
                </div>
              )}
            </li>
          );
        })}
      </ol>
      <p className="hr-small">
        <Link to="/connections">{t("channels.to_connections")}</Link>
      </p>
      <label className="hr-field hr-op-field">
        <span className="hr-field-label">{t("channels.template")}</span>
        <span className="hr-field-help">{t("channels.template_help")}</span>
        <input
          className="hr-input"
          value={draft.template}
          disabled={!write}
          onChange={(event) => setDraft({ ...draft, template: event.target.value })}
          data-testid="usual-template"
        />
      </label>
      <label className="hr-field hr-op-field">
        <span className="hr-field-label">{t("channels.zone")}</span>
        <span className="hr-field-help">{t("channels.zone_help")}</span>
        <input
          className="hr-input"
          value={draft.zone}
          disabled={!write}
          onChange={(event) => setDraft({ ...draft, zone: event.target.value })}
          data-testid="usual-zone"
        />
      </label>
      {error !== null && <Trouble error={error} />}
      {write && (
        <div className="hr-account-save">
          <Button
            type="primary"
            disabled={!changed}
            loading={busy}
            onClick={() => void save()}
            data-testid="btn-save-usual"
          >
            {t("app:action.save")}
          </Button>
        </div>
      )}
    </Card>
  );
}
