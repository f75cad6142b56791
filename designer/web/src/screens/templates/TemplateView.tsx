// One template: what it does, what it brings, a trial with its samples, and the button that installs it.

import { DownloadOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { addressOf, api } from "../../api/client";
import type { Template } from "../../api/types";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { Card, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { StatusTag, Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { FlowPicture } from "./FlowPicture";
import { Removal } from "./Removal";
import { Samples } from "./Samples";
import { Wizard } from "./Wizard";
import "./templates.css";

export function TemplateView({ templateKey }: { templateKey: string }) {
  const { t } = useTranslation("templates");
  const { text } = useText();
  const { data, error, refetch } = useQuery({
    queryKey: ["/api/templates", templateKey],
    queryFn: ({ signal }) => api.get<Template>(`/api/templates/${templateKey}`, { signal }),
  });
  const [open, setOpen] = useState<"install" | "remove" | null>(null);
  return (
    <>
      <PageHeader
        back="/templates"
        title={data ? text(data.name) : t("title")}
        {...(data ? { actions: <Actions template={data} onOpen={setOpen} /> } : {})}
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
            <Brings template={data} />
            {data.flows.map((flow) => (
              <Card key={flow.key} title={text(flow.name)}>
                {flow.description && <p className="hr-muted">{text(flow.description)}</p>}
                <FlowPicture document={flow} />
              </Card>
            ))}
            {data.samples.length > 0 && <Samples template={data} />}
            {(data.expect ?? []).length > 0 && <Promised template={data} />}
            {open === "install" && (
              <Wizard template={data} onClose={() => setOpen(null)} onDone={() => undefined} />
            )}
            {open === "remove" && <Removal template={data} onClose={() => setOpen(null)} />}
          </div>
        )}
      </PageBody>
    </>
  );
}

interface ActionsProps {
  template: Template;
  onOpen: (what: "install" | "remove") => void;
}

function Actions({ template, onOpen }: ActionsProps) {
  const { t } = useTranslation(["templates", "wizard"]);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const discard = async () => {
    await api.delete(`/api/templates/${template.key}`);
    await queries.invalidateQueries({ queryKey: ["/api/templates"] });
    void navigate("/templates");
  };
  return (
    <>
      {template.installed && <StatusTag status="installed" />}
      <a
        className="hr-quiet-link"
        href={addressOf(`/api/templates/${template.key}/file`)}
        download
        data-testid="btn-template-file"
      >
        {t("wizard:file")}
      </a>
      {template.own && !template.installed && (
        <ConfirmButton
          title={t("wizard:discard_title")}
          text={t("wizard:discard_text")}
          confirmLabel={t("wizard:discard")}
          danger
          onConfirm={discard}
        >
          {t("wizard:discard")}
        </ConfirmButton>
      )}
      {template.installed && (
        <Button onClick={() => onOpen("remove")} data-testid="btn-template-remove">
          {t("wizard:remove")}
        </Button>
      )}
      <Button
        type={template.installed ? "default" : "primary"}
        icon={<DownloadOutlined />}
        onClick={() => onOpen("install")}
        data-testid="btn-install"
      >
        {t(template.installed ? "install_again" : "install")}
      </Button>
    </>
  );
}

/** What the template's own check compares: the numbers it must keep to. */
function Promised({ template }: { template: Template }) {
  const { t } = useTranslation("wizard");
  const { text } = useText();
  return (
    <Card title={t("promised")}>
      <p className="hr-muted">{t("promised_text", { key: template.key })}</p>
      <ul className="hr-promised">
        {(template.expect ?? []).map((one) => (
          <li key={one.id}>
            <span>{text(one.name)}</span>
            <strong>
              {one.at_least !== undefined ? "≥ " : one.at_most !== undefined ? "≤ " : ""}
              <Measured value={one.is ?? one.at_least ?? one.at_most} />
            </strong>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** A number, or a word of a program, such as the name of a call. */
function Measured({ value }: { value: unknown }) {
  return typeof value === "string" ? <code>{value}</code> : String(value);
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
    [
      "own_connectors",
      (template.own_connectors ?? []).map((one) => (
        <Tag key={one.key}>{text(one.title) || one.key}</Tag>
      )),
    ],
    [
      "tables",
      (template.tables ?? []).map((one) => <Tag key={one.key}>{text(one.title) || one.key}</Tag>),
    ],
    [
      "decision_tables",
      (template.decision_tables ?? []).map((one) => (
        <Tag key={one.key}>{text(one.title) || one.key}</Tag>
      )),
    ],
    ["sources", (template.sources ?? []).map((one) => <Tag key={one.key}>{text(one.title)}</Tag>)],
    ["targets", (template.targets ?? []).map((one) => <Tag key={text(one)}>{text(one)}</Tag>)],
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
