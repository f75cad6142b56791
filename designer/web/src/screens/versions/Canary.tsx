// A new version for some starts first: by rule or by weight, compared side by side, taken back by itself.

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { AutoComplete, Button, Checkbox, Input, InputNumber, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { Flow } from "../../api/types";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { DataTable } from "../../ui/DataTable";
import { Card, EmptyState } from "../../ui/page";
import { Tag } from "../../ui/StatusTag";
import { RelativeTime } from "../../ui/time";
import { useAct } from "./act";
import { Figures } from "./Figures";
import { type DraftRule, emptyRule, ruleFrom, ruleOf } from "./rules";
import type { Guard, Route, Routing, Version } from "./versions";

const USUAL: Guard = { instances: 50, rate: 5, factor: 2 };
const OPERATORS = ["=", "!=", "in", ">", ">=", "<", "<=", "beginsWith", "expression"] as const;

interface CanaryProps {
  flowKey: string;
  versions: Version[];
  routing: Routing;
}

export function Canary({ flowKey, versions, routing }: CanaryProps) {
  const { t } = useTranslation("versions");
  const may = useMay();
  const { busy, act } = useAct();
  const running = routing.running;
  const others = versions.filter(
    (row) => row.version !== routing.published_version && row.status !== "retired",
  );
  const [rules, setRules] = useState<DraftRule[]>(
    () => running?.rules.map(ruleFrom) ?? [emptyRule(others[0]?.version)],
  );
  const [guard, setGuard] = useState<Guard | null>(running === null ? USUAL : running.guard);
  const path = `/api/flows/${flowKey}/route`;
  const editable = may("flows:publish");
  const canaries = [...new Set(running?.rules.map((rule) => rule.version))];
  return (
    <>
      {running !== null && (
        <Card
          title={t("canary.running")}
          testId="canary-running"
          actions={
            editable && (
              <span className="hr-row">
                <ConfirmButton
                  danger
                  title={t("canary.stop_title")}
                  text={t("canary.stop_text", { version: running.baseline })}
                  confirmLabel={t("canary.stop")}
                  onConfirm={() => act(() => api.post(`${path}/end`), t("canary.stopped"))}
                  data-testid="btn-canary-stop"
                >
                  {t("canary.stop")}
                </ConfirmButton>
                {canaries.map((version) => (
                  <ConfirmButton
                    key={version}
                    type="primary"
                    title={t("canary.promote_title", { version })}
                    text={t("canary.promote_text")}
                    confirmLabel={t("canary.promote", { version })}
                    onConfirm={() =>
                      act(
                        () => api.post(`${path}/end`, { version }),
                        t("activate.done", { version }),
                      )
                    }
                    data-testid={`btn-canary-promote-${version}`}
                  >
                    {t("canary.promote", { version })}
                  </ConfirmButton>
                ))}
              </span>
            )
          }
        >
          <p className="hr-muted">
            {t("canary.since", { who: running.began_by })} <RelativeTime at={running.began_at} />
          </p>
          <Figures flowKey={flowKey} />
        </Card>
      )}
      {others.length === 0 ? (
        <EmptyState title={t("canary.nothing")} text={t("canary.nothing_text")} />
      ) : (
        editable && (
          <Card
            title={t(running === null ? "canary.begin" : "canary.change")}
            testId="canary-rules"
          >
            <p className="hr-muted">{t("canary.help")}</p>
            <Rules flowKey={flowKey} rules={rules} versions={others} onChange={setRules} />
            <GuardFields guard={guard} onChange={setGuard} />
            <Button
              type="primary"
              loading={busy}
              disabled={rules.some((rule) => ruleOf(rule) === null)}
              onClick={() =>
                void act(
                  () => api.put(path, { rules: rules.map(ruleOf), guard }),
                  t(running === null ? "canary.begun" : "canary.changed"),
                )
              }
              data-testid="btn-canary-save"
            >
              {t(running === null ? "canary.begin" : "canary.save")}
            </Button>
          </Card>
        )
      )}
      {running === null && (
        <Card title={t("figures.title")}>
          <Figures flowKey={flowKey} />
        </Card>
      )}
      <Past flowKey={flowKey} />
    </>
  );
}

interface RulesProps {
  flowKey: string;
  rules: DraftRule[];
  versions: Version[];
  onChange: (rules: DraftRule[]) => void;
}

function Rules({ flowKey, rules, versions, onChange }: RulesProps) {
  const { t } = useTranslation("versions");
  const fields = useFields(flowKey);
  const change = (index: number, next: Partial<DraftRule>) =>
    onChange(rules.map((rule, at) => (at === index ? { ...rule, ...next } : rule)));
  return (
    <ol className="hr-rules">
      {rules.map((rule, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rules have no other name than their place
        <li key={index} data-testid={`rule-${index}`}>
          <Select
            value={rule.kind}
            aria-label={t("rule.kind")}
            options={[
              { value: "weight", label: t("rule.by_weight") },
              { value: "when", label: t("rule.by_rule") },
            ]}
            onChange={(kind) => change(index, { kind })}
            data-testid={`rule-${index}-kind`}
          />
          {rule.kind === "when" && (
            <>
              <Select
                value={rule.operator}
                aria-label={t("rule.operator")}
                options={OPERATORS.map((value) => ({ value, label: t(`rule.is.${value}`) }))}
                onChange={(operator) => change(index, { operator })}
                data-testid={`rule-${index}-operator`}
              />
              {rule.operator !== "expression" && (
                <AutoComplete
                  value={rule.field}
                  aria-label={t("rule.field")}
                  placeholder={t("rule.field")}
                  options={fields.map((value) => ({ value }))}
                  onChange={(field) => change(index, { field })}
                  data-testid={`rule-${index}-field`}
                />
              )}
              <Input
                value={rule.value}
                aria-label={t("rule.value")}
                placeholder={
                  rule.operator === "expression"
                    ? "shop == 'S1' and amount > 100"
                    : rule.operator === "in"
                      ? t("rule.values")
                      : t("rule.value")
                }
                onChange={(event) => change(index, { value: event.target.value })}
                data-testid={`rule-${index}-value`}
              />
            </>
          )}
          <InputNumber
            value={rule.weight}
            min={0.01}
            max={100}
            suffix="%"
            aria-label={t("rule.weight")}
            onChange={(weight) => change(index, { weight })}
            data-testid={`rule-${index}-weight`}
          />
          <span>{t("rule.to")}</span>
          <Select
            value={rule.version}
            aria-label={t("version")}
            options={versions.map((row) => ({
              value: row.version,
              label: t("number", { version: row.version }),
            }))}
            onChange={(version) => change(index, { version })}
            data-testid={`rule-${index}-version`}
          />
          <Button
            type="text"
            icon={<DeleteOutlined />}
            aria-label={t("rule.remove", { number: index + 1 })}
            disabled={rules.length === 1}
            onClick={() => onChange(rules.filter((_, at) => at !== index))}
          />
        </li>
      ))}
      <li>
        <Button
          icon={<PlusOutlined />}
          onClick={() => onChange([...rules, emptyRule(versions[0]?.version)])}
          data-testid="btn-rule-add"
        >
          {t("rule.add")}
        </Button>
        <span className="hr-muted">{t("rule.order")}</span>
      </li>
    </ol>
  );
}

function useFields(flowKey: string): string[] {
  const { data } = useQuery({
    queryKey: ["flow", flowKey],
    queryFn: () => api.get<Flow>(`/api/flows/${flowKey}`),
  });
  const input = data?.draft.document["input"] as { properties?: object } | undefined;
  return [...Object.keys(input?.properties ?? {}), "instance.business_key"];
}

function GuardFields({
  guard,
  onChange,
}: {
  guard: Guard | null;
  onChange: (guard: Guard | null) => void;
}) {
  const { t } = useTranslation("versions");
  const number = (name: keyof Guard, min: number, max: number) => (
    <InputNumber
      value={guard?.[name] ?? USUAL[name]}
      min={min}
      max={max}
      aria-label={t(`guard.${name}`)}
      onChange={(value) => guard !== null && onChange({ ...guard, [name]: value ?? USUAL[name] })}
      data-testid={`guard-${name}`}
    />
  );
  return (
    <div className="hr-guard">
      <Checkbox
        checked={guard !== null}
        onChange={(event) => onChange(event.target.checked ? USUAL : null)}
        data-testid="guard-on"
      >
        {t("guard.on")}
      </Checkbox>
      {guard !== null && (
        <p>
          {t("guard.after")} {number("instances", 1, 1000)} {t("guard.more_than")}{" "}
          {number("rate", 0, 100)} {t("guard.and")} {number("factor", 1, 1000)} {t("guard.times")}
        </p>
      )}
    </div>
  );
}

function Past({ flowKey }: { flowKey: string }) {
  const { t } = useTranslation("versions");
  const list = useList<Route>(`/api/flows/${flowKey}/routes`, { limit: 20 });
  if (list.rows === undefined || list.rows.every((route) => route.status === "running"))
    return null;
  const ended = list.rows.filter((route) => route.status !== "running");
  return (
    <Card title={t("canary.past")}>
      <DataTable
        label={t("canary.past")}
        {...list}
        rows={ended}
        rowKey={(route) => route.id}
        empty={null}
        columns={[
          {
            key: "versions",
            title: t("version"),
            render: (route) =>
              `${[...new Set(route.rules.map((rule) => rule.version))].join(", ")} / ${route.baseline}`,
          },
          {
            key: "how",
            title: t("state"),
            phone: "corner",
            render: (route) => (
              <Tag
                tone={
                  route.status === "promoted"
                    ? "ok"
                    : route.status === "rolled_back"
                      ? "error"
                      : "neutral"
                }
              >
                {t(`canary.how.${route.status}`)}
              </Tag>
            ),
          },
          { key: "reason", title: t("canary.reason"), render: (route) => route.reason || "–" },
          {
            key: "ended",
            title: t("canary.ended"),
            render: (route) => (
              <>
                <RelativeTime at={route.ended_at} /> ·{" "}
                {route.ended_by === "engine" ? t("canary.by_itself") : route.ended_by}
              </>
            ),
          },
        ]}
      />
    </Card>
  );
}
