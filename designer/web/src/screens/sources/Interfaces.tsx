// The registry of outside interfaces: what is in use, when it ends, how it answers, who depends on it.

import { ApiOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { JsonSchema } from "../../schema";
import { type Column, DataTable } from "../../ui/DataTable";
import { useErrorText } from "../../ui/errorText";
import { FormDialog } from "../../ui/form/FormDialog";
import { EmptyState } from "../../ui/page";
import { Segments } from "../../ui/Segments";
import { Sheet } from "../../ui/Sheet";
import { useText } from "../../ui/text";
import { ExactTime, exactDate, RelativeTime } from "../../ui/time";
import { MoreFields, ownerFields } from "./Fields";
import { Frame, Length, Word } from "./parts";
import type { Interface } from "./types";

const STATUSES = ["", "ok", "failing", "gone", "deprecated"];

export default function Interfaces() {
  const { t } = useTranslation("sources");
  const { language } = useText();
  const [status, setStatus] = useState("");
  const [open, setOpen] = useState<number | null>(null);
  const list = useList<Interface>("/api/interfaces", { status }, { everyMs: 15_000 });
  const shown = list.rows?.find((one) => one.id === open);
  const columns: Column<Interface>[] = [
    {
      key: "api",
      title: t("interface.api"),
      render: (one) => (
        <>
          <code>{one.api}</code> {one.version}
        </>
      ),
    },
    {
      key: "status",
      title: t("interface.status"),
      phone: "corner",
      render: (one) => <Word group="interface_status" of={one.status} />,
    },
    { key: "connection", title: t("interface.connection"), render: (one) => one.connection },
    {
      key: "p95",
      title: t("interface.p95"),
      align: "right",
      render: (one) => <Length ms={one.p95_ms} />,
    },
    {
      key: "ok",
      title: t("interface.last_ok"),
      render: (one) => <RelativeTime at={one.last_ok_at} />,
    },
    {
      key: "expires",
      title: t("interface.expires"),
      render: (one) => (one.expires_at ? exactDate(one.expires_at, language) : "–"),
    },
  ];
  return (
    <Frame part="interfaces">
      <div className="hr-src-filters">
        <Segments
          label={t("interface.status")}
          options={STATUSES.map((one) => ({
            value: one,
            title: one ? t(`interface_status.${one}`) : t("all"),
          }))}
          value={status}
          onChange={setStatus}
        />
      </div>
      <DataTable
        label={t("interfaces.title")}
        columns={columns}
        {...list}
        rowKey={(one) => String(one.id)}
        testId={(one) => `interface-${one.id}`}
        onOpen={(one) => setOpen(one.id)}
        empty={
          <EmptyState
            icon={<ApiOutlined />}
            title={t("interfaces.empty")}
            text={t("interfaces.empty_text")}
          />
        }
      />
      {shown && <One found={shown} onClose={() => setOpen(null)} />}
    </Frame>
  );
}

function One({ found, onClose }: { found: Interface; onClose: () => void }) {
  const { t } = useTranslation("sources");
  const { language } = useText();
  const { message } = App.useApp();
  const textOf = useErrorText();
  const may = useMay();
  const queries = useQueryClient();
  const [editing, setEditing] = useState(false);
  const done = () => queries.invalidateQueries({ queryKey: ["/api/interfaces"] });
  const acknowledge = async () => {
    try {
      await api.post(`/api/interfaces/${found.id}/acknowledge`);
      await done();
      message.success(t("interface.acknowledged"));
    } catch (error) {
      message.error(textOf(error));
    }
  };
  const label = (key: string) => ({ zh: t(key), en: t(key) });
  const schema = {
    type: "object",
    properties: {
      ...ownerFields(label),
      expires_on: { type: "string", format: "date", "x-title": label("interface.expires") },
      agreed_ms: {
        type: "integer",
        minimum: 1,
        maximum: 600_000,
        "x-title": label("interface.agreed"),
        "x-help": label("interface.agreed_help"),
      },
    },
    "x-order": ["primary", "backup", "expires_on", "agreed_ms"],
  } as unknown as JsonSchema;
  return (
    <>
      <Sheet
        title={`${found.api} ${found.version}`}
        onClose={onClose}
        wide
        foot={
          <>
            {found.expires_at && !found.acknowledged_at && may("records:write") && (
              <Button onClick={acknowledge} data-testid="btn-acknowledge">
                {t("interface.acknowledge")}
              </Button>
            )}
            {may("tables:write") && (
              <Button type="primary" onClick={() => setEditing(true)}>
                {t("edit")}
              </Button>
            )}
          </>
        }
      >
        <div className="hr-stack">
          {found.last_error && found.status !== "ok" && (
            <div className="hr-src-trouble">{found.last_error}</div>
          )}
          <dl className="hr-src-facts">
            <div>
              <dt>{t("interface.address")}</dt>
              <dd>
                <code>{found.url}</code>
              </dd>
            </div>
            <div>
              <dt>{t("interface.operation")}</dt>
              <dd>
                {found.connector}.{found.operation}
              </dd>
            </div>
            <div>
              <dt>{t("interface.last_ok")}</dt>
              <dd>{found.last_ok_at ? <ExactTime at={found.last_ok_at} /> : "–"}</dd>
            </div>
            <div>
              <dt>{t("interface.failures")}</dt>
              <dd>{found.failures}</dd>
            </div>
            <div>
              <dt>{t("interface.expires")}</dt>
              <dd>
                {found.expires_at ? exactDate(found.expires_at, language) : "–"}
                {found.acknowledged_at ? ` · ${t("interface.known")}` : ""}
              </dd>
            </div>
            <div>
              <dt>{t("interface.owner")}</dt>
              <dd>
                {Object.values(found.owner)
                  .map((one) => one.name)
                  .join(", ") || "–"}
              </dd>
            </div>
            <div>
              <dt>{t("interface.sources")}</dt>
              <dd>
                {found.sources.map((key) => (
                  <Link key={key} to={`/sources/at/${key}`}>
                    {key}{" "}
                  </Link>
                ))}
                {found.sources.length === 0 && "–"}
              </dd>
            </div>
            <div>
              <dt>{t("interface.flows")}</dt>
              <dd>
                {found.flows.map((key) => (
                  <Link key={key} to={`/flows/${key}`}>
                    {key}{" "}
                  </Link>
                ))}
                {found.flows.length === 0 && "–"}
              </dd>
            </div>
          </dl>
          <DataTable
            label={t("interface.months")}
            columns={[
              { key: "month", title: t("interface.month"), render: (one) => one.month },
              {
                key: "calls",
                title: t("interface.calls"),
                align: "right",
                render: (one) => one.calls,
              },
              {
                key: "failed",
                title: t("interface.failed"),
                align: "right",
                render: (one) => one.failed,
              },
              {
                key: "p95",
                title: t("interface.p95"),
                align: "right",
                render: (one) => (
                  <>
                    <Length ms={one.p95_ms} /> {one.breached && `(${t("interface.breached")})`}
                  </>
                ),
              },
            ]}
            rows={found.months}
            rowKey={(one) => one.month}
            empty={<EmptyState title={t("interface.no_months")} />}
          />
        </div>
      </Sheet>
      {editing && (
        <MoreFields names={namesOf(found.owner)}>
          <FormDialog
            title={t("edit")}
            schema={schema}
            start={{
              ...Object.fromEntries(
                Object.entries(found.owner).map(([kind, one]) => [kind, one.id]),
              ),
              ...(found.expires_at ? { expires_on: localDay(found.expires_at) } : {}),
              ...(found.agreed_ms ? { agreed_ms: found.agreed_ms } : {}),
            }}
            onSubmit={async (value) => {
              await api.patch(`/api/interfaces/${found.id}`, {
                expires_on: value["expires_on"] || null,
                agreed_ms: value["agreed_ms"] ?? null,
                owner: { primary: value["primary"] || null, backup: value["backup"] || null },
              });
              await done();
              setEditing(false);
            }}
            onClose={() => setEditing(false)}
          />
        </MoreFields>
      )}
    </>
  );
}

function namesOf(owner: Interface["owner"]): Record<string, string> {
  return Object.fromEntries(Object.values(owner).map((one) => [one.id, one.name]));
}

/** The day in Shanghai, where ends of interfaces are counted. */
function localDay(at: string): string {
  return new Date(Date.parse(at) + 8 * 3_600_000).toISOString().slice(0, 10);
}
