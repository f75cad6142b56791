// Running cases to another version: choose from and to, look at the mapping, begin the dry run.

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Input, Radio, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import { DataTable } from "../../ui/DataTable";
import { Card, EmptyState, ErrorState, Loading } from "../../ui/page";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { useAct } from "./act";
import type { MigrationData, Routing, Suggestion, Version } from "./versions";

interface MigrationsProps {
  flowKey: string;
  versions: Version[];
  routing: Routing;
}

export function Migrations({ flowKey, versions, routing }: MigrationsProps) {
  const { t } = useTranslation("versions");
  const may = useMay();
  const [to, setTo] = useState(routing.published_version ?? versions[0]?.version ?? 1);
  const open = versions.filter((row) => row.open_instances > 0 && row.version !== to);
  const [chosen, setChosen] = useState<number[] | null>(null);
  const from = chosen?.filter((version) => version !== to) ?? open.map((row) => row.version);
  return (
    <>
      {may("instances:operate") && (
        <Card title={t("migrate.new")} testId="migrate-new">
          <div className="hr-migrate-choice">
            {/* biome-ignore lint/a11y/noLabelWithoutControl: the control is inside */}
            <label>
              {t("migrate.to")}
              <Select
                value={to}
                options={versions
                  .filter((row) => row.status !== "retired")
                  .map((row) => ({
                    value: row.version,
                    label: t("number", { version: row.version }),
                  }))}
                onChange={setTo}
                data-testid="migrate-to"
              />
            </label>
            <fieldset>
              <legend>{t("migrate.from")}</legend>
              {open.length === 0 && <span className="hr-muted">{t("migrate.nobody")}</span>}
              <Checkbox.Group
                value={from}
                options={open.map((row) => ({
                  value: row.version,
                  label: t("migrate.version_open", {
                    version: row.version,
                    count: row.open_instances,
                  }),
                }))}
                onChange={(next) => setChosen(next.map(Number))}
              />
            </fieldset>
          </div>
          {from.length > 0 && (
            <Mapping key={`${from.join()}-${to}`} flowKey={flowKey} from={from} to={to} />
          )}
        </Card>
      )}
      <Past flowKey={flowKey} />
    </>
  );
}

function Mapping({ flowKey, from, to }: { flowKey: string; from: number[]; to: number }) {
  const { t } = useTranslation("versions");
  const { text } = useText();
  const navigate = useNavigate();
  const { busy, act } = useAct();
  const [told, setTold] = useState<Record<string, string | null>>({});
  const [all, setAll] = useState(false);
  const [timers, setTimers] = useState<"keep" | "reset">("keep");
  const [variables, setVariables] = useState<{ name: string; value: string }[]>([]);
  const { data, error } = useQuery({
    queryKey: ["suggestion", flowKey, from, to],
    queryFn: () =>
      api.get<Suggestion>(
        `/api/flows/${flowKey}/migrations/suggestion?to=${to}&versions=${from.join(",")}`,
      ),
  });
  if (error) return <ErrorState error={error} />;
  if (data === undefined) return <Loading rows={3} />;
  const target = (row: Suggestion["nodes"][number]) =>
    row.node in told ? (told[row.node] ?? null) : row.to;
  const rows = data.nodes.filter((row) => all || !row.same_id || row.node in told);
  const begin = async () => {
    const nodes = Object.fromEntries(
      data.nodes.flatMap((row) => {
        const found = target(row);
        return found !== null && found !== row.node ? [[row.node, found]] : [];
      }),
    );
    const made = await act(() =>
      api.post<MigrationData>(`/api/flows/${flowKey}/migrations`, {
        to,
        versions: from,
        nodes,
        timers,
        variables: Object.fromEntries(
          variables
            .filter((row) => row.name.trim() !== "" && row.value.trim() !== "")
            .map((row) => [row.name.trim(), row.value]),
        ),
      }),
    );
    if (made !== undefined) navigate(`/flows/${flowKey}/migrations/${made.id}`);
  };
  return (
    <div className="hr-mapping" data-testid="mapping">
      <h3>{t("migrate.mapping")}</h3>
      <p className="hr-muted">{t("migrate.mapping_help")}</p>
      {rows.length === 0 && <p>{t("migrate.all_same")}</p>}
      <ul>
        {rows.map((row) => (
          <li key={row.node} data-testid={`map-${row.node}`}>
            <span>
              {text(row.name) || row.node} <code>{row.node}</code>
            </span>
            <span aria-hidden>→</span>
            <Select
              value={target(row)}
              allowClear
              showSearch={{ optionFilterProp: "label" }}
              placeholder={t("migrate.unmapped")}
              aria-label={t("migrate.target", { name: text(row.name) || row.node })}
              options={data.targets
                .filter((one) => one.type === row.type || one.node === target(row) || all)
                .map((one) => ({
                  value: one.node,
                  label: `${text(one.name) || one.node} (${one.node})`,
                }))}
              onChange={(next) => setTold({ ...told, [row.node]: next ?? null })}
              data-testid={`map-${row.node}-to`}
            />
          </li>
        ))}
      </ul>
      <Checkbox checked={all} onChange={(event) => setAll(event.target.checked)}>
        {t("migrate.show_all", { count: data.nodes.length })}
      </Checkbox>
      <h3>{t("migrate.timers")}</h3>
      <Radio.Group
        value={timers}
        onChange={(event) => setTimers(event.target.value)}
        options={[
          { value: "keep", label: t("migrate.keep") },
          { value: "reset", label: t("migrate.reset") },
        ]}
      />
      <h3>{t("migrate.variables")}</h3>
      <ul>
        {variables.map((row, index) => {
          const change = (next: Partial<typeof row>) =>
            setVariables(variables.map((one, at) => (at === index ? { ...one, ...next } : one)));
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name than their place
            <li key={index}>
              <Input
                value={row.name}
                aria-label={t("migrate.variable")}
                placeholder={t("migrate.variable")}
                onChange={(event) => change({ name: event.target.value })}
              />
              <span aria-hidden>=</span>
              <Input
                value={row.value}
                aria-label={t("migrate.expression")}
                placeholder="amount * 100"
                onChange={(event) => change({ value: event.target.value })}
              />
              <Button
                type="text"
                icon={<DeleteOutlined />}
                aria-label={t("rule.remove", { number: index + 1 })}
                onClick={() => setVariables(variables.filter((_, at) => at !== index))}
              />
            </li>
          );
        })}
      </ul>
      <Button
        icon={<PlusOutlined />}
        onClick={() => setVariables([...variables, { name: "", value: "" }])}
      >
        {t("migrate.variable_add")}
      </Button>
      <p>
        <Button
          type="primary"
          loading={busy}
          onClick={() => void begin()}
          data-testid="btn-dry-run"
        >
          {t("migrate.dry_run", { count: data.open_instances })}
        </Button>
      </p>
    </div>
  );
}

function Past({ flowKey }: { flowKey: string }) {
  const { t } = useTranslation("versions");
  const may = useMay();
  const list = useList<MigrationData>(
    `/api/flows/${flowKey}/migrations`,
    {},
    { enabled: may("instances:read") },
  );
  return (
    <Card title={t("migrate.past")}>
      <DataTable
        label={t("migrate.past")}
        {...list}
        rowKey={(row) => row.id}
        to={(row) => `/flows/${flowKey}/migrations/${row.id}`}
        testId={(row) => `migration-${row.id}`}
        empty={<EmptyState title={t("migrate.none")} />}
        columns={[
          {
            key: "what",
            title: t("migrate.what"),
            render: (row) => t("migrate.from_to", { from: row.versions.join(", "), to: row.to }),
          },
          {
            key: "state",
            title: t("state"),
            phone: "corner",
            render: (row) => (
              <StatusTag status={row.status}>{t(`migration.status.${row.status}`)}</StatusTag>
            ),
          },
          {
            key: "counts",
            title: t("migrate.instances"),
            render: (row) =>
              Object.entries(row.counts)
                .map(([status, count]) => `${t(`migration.item.${status}`)} ${count}`)
                .join(" · ") || "–",
          },
          {
            key: "at",
            title: t("migrate.at"),
            render: (row) => (
              <>
                <RelativeTime at={row.created_at} /> · {row.created_by}
              </>
            ),
          },
        ]}
      />
    </Card>
  );
}
