// Versions side by side: how many, how many with an incident, how long.

import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { type Column, DataTable } from "../../ui/DataTable";
import type { Compared } from "./versions";

export function Figures({ flowKey }: { flowKey: string }) {
  const { t } = useTranslation("versions");
  const { data, error } = useQuery({
    queryKey: ["compare", flowKey],
    queryFn: () => api.get<{ versions: Compared[] }>(`/api/flows/${flowKey}/compare`),
    refetchInterval: 10_000,
  });
  const columns: Column<Compared>[] = [
    { key: "version", title: t("version"), render: (row) => t("number", { version: row.version }) },
    {
      key: "started",
      title: t("figures.started"),
      align: "right",
      render: (row) => `${row.started}${row.sampled ? "+" : ""}`,
    },
    { key: "ended", title: t("figures.ended"), align: "right", render: (row) => row.ended },
    {
      key: "failed",
      title: t("figures.failed"),
      align: "right",
      phone: "corner",
      render: (row) => (
        <strong className={row.failed > 0 ? "hr-tone-error" : ""}>
          {row.failure_rate === null
            ? "–"
            : `${(row.failure_rate * 100).toFixed(1)} % (${row.failed})`}
        </strong>
      ),
    },
    { key: "p50", title: t("figures.p50"), align: "right", render: (row) => took(row.p50_ms) },
    { key: "p95", title: t("figures.p95"), align: "right", render: (row) => took(row.p95_ms) },
  ];
  return (
    <>
      <DataTable
        label={t("figures.title")}
        columns={columns}
        rows={data?.versions}
        error={error}
        rowKey={(row) => String(row.version)}
        testId={(row) => `figures-${row.version}`}
        empty={null}
      />
      <p className="hr-muted">{t("figures.help")}</p>
    </>
  );
}

export function took(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${(ms / 3_600_000).toFixed(1)} h`;
}
