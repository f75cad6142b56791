// How long what is kept, rules of single flows, and what is held because of the law.

import { LockOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import type { FlowSummary, JsonObject, Page } from "../../api/types";
import type { JsonSchema } from "../../schema";
import { DataTable } from "../../ui/DataTable";
import { FormDialog } from "../../ui/form/FormDialog";
import { Card, EmptyState, ErrorState, Loading } from "../../ui/page";
import { useText } from "../../ui/text";
import { Frame } from "./Frame";

const DAYS = [
  "instance_days",
  "inbox_days",
  "outbox_days",
  "message_days",
  "notification_days",
  "audit_days",
  "decision_days",
] as const;

type Retention = Record<(typeof DAYS)[number], number | null> & {
  archive: boolean;
  flows: { flow_key: string; retain_days: number | null; priority: number }[];
};

const KEY = ["/api/retention"];

export default function RetentionScreen() {
  const { t } = useTranslation("operations");
  const write = useMay()("retention:write");
  const { data, error, refetch } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => api.get<Retention>("/api/retention", { signal }),
  });
  const [open, setOpen] = useState<"rules" | "flow" | "hold" | null>(null);
  const [flow, setFlow] = useState<string | null>(null);
  const close = () => setOpen(null);
  return (
    <Frame
      part="retention"
      {...(write
        ? {
            actions: (
              <Button
                icon={<LockOutlined />}
                onClick={() => setOpen("hold")}
                data-testid="btn-hold"
              >
                {t("retention.hold")}
              </Button>
            ),
          }
        : {})}
    >
      {data === undefined ? (
        error ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : (
          <Loading />
        )
      ) : (
        <div className="hr-stack">
          <Card
            title={t("retention.general")}
            actions={
              write && (
                <Button onClick={() => setOpen("rules")} data-testid="btn-edit-retention">
                  {t("retention.edit")}
                </Button>
              )
            }
          >
            <dl className="hr-op-facts">
              {DAYS.map((name) => (
                <div key={name}>
                  <dt>{t(`retention.${name}`)}</dt>
                  <dd data-testid={`retention-${name}`}>
                    <Days value={data[name]} />
                  </dd>
                </div>
              ))}
              <div>
                <dt>{t("retention.archive")}</dt>
                <dd>{t(data.archive ? "yes" : "no")}</dd>
              </div>
            </dl>
          </Card>
          <Card
            title={t("retention.flows")}
            actions={
              write && (
                <Button
                  onClick={() => {
                    setFlow(null);
                    setOpen("flow");
                  }}
                  data-testid="btn-add-flow-rule"
                >
                  {t("retention.add_flow")}
                </Button>
              )
            }
          >
            <FlowRules
              rules={data.flows}
              onEdit={(key) => {
                setFlow(key);
                setOpen("flow");
              }}
            />
          </Card>
        </div>
      )}
      {open === "rules" && data !== undefined && <EditRules rules={data} onClose={close} />}
      {open === "flow" && data !== undefined && (
        <EditFlow flow={flow} rules={data} onClose={close} />
      )}
      {open === "hold" && <Hold onClose={close} />}
    </Frame>
  );
}

function Days({ value }: { value: number | null }) {
  const { t } = useTranslation("operations");
  return value === null ? t("retention.for_ever") : t("retention.days", { count: value });
}

function useFlowNames() {
  const { text } = useText();
  const { data } = useQuery({
    queryKey: ["flows", "for-filter"],
    queryFn: () => api.get<Page<FlowSummary>>("/api/flows?limit=200"),
    retry: false,
  });
  const flows = data?.items ?? [];
  return flows.map((flow) => ({ key: flow.key, name: text(flow.name) || flow.key }));
}

interface FlowRulesProps {
  rules: Retention["flows"];
  onEdit: (flow: string) => void;
}

function FlowRules({ rules, onEdit }: FlowRulesProps) {
  const { t } = useTranslation("operations");
  const write = useMay()("retention:write");
  const names = new Map(useFlowNames().map((flow) => [flow.key, flow.name]));
  return (
    <DataTable
      label={t("retention.flows")}
      columns={[
        {
          key: "flow",
          title: t("flow"),
          render: (rule) => names.get(rule.flow_key) ?? rule.flow_key,
        },
        {
          key: "days",
          title: t("retention.kept"),
          render: (rule) =>
            rule.retain_days === null ? (
              t("retention.as_general")
            ) : (
              <Days value={rule.retain_days} />
            ),
        },
        { key: "priority", title: t("retention.priority"), render: (rule) => rule.priority },
      ]}
      rows={rules}
      rowKey={(rule) => rule.flow_key}
      {...(write ? { onOpen: (rule: Retention["flows"][number]) => onEdit(rule.flow_key) } : {})}
      testId={(rule) => `rule-${rule.flow_key}`}
      empty={<EmptyState title={t("retention.no_rules")} text={t("retention.no_rules_text")} />}
    />
  );
}

function useSaved() {
  const { t } = useTranslation("operations");
  const { message } = App.useApp();
  const queries = useQueryClient();
  return async () => {
    await queries.invalidateQueries({ queryKey: KEY });
    message.success(t("retention.saved"));
  };
}

const days = (title: string, help?: string): JsonSchema => ({
  type: "integer",
  minimum: 0,
  maximum: 36_500,
  title,
  ...(help === undefined ? {} : { description: help }),
});

function EditRules({ rules, onClose }: { rules: Retention; onClose: () => void }) {
  const { t } = useTranslation("operations");
  const saved = useSaved();
  const schema: JsonSchema = {
    type: "object",
    properties: {
      ...Object.fromEntries(DAYS.map((name) => [name, days(t(`retention.${name}`))])),
      archive: {
        type: "boolean",
        title: t("retention.archive"),
        description: t("retention.archive_help"),
      },
    },
  };
  const { flows: _, ...start } = rules;
  return (
    <FormDialog
      title={t("retention.general")}
      intro={t("retention.edit_text")}
      schema={schema}
      start={withoutNull(start)}
      onClose={onClose}
      onSubmit={async (value) => {
        const told = Object.fromEntries(DAYS.map((name) => [name, value[name] ?? null]));
        await api.patch("/api/retention", { ...told, archive: value["archive"] ?? false });
        await saved();
        onClose();
      }}
    />
  );
}

interface EditFlowProps {
  flow: string | null;
  rules: Retention;
  onClose: () => void;
}

function EditFlow({ flow, rules, onClose }: EditFlowProps) {
  const { t } = useTranslation("operations");
  const saved = useSaved();
  const names = useFlowNames();
  const rule = rules.flows.find((each) => each.flow_key === flow);
  const name = names.find((each) => each.key === flow)?.name ?? flow;
  const choice: JsonSchema = {
    type: "string",
    title: t("flow"),
    oneOf: names.map((each) => ({ const: each.key, title: each.name })),
  };
  const schema: JsonSchema = {
    type: "object",
    required: flow === null ? ["flow"] : [],
    properties: {
      ...(flow === null ? { flow: choice } : {}),
      retain_days: days(t("retention.kept"), t("retention.kept_help")),
      priority: {
        type: "integer",
        minimum: 0,
        maximum: 9,
        title: t("retention.priority"),
        description: t("retention.priority_help"),
      },
    },
  };
  return (
    <FormDialog
      title={flow === null ? t("retention.add_flow") : name}
      schema={schema}
      start={withoutNull({
        retain_days: rule?.retain_days ?? null,
        priority: rule?.priority ?? 0,
      })}
      onClose={onClose}
      onSubmit={async (value) => {
        await api.patch(`/api/flows/${flow ?? value["flow"]}/rules`, {
          retain_days: value["retain_days"] ?? null,
          priority: value["priority"] ?? 0,
        });
        await saved();
        onClose();
      }}
    />
  );
}

function Hold({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("operations");
  const { message } = App.useApp();
  const schema: JsonSchema = {
    type: "object",
    required: ["business_key", "on", "reason"],
    properties: {
      business_key: { type: "string", minLength: 1, title: t("retention.business_key") },
      on: {
        type: "boolean",
        title: t("retention.what"),
        oneOf: [
          { const: true, title: t("retention.hold_on") },
          { const: false, title: t("retention.hold_off") },
        ],
      },
      reason: {
        type: "string",
        minLength: 1,
        maxLength: 2000,
        title: t("retention.reason"),
        "x-widget": "textarea",
      },
    },
  };
  return (
    <FormDialog
      title={t("retention.hold")}
      intro={t("retention.hold_text")}
      schema={schema}
      start={{ on: true }}
      onClose={onClose}
      onSubmit={async (value) => {
        const answer = await api.post<{ roots: string[] }>("/api/holds", value);
        message.success(t("retention.held", { count: answer.roots.length }));
        onClose();
      }}
    />
  );
}

function withoutNull(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null));
}
