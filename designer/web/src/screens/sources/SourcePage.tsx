// One source: how it is, how it is read, what was pulled; and a window pulled again.

import {
  DeleteOutlined,
  EditOutlined,
  HistoryOutlined,
  SyncOutlined,
  UploadOutlined,
} from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { addressOf, api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { JsonSchema } from "../../schema";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { type Column, DataTable } from "../../ui/DataTable";
import { useErrorText } from "../../ui/errorText";
import { FormDialog } from "../../ui/form/FormDialog";
import { Card, EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { Segments } from "../../ui/Segments";
import { useText } from "../../ui/text";
import { ExactTime, RelativeTime } from "../../ui/time";
import { FileUpload } from "./FileUpload";
import { Incidents } from "./Incidents";
import { MapEditor } from "./MapEditor";
import { Every, Length, WaysText, Word } from "./parts";
import { SourceDialog } from "./SourceDialog";
import type { Pull, Source } from "./types";

const VIEWS = ["overview", "map", "pulls", "incidents"] as const;
type View = (typeof VIEWS)[number];

export default function SourcePage() {
  const { t } = useTranslation("sources");
  const { text } = useText();
  const { key = "" } = useParams();
  const may = useMay();
  const [query, setQuery] = useSearchParams();
  const [editing, setEditing] = useState(false);
  const [again, setAgain] = useState(false);
  const [filing, setFiling] = useState(false);
  const done = useDone();
  const view = VIEWS.find((one) => one === query.get("view")) ?? "overview";
  const { data, error, refetch } = useQuery({
    queryKey: ["/api/sources", key],
    queryFn: ({ signal }) => api.get<Source>(`/api/sources/${key}`, { signal }),
    refetchInterval: view === "map" ? false : 5_000,
  });
  const title = data === undefined ? key : text(data.title) || key;
  return (
    <>
      <PageHeader
        title={title}
        back="/sources"
        {...(data === undefined ? {} : { subtitle: <Word group="health" of={data.health} /> })}
        {...(data === undefined
          ? {}
          : {
              actions: (
                <Actions
                  source={data}
                  write={may("tables:write")}
                  pull={may("records:write") && data.polls && data.connection !== null}
                  file={may("records:write") && data.enabled && data.ways.file.enabled}
                  onEdit={() => setEditing(true)}
                  onAgain={() => setAgain(true)}
                  onFile={() => setFiling(true)}
                />
              ),
            })}
      />
      <PageBody>
        {data === undefined ? (
          error ? (
            <ErrorState error={error} onRetry={() => void refetch()} />
          ) : (
            <Loading tall />
          )
        ) : (
          <div className="hr-stack">
            <div>
              <Segments<View>
                label={title}
                options={VIEWS.map((one) => ({ value: one, title: t(`view.${one}`) }))}
                value={view}
                onChange={(one) =>
                  setQuery(one === "overview" ? {} : { view: one }, { replace: true })
                }
                testId="source-view"
              />
            </div>
            {view === "overview" && <Overview source={data} />}
            {view === "map" && (
              <MapEditor key={data.revision} source={data} write={may("tables:write")} />
            )}
            {view === "incidents" && <Incidents source={data} />}
            {view === "pulls" && <Pulls source={data} write={may("records:write")} />}
          </div>
        )}
      </PageBody>
      {editing && data && <SourceDialog source={data} onClose={() => setEditing(false)} />}
      {again && data && <AgainDialog source={data} onClose={() => setAgain(false)} />}
      {filing && data && (
        <FileUpload source={data} onClose={() => setFiling(false)} onDone={() => void done()} />
      )}
    </>
  );
}

function useDone() {
  const queries = useQueryClient();
  return () =>
    queries.invalidateQueries({
      predicate: (one) => String(one.queryKey[0]).startsWith("/api/sources"),
    });
}

interface ActionsProps {
  source: Source;
  write: boolean;
  pull: boolean;
  file: boolean;
  onEdit: () => void;
  onAgain: () => void;
  onFile: () => void;
}

function Actions({ source, write, pull, file, onEdit, onAgain, onFile }: ActionsProps) {
  const { t } = useTranslation("sources");
  const { text } = useText();
  const { message } = App.useApp();
  const textOf = useErrorText();
  const done = useDone();
  const navigate = useNavigate();
  const now = async () => {
    try {
      await api.post(`/api/sources/${source.key}/poll`);
      await done();
      message.success(t("pulling"));
    } catch (error) {
      message.error(textOf(error));
    }
  };
  const remove = async () => {
    await api.delete(`/api/sources/${source.key}`);
    await done();
    navigate("/sources");
  };
  return (
    <>
      {pull && (
        <Button icon={<SyncOutlined />} onClick={now} data-testid="btn-poll">
          {t("pull_now")}
        </Button>
      )}
      {pull && (
        <Button icon={<HistoryOutlined />} onClick={onAgain} data-testid="btn-repull">
          {t("pull_again")}
        </Button>
      )}
      {file && (
        <Button icon={<UploadOutlined />} onClick={onFile} data-testid="btn-file">
          {t("file.button")}
        </Button>
      )}
      {write && (
        <Button icon={<EditOutlined />} onClick={onEdit} data-testid="btn-edit-source">
          {t("edit")}
        </Button>
      )}
      {write && (
        <ConfirmButton
          danger
          icon={<DeleteOutlined />}
          aria-label={t("remove")}
          title={t("remove_title", { name: text(source.title) || source.key })}
          text={t("remove_text")}
          confirmLabel={t("remove")}
          onConfirm={remove}
        />
      )}
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Overview({ source }: { source: Source }) {
  const { t } = useTranslation("sources");
  const { state } = source;
  const at = (name: string) => <RelativeTime at={state[name] as string | null} />;
  const on = (["push", "poll", "file"] as const).filter((way) => source.ways[way].enabled);
  // A file says nothing of how late it is.
  const lagging = (["push", "poll"] as const).filter(
    (way) => source.ways[way].enabled || source.lag[way].count > 0,
  );
  return (
    <>
      {(state["last_error"] || state["missing"]) && source.failures > 0 && (
        <div className="hr-src-trouble" role="alert" data-testid="source-trouble">
          <strong>
            {t(`class.${state["last_class"] ?? "refused"}`)} ·{" "}
            {t("failures", { count: source.failures })}
          </strong>
          <div>{state["missing"] || state["last_error"]}</div>
        </div>
      )}
      {state.refunds.failures > 0 && source.failures === 0 && (
        <div className="hr-src-trouble" role="alert" data-testid="refunds-trouble">
          <strong>
            {t("refunds_fail")} · {t(`class.${state.refunds.last_class ?? "refused"}`)} ·{" "}
            {t("failures", { count: state.refunds.failures })}
          </strong>
          <div>{state.refunds.last_error}</div>
        </div>
      )}
      {state["quiet_at"] && (
        <div className="hr-src-trouble" role="alert">
          <strong>{t("quiet")}</strong> {at("quiet_at")}
        </div>
      )}
      {source.open_incident !== null && (
        <div className="hr-src-trouble" data-testid="incident-open">
          <Link to={`?view=incidents&incident=${source.open_incident}`}>{t("incident.open")}</Link>
        </div>
      )}
      {source.token?.trouble && (
        <div className="hr-src-trouble" role="alert" data-testid="token-trouble">
          <strong>{t("token.trouble")}</strong>
          <div>{source.token.trouble}</div>
          <div>{t("token.todo")}</div>
        </div>
      )}
      <Card title={t("view.overview")}>
        <dl className="hr-src-facts">
          <Fact name={t("channel")}>
            {source.channel} · {source.shop || "–"}
          </Fact>
          <Fact name={t("ways")}>
            <WaysText ways={on} />
          </Fact>
          {source.ways.poll.enabled && (
            <Fact name={t("every")}>
              <Every iso={source.ways.poll.every} />
            </Fact>
          )}
          {source.ways.poll.enabled && <Fact name={t("watermark")}>{at("watermark_at")}</Fact>}
          {source.ways.poll.enabled && source.polls_refunds && (
            <Fact name={t("refunds_mark")}>
              {source.ways.poll.refunds ? (
                <RelativeTime at={state.refunds.watermark_at} />
              ) : (
                t("refunds_off")
              )}
            </Fact>
          )}
          {source.ways.poll.enabled && <Fact name={t("last_pull")}>{at("last_pull_at")}</Fact>}
          {source.ways.push.enabled && <Fact name={t("last_push")}>{at("push_ok_at")}</Fact>}
          {source.token !== null && (
            <Fact name={t("token.ends")}>
              {source.token.expires_at ? (
                <>
                  <ExactTime at={source.token.expires_at} />{" "}
                  <small className="hr-muted">{t("token.by_machine")}</small>
                </>
              ) : (
                t("token.unknown")
              )}
            </Fact>
          )}
          <Fact name={t("last_order")}>{at("last_order_at")}</Fact>
          {source.ways.push.enabled && (
            <Fact name={t("push_address")}>
              <code>{window.location.origin + addressOf(source.push_path)}</code>
            </Fact>
          )}
          <Fact name={t("table")}>
            <Link to={`/tables/${source.order_table}`}>{source.order_table}</Link>
          </Fact>
          <Fact name={t("interface.owner")}>
            {[source.owner["primary"], source.owner["backup"]]
              .flatMap((id) => (id ? [source.owner_names[id] ?? id] : []))
              .join(", ") || "–"}
          </Fact>
          <Fact name={t("waiting")}>
            <Link to={`/sources/exceptions?source=${source.key}`}>{source.exceptions}</Link>
          </Fact>
        </dl>
      </Card>
      {lagging.length > 0 && (
        <Card title={t("lateness")}>
          <p className="hr-muted">{t("lateness_text")}</p>
          <dl className="hr-src-facts">
            {lagging.map((way) => (
              <Fact key={way} name={t(`way.${way}`)}>
                {source.lag[way].count === 0 ? (
                  "–"
                ) : (
                  <>
                    <Length ms={source.lag[way].p50_ms} /> · {t("p95")}{" "}
                    <Length ms={source.lag[way].p95_ms} />
                  </>
                )}
              </Fact>
            ))}
          </dl>
        </Card>
      )}
      {source.versions.length > 0 && <Versions source={source} />}
    </>
  );
}

function Versions({ source }: { source: Source }) {
  const { t } = useTranslation("sources");
  const { message } = App.useApp();
  const textOf = useErrorText();
  const write = useMay()("tables:write");
  const done = useDone();
  const choose = async (version: string) => {
    try {
      await api.put(`/api/sources/${source.key}`, { revision: source.revision, version });
      await done();
      message.success(t("version_changed"));
    } catch (error) {
      message.error(textOf(error));
    }
  };
  const options = ["", ...source.versions].map((one) => ({
    value: one,
    title: one || t("version_usual"),
  }));
  return (
    <Card title={t("version")}>
      <p className="hr-muted">{t("version_text")}</p>
      {write ? (
        <Segments
          label={t("version")}
          options={options}
          value={source.version}
          onChange={choose}
          testId="version"
        />
      ) : (
        source.version || t("version_usual")
      )}
    </Card>
  );
}

function Pulls({ source, write }: { source: Source; write: boolean }) {
  const { t } = useTranslation("sources");
  const { message } = App.useApp();
  const textOf = useErrorText();
  const list = useList<Pull>(`/api/sources/${source.key}/pulls`, {}, { everyMs: 3_000 });
  const stop = async (pull: Pull) => {
    try {
      await api.post(`/api/sources/${source.key}/pulls/${pull.id}/stop`);
      list.onRetry();
    } catch (error) {
      message.error(textOf(error));
    }
  };
  const columns: Column<Pull>[] = [
    {
      key: "kind",
      title: t("pull.kind"),
      render: (one) => (
        <>
          {t(`pull.${one.kind}`)} · {t(`pull_what.${one.what}`)} <ExactTime at={one.began_at} />
        </>
      ),
    },
    {
      key: "status",
      title: t("pull.status"),
      phone: "corner",
      render: (one) => <Word group="pull_status" of={one.status} />,
    },
    {
      key: "progress",
      title: t("pull.progress"),
      render: (one) =>
        one.status === "running" || one.status === "queued" ? (
          <progress
            className="hr-src-bar"
            value={one.progress}
            max={1}
            aria-label={t("pull.progress")}
          />
        ) : (
          `${Math.round(one.progress * 100)} %`
        ),
    },
    {
      key: "counts",
      title: t("pull.counts"),
      render: (one) =>
        t("pull.counted", { seen: one.seen, created: one.created, changed: one.changed }),
    },
    {
      key: "error",
      title: t("pull.error"),
      render: (one) => (one.error_class ? t(`class.${one.error_class}`) : "–"),
    },
    {
      key: "stop",
      title: <span className="hr-hidden">{t("pull.stop")}</span>,
      align: "right",
      render: (one) =>
        write &&
        one.kind === "repull" &&
        (one.status === "running" || one.status === "queued") && (
          <Button size="small" onClick={() => stop(one)}>
            {t("pull.stop")}
          </Button>
        ),
    },
  ];
  return (
    <DataTable
      label={t("view.pulls")}
      columns={columns}
      {...list}
      rowKey={(one) => String(one.id)}
      testId={(one) => `pull-${one.id}`}
      empty={<EmptyState title={t("pull.none")} text={t("pull.none_text")} />}
    />
  );
}

function AgainDialog({ source, onClose }: { source: Source; onClose: () => void }) {
  const { t } = useTranslation("sources");
  const { message } = App.useApp();
  const [, setQuery] = useSearchParams();
  const done = useDone();
  const label = (key: string) => ({ zh: t(key), en: t(key) });
  const schema = {
    type: "object",
    properties: {
      since: {
        type: "string",
        format: "date-time",
        "x-title": label("again.since"),
        "x-help": label("again.since_help"),
      },
      until: {
        type: "string",
        format: "date-time",
        "x-title": label("again.until"),
        "x-help": label("again.until_help"),
      },
    },
    "x-order": ["since", "until"],
  } as unknown as JsonSchema;
  return (
    <FormDialog
      title={t("pull_again")}
      intro={t("again.intro")}
      schema={schema}
      submitLabel={t("pull_again")}
      onSubmit={async (value) => {
        const body = { since: value["since"] || null, until: value["until"] || null };
        await api.post(`/api/sources/${source.key}/pulls`, body);
        await done();
        message.success(t("again.began"));
        setQuery({ view: "pulls" });
        onClose();
      }}
      onClose={onClose}
    />
  );
}
