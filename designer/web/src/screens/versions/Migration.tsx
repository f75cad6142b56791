// One migration: what the dry run found for every case, then migrating them, how far it is, and the way back.

import { useQuery } from "@tanstack/react-query";
import { Alert, Progress } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { type Column, DataTable } from "../../ui/DataTable";
import { problemText, reasonText } from "../../ui/errorText";
import { Card, EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { Segments } from "../../ui/Segments";
import { StatusTag, Tag, type Tone } from "../../ui/StatusTag";
import { useAct } from "./act";
import type { Item, ItemStatus, MigrationData } from "./versions";
import "./versions.css";

const EVERY_MS = 1_500;
const STATUSES: ItemStatus[] = ["problem", "ok", "migrated", "failed", "undone"];
const TONES: Record<ItemStatus, Tone> = {
  ok: "ok",
  problem: "error",
  migrated: "accent",
  failed: "error",
  undone: "neutral",
};
const MOVING = ["checking", "applying", "undoing"];

export default function Migration() {
  const { t } = useTranslation("versions");
  const { key = "", id = "" } = useParams();
  const { data, error } = useQuery({
    queryKey: ["migration", id],
    queryFn: () => api.get<MigrationData>(`/api/migrations/${id}`),
    refetchInterval: ({ state }) =>
      state.data === undefined || MOVING.includes(state.data.status) ? EVERY_MS : false,
  });
  return (
    <>
      <PageHeader
        title={
          data === undefined
            ? t("migrate.title")
            : t("migrate.from_to", { from: data.versions.join(", "), to: data.to })
        }
        subtitle={key}
        back={`/flows/${key}/versions/migrate`}
      />
      <PageBody>
        {error !== null && <ErrorState error={error} />}
        {data === undefined ? (
          error === null && <Loading rows={4} />
        ) : (
          <>
            <State data={data} />
            <Report data={data} />
          </>
        )}
      </PageBody>
    </>
  );
}

function State({ data }: { data: MigrationData }) {
  const { t } = useTranslation("versions");
  const may = useMay();
  const { busy, act } = useAct();
  const count = (status: ItemStatus) => data.counts[status] ?? 0;
  const total = STATUSES.reduce((sum, status) => sum + count(status), 0);
  const moving = MOVING.includes(data.status);
  const done = data.status === "undoing" ? count("undone") : total - count("ok");
  const begin = (what: string) => act(() => api.post(`/api/migrations/${data.id}/${what}`));
  const idle = !moving && may("instances:operate");
  return (
    <Card
      title={
        <StatusTag status={moving ? "running" : data.status}>
          {t(`migration.status.${data.status}`)}
        </StatusTag>
      }
      testId="migration-state"
      actions={
        <span className="hr-row">
          {moving && may("instances:operate") && (
            <ConfirmButton
              title={t("migration.stop_title")}
              text={t("migration.stop_text")}
              confirmLabel={t("migration.stop")}
              onConfirm={() => begin("stop")}
              data-testid="btn-migration-stop"
            >
              {t("migration.stop")}
            </ConfirmButton>
          )}
          {idle && count("migrated") + count("undone") === 0 && (
            <ConfirmButton
              loading={busy}
              title={t("migration.again_title")}
              confirmLabel={t("migration.again")}
              onConfirm={() => begin("check")}
              data-testid="btn-migration-check"
            >
              {t("migration.again")}
            </ConfirmButton>
          )}
          {idle && count("migrated") > 0 && (
            <ConfirmButton
              danger
              loading={busy}
              title={t("migration.undo_title", { count: count("migrated") })}
              text={t("migration.undo_text")}
              confirmLabel={t("migration.undo")}
              onConfirm={() => begin("undo")}
              data-testid="btn-migration-undo"
            >
              {t("migration.undo")}
            </ConfirmButton>
          )}
          {idle && count("ok") > 0 && (
            <ConfirmButton
              type="primary"
              loading={busy}
              title={t("migration.apply_title", { count: count("ok"), version: data.to })}
              text={t("migration.apply_text")}
              confirmLabel={t("migration.apply", { count: count("ok") })}
              onConfirm={() => begin("apply")}
              data-testid="btn-migration-apply"
            >
              {t("migration.apply", { count: count("ok") })}
            </ConfirmButton>
          )}
        </span>
      }
    >
      {data.status === "checking" ? (
        <p role="status">{t("migration.checked", { count: total })}</p>
      ) : (
        total > 0 && (
          <Progress
            percent={Math.round((done / total) * 100)}
            status={moving ? "active" : "normal"}
            aria-label={t("migration.progress")}
          />
        )
      )}
      {data.status === "ready" && total === 0 && <p>{t("migration.nobody")}</p>}
      {data.status === "ready" && count("problem") > 0 && (
        <Alert type="warning" showIcon title={t("migration.stay", { count: count("problem") })} />
      )}
    </Card>
  );
}

function Report({ data }: { data: MigrationData }) {
  const { t } = useTranslation(["versions", "errors", "editor"]);
  const [status, setStatus] = useState<ItemStatus | "">("");
  const list = useList<Item>(
    `/api/migrations/${data.id}/items`,
    { status },
    MOVING.includes(data.status) ? { everyMs: EVERY_MS * 2 } : {},
  );
  // What the page of counts has heard, the list below must say too.
  const heard = JSON.stringify(data.counts);
  const again = useRef(list.onRetry);
  again.current = list.onRetry;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again whenever the counts have changed
  useEffect(() => again.current(), [heard]);
  const shown = STATUSES.filter((one) => (data.counts[one] ?? 0) > 0);
  const alone = useAlone(data);
  return (
    <>
      <div className="hr-bar hr-migration-filter">
        <Segments
          label={t("migration.filter")}
          options={[
            { value: "", title: t("migration.all") },
            ...shown.map((value) => ({
              value,
              title: `${t(`migration.item.${value}`)} ${data.counts[value]}`,
            })),
          ]}
          value={status}
          onChange={setStatus}
        />
      </div>
      <DataTable
        label={t("migration.report")}
        {...list}
        rowKey={(row) => row.instance_id}
        to={(row) => `/instances/${row.instance_id}`}
        testId={(row) => `item-${row.instance_id}`}
        empty={<EmptyState title={t("migration.nothing")} />}
        columns={[
          {
            key: "instance",
            title: t("migration.instance"),
            render: (row) => row.business_key ?? row.instance_id,
          },
          {
            key: "status",
            title: t("state"),
            phone: "corner",
            render: (row) => (
              <Tag tone={TONES[row.status]}>{t(`migration.item.${row.status}`)}</Tag>
            ),
          },
          {
            key: "version",
            title: t("version"),
            render: (row) => t("number", { version: row.version }),
          },
          {
            key: "problems",
            title: t("migration.problems"),
            render: (row) =>
              row.problems.length === 0 ? (
                <span className="hr-muted">–</span>
              ) : (
                <ul className="hr-item-problems">
                  {row.problems.map((problem) => (
                    <li key={problem.code + problem.message} data-severity={problem.severity}>
                      {problem.node !== null && <code>{problem.node}</code>}{" "}
                      {t(`migration.problem.${problem.code}`, {
                        defaultValue: problemText(t, problem),
                      })}
                      <span className="hr-muted">{reasonText(problem.message)}</span>
                    </li>
                  ))}
                </ul>
              ),
          },
          ...alone,
        ]}
      />
    </>
  );
}

/** One case before the others, or one back alone. */
function useAlone(data: MigrationData): Column<Item>[] {
  const { t } = useTranslation("versions");
  const may = useMay();
  const { busy, act } = useAct();
  if (MOVING.includes(data.status) || !may("instances:operate")) return [];
  const begin = (row: Item, what: "apply" | "undo") =>
    act(() => api.post(`/api/migrations/${data.id}/items/${row.instance_id}/${what}`));
  return [
    {
      key: "alone",
      title: <span className="hr-hidden">{t("migration.alone")}</span>,
      align: "right",
      render: (row) => {
        const what = row.status === "ok" ? "apply" : row.can_undo ? "undo" : null;
        if (what === null) return null;
        return (
          <ConfirmButton
            disabled={busy}
            title={t(`migration.alone_${what}_title`, { version: data.to })}
            text={t(`migration.alone_${what}_text`)}
            confirmLabel={t(`migration.alone_${what}`)}
            onConfirm={() => begin(row, what)}
            data-testid={`alone-${row.instance_id}`}
          >
            {t(`migration.alone_${what}`)}
          </ConfirmButton>
        );
      },
    },
  ];
}
