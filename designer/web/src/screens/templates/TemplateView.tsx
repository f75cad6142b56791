// One template: what it does, what it brings, a trial with its samples, and the button that installs it.

import { CheckCircleOutlined, DownloadOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "../../api/client";
import type { Template } from "../../api/types";
import { Card, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { StatusTag, Tag } from "../../ui/StatusTag";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import { FlowPicture } from "./FlowPicture";
import { Samples } from "./Samples";
import "./templates.css";

interface Installed {
  flows: string[];
  created?: string[];
  kept?: string[];
}

export function TemplateView({ templateKey }: { templateKey: string }) {
  const { t } = useTranslation("templates");
  const { text } = useText();
  const { data, error, refetch } = useQuery({
    queryKey: ["/api/templates", templateKey],
    queryFn: ({ signal }) => api.get<Template>(`/api/templates/${templateKey}`, { signal }),
  });
  const installing = useInstall(templateKey);
  return (
    <>
      <PageHeader
        back="/templates"
        title={data ? text(data.name) : t("title")}
        {...(data ? { actions: <Install template={data} installing={installing} /> } : {})}
      />
      <PageBody>
        {data === undefined ? (
          error ? (
            <ErrorState error={error} onRetry={refetch} />
          ) : (
            <Loading tall />
          )
        ) : (
          <div className="hr-stack">
            <p className="hr-template-lead">{text(data.description)}</p>
            {installing.error !== null && (
              <Trouble error={installing.error} title={t("install_failed")} />
            )}
            {installing.done && <Done installed={installing.done} template={data} />}
            <Brings template={data} />
            {data.flows.map((flow) => (
              <Card key={flow.key} title={text(flow.name)}>
                {flow.description && <p className="hr-muted">{text(flow.description)}</p>}
                <FlowPicture document={flow} />
              </Card>
            ))}
            {data.samples.length > 0 && <Samples template={data} />}
          </div>
        )}
      </PageBody>
    </>
  );
}

function useInstall(key: string) {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<Installed | null>(null);
  const [error, setError] = useState<unknown>(null);
  const install = async () => {
    setBusy(true);
    setError(null);
    try {
      setDone(await api.post<Installed>(`/api/templates/${key}/install`));
      await Promise.all(
        ["/api/templates", "/api/flows", "/api/roles", "/api/connections"].map((path) =>
          queries.invalidateQueries({ queryKey: [path] }),
        ),
      );
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return { install, busy, done, error };
}

interface InstallProps {
  template: Template;
  installing: ReturnType<typeof useInstall>;
}

function Install({ template, installing }: InstallProps) {
  const { t } = useTranslation("templates");
  return (
    <>
      {template.installed && <StatusTag status="installed" />}
      <Button
        type={template.installed ? "default" : "primary"}
        icon={<DownloadOutlined />}
        loading={installing.busy}
        onClick={installing.install}
        data-testid="btn-install"
      >
        {t(template.installed ? "install_again" : "install")}
      </Button>
    </>
  );
}

/** What is left to do by a person after installing: put people into roles, fill in connections. */
function Done({ installed, template }: { installed: Installed; template: Template }) {
  const { t } = useTranslation("templates");
  const { text } = useText();
  const nameOf = (key: string) =>
    text(template.flows.find((flow) => flow.key === key)?.name) || key;
  const kept = installed.kept ?? [];
  /** The server names what it kept as "role cs_lead". */
  const keptName = (told: string) => {
    const [kind = "", key = ""] = told.split(" ");
    const role = template.roles.find((one) => one.key === key);
    const connection = template.connections.find((one) => one.key === key);
    if (kind === "flow") return nameOf(key);
    return text((kind === "role" ? role?.title : connection?.name) ?? key);
  };
  const banner = useRef<HTMLDivElement>(null);
  useEffect(() => banner.current?.scrollIntoView({ block: "center" }), []);
  return (
    <div className="hr-installed" role="status" data-testid="installed" ref={banner}>
      <CheckCircleOutlined aria-hidden />
      <div>
        <strong>{t("installed")}</strong>
        {kept.length > 0 && <p>{t("kept", { names: kept.map(keptName).join(" · ") })}</p>}
        <p>{t("next")}</p>
        <ul>
          {template.roles.length > 0 && (
            <li>
              <Link to="/roles">{t("next_roles")}</Link>
            </li>
          )}
          {template.connections.length > 0 && (
            <li>
              <Link to="/connections">{t("next_connections")}</Link>
            </li>
          )}
          {installed.flows.map((key) => (
            <li key={key}>
              <Link to={`/flows/${key}`} data-testid={`open-${key}`}>
                {t("next_flow", { name: nameOf(key) })}
              </Link>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function Brings({ template }: { template: Template }) {
  const { t } = useTranslation("templates");
  const { text } = useText();
  const rows: [string, ReactNode[]][] = [
    ["flows", template.flows.map((flow) => <Tag key={flow.key}>{text(flow.name)}</Tag>)],
    [
      "roles",
      template.roles.map((role) => <Tag key={role.key}>{text(role.title) || role.key}</Tag>),
    ],
    [
      "connections",
      template.connections.map((one) => <Tag key={one.key}>{text(one.name) || one.key}</Tag>),
    ],
  ];
  return (
    <Card title={t("brings")}>
      <dl className="hr-brings">
        {rows
          .filter(([, tags]) => tags.length > 0)
          .map(([name, tags]) => (
            <div key={name}>
              <dt>{t(`bring.${name}`)}</dt>
              <dd className="hr-row">{tags}</dd>
            </div>
          ))}
      </dl>
    </Card>
  );
}
