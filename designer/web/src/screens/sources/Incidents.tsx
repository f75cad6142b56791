// The records of what went wrong at a source: when, who was told, what was done, which orders came late.

import { CheckOutlined, LeftOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { JsonSchema } from "../../schema";
import { type Column, DataTable } from "../../ui/DataTable";
import { FormDialog } from "../../ui/form/FormDialog";
import { Card, EmptyState, ErrorState, Loading } from "../../ui/page";
import { ExactTime } from "../../ui/time";
import { Length, Word } from "./parts";
import type { LateOrder, Source, SourceIncident, SourceIncidentWhole } from "./types";

export function Incidents({ source }: { source: Source }) {
  const [query, setQuery] = useSearchParams();
  const open = query.get("incident");
  if (open !== null) return <One source={source} id={open} />;
  return (
    <Records
      source={source}
      onOpen={(id) => setQuery({ view: "incidents", incident: String(id) })}
    />
  );
}

function Records(props: { source: Source; onOpen: (id: number) => void }) {
  const { t } = useTranslation("sources");
  const list = useList<SourceIncident>(`/api/sources/${props.source.key}/incidents`);
  const columns: Column<SourceIncident>[] = [
    {
      key: "cause",
      title: t("incident.what"),
      render: (one) => <strong>{t(`incident.cause.${one.cause}`)}</strong>,
    },
    {
      key: "status",
      title: t("incident.status"),
      phone: "corner",
      render: (one) => <Word group="incident_status" of={one.status} />,
    },
    {
      key: "opened",
      title: t("incident.opened"),
      render: (one) => <ExactTime at={one.opened_at} />,
    },
    {
      key: "over",
      title: t("incident.over"),
      render: (one) => (one.over_at ? <ExactTime at={one.over_at} /> : "–"),
    },
  ];
  return (
    <DataTable
      label={t("view.incidents")}
      columns={columns}
      {...list}
      rowKey={(one) => String(one.id)}
      testId={(one) => `source-incident-${one.id}`}
      onOpen={(one) => props.onOpen(one.id)}
      empty={<EmptyState title={t("incident.none")} text={t("incident.none_text")} />}
    />
  );
}

function One({ source, id }: { source: Source; id: string }) {
  const { t } = useTranslation("sources");
  const may = useMay();
  const [, setQuery] = useSearchParams();
  const [closing, setClosing] = useState(false);
  const path = `/api/sources/${source.key}/incidents/${id}`;
  const { data, error, refetch } = useQuery({
    queryKey: [path],
    queryFn: ({ signal }) => api.get<SourceIncidentWhole>(path, { signal }),
    refetchInterval: 10_000,
  });
  const back = (
    <div>
      <Button
        type="text"
        icon={<LeftOutlined />}
        onClick={() => setQuery({ view: "incidents" })}
        data-testid="btn-incidents"
      >
        {t("incident.all")}
      </Button>
    </div>
  );
  if (data === undefined) {
    return error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading tall />;
  }
  return (
    <div className="hr-stack">
      {back}
      <Card
        title={t(`incident.cause.${data.cause}`)}
        actions={
          data.status !== "closed" &&
          may("records:write") && (
            <Button
              icon={<CheckOutlined />}
              onClick={() => setClosing(true)}
              data-testid="btn-close-incident"
            >
              {t("incident.close")}
            </Button>
          )
        }
      >
        <dl className="hr-src-facts">
          <Fact name={t("incident.status")}>
            <Word group="incident_status" of={data.status} />
          </Fact>
          <Fact name={t("incident.since")}>
            <ExactTime at={data.since} />
          </Fact>
          <Fact name={t("incident.over")}>
            {data.over_at ? <ExactTime at={data.over_at} /> : "–"}
          </Fact>
          <Fact name={t("incident.late")}>
            {t("incident.late_of", {
              count: data.late.late,
              orders: `${data.late.orders}${data.late.whole ? "" : "+"}`,
            })}
          </Fact>
          <Fact name={t("incident.worst")}>
            <Length ms={data.late.worst_ms} />
          </Fact>
          <Fact name={t("incident.checked")}>
            {data.checked === null
              ? t("incident.not_checked")
              : t("incident.checked_text", {
                  seen: data.checked.seen,
                  created: data.checked.created,
                  waiting: data.exceptions,
                })}
          </Fact>
        </dl>
        {data.note && <p>{data.note}</p>}
      </Card>
      <Card title={t("incident.timeline")}>
        <ol className="hr-src-timeline" data-testid="incident-timeline">
          {data.steps.map((one) => (
            <li key={`${one.at} ${one.kind} ${JSON.stringify(one.details)}`}>
              <ExactTime at={one.at} />
              <div>
                <strong>{t(`incident.step.${one.kind}`)}</strong>
                <StepText step={one} names={data.names} />
              </div>
            </li>
          ))}
        </ol>
      </Card>
      <Late source={source} path={path} limit={data.late.limit_ms} />
      {closing && (
        <CloseDialog path={path} onClose={() => setClosing(false)} onDone={() => void refetch()} />
      )}
    </div>
  );
}

function Fact(props: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

/** What a line of the timeline says besides its name. */
function StepText(props: {
  step: SourceIncidentWhole["steps"][number];
  names: Record<string, string>;
}) {
  const { t } = useTranslation("sources");
  const { details, kind } = props.step;
  const text = (name: string) => String(details[name] ?? "");
  const nameOf = (id: string) => props.names[id] ?? id;
  const by = details["by"] ? nameOf(text("by")) : "";
  const parts: ReactNode[] = [];
  if (kind === "told") {
    const people = (details["people"] as string[] | undefined) ?? [];
    parts.push(people.map(nameOf).join(", ") || "–");
  }
  if (details["api"]) parts.push(<code>{text("api")}</code>);
  if (details["class"]) parts.push(t(`class.${text("class")}`));
  if (details["times"]) parts.push(t("failures", { count: Number(details["times"]) }));
  if (kind === "noticed_quiet")
    parts.push(
      t("incident.quiet_text", {
        minutes: details["minutes"],
        orders: details["orders"],
        usual: details["usual"],
      }),
    );
  if (kind === "changed") {
    const versions = details["version"] !== undefined;
    parts.push(
      versions
        ? `${text("version_before") || t("version_usual")} → ${text("version") || t("version_usual")}`
        : ((details["changed"] as string[] | undefined) ?? []).join(", "),
    );
  }
  if (kind === "repulled")
    parts.push(
      t("pull.counted", {
        seen: details["seen"],
        created: details["created"],
        changed: details["changed"],
      }),
    );
  if (details["note"]) parts.push(text("note"));
  if (by) parts.push(t("incident.by", { name: by }));
  if (details["error"]) parts.push(text("error"));
  return (
    <div className="hr-muted">
      {parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts of one sentence
        <span key={index}>
          {index > 0 && " · "}
          {part}
        </span>
      ))}
    </div>
  );
}

function Late({ source, path, limit }: { source: Source; path: string; limit: number }) {
  const { t } = useTranslation("sources");
  const list = useList<LateOrder>(`${path}/orders`);
  const columns: Column<LateOrder>[] = [
    {
      key: "number",
      title: t("incident.order"),
      render: (one) => (
        <Link to={`/tables/${source.order_table}/${one.id}`}>{one.number || one.key}</Link>
      ),
    },
    {
      key: "state",
      title: t("map.state"),
      phone: "corner",
      render: (one) => t(`state.${one.state}`, { defaultValue: one.state }),
    },
    { key: "paid", title: t("field.paid_at"), render: (one) => <ExactTime at={one.paid_at} /> },
    {
      key: "late",
      title: t("incident.by_how_much"),
      align: "right",
      render: (one) => <Length ms={one.late_ms} />,
    },
    {
      key: "ship",
      title: t("incident.ship_by"),
      render: (one) => (
        <>
          <ExactTime at={one.ship_by} /> {one.ship_breached && <Word group="limit" of="breached" />}
        </>
      ),
    },
  ];
  return (
    <Card title={t("incident.late")}>
      <p className="hr-muted">{t("incident.late_text", { minutes: Math.round(limit / 60_000) })}</p>
      <DataTable
        label={t("incident.late")}
        columns={columns}
        {...list}
        rowKey={(one) => one.key}
        empty={<EmptyState title={t("incident.none_late")} />}
      />
    </Card>
  );
}

function CloseDialog(props: { path: string; onClose: () => void; onDone: () => void }) {
  const { t } = useTranslation("sources");
  const { message } = App.useApp();
  const queries = useQueryClient();
  const label = { zh: t("incident.note"), en: t("incident.note") };
  const schema = {
    type: "object",
    properties: { note: { type: "string", maxLength: 2_000, "x-title": label } },
  } as unknown as JsonSchema;
  return (
    <FormDialog
      title={t("incident.close")}
      intro={t("incident.close_text")}
      schema={schema}
      submitLabel={t("incident.close")}
      onSubmit={async (value) => {
        await api.post(`${props.path}/close`, { note: value["note"] ?? "" });
        await queries.invalidateQueries({
          predicate: (one) => String(one.queryKey[0]).startsWith("/api/sources"),
        });
        message.success(t("saved"));
        props.onDone();
        props.onClose();
      }}
      onClose={props.onClose}
    />
  );
}
