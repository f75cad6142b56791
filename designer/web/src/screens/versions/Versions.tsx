// A flow's versions at work: which is in force, a canary beside it, what differs, and running cases taken along.

import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { Flow } from "../../api/types";
import { EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { Segments } from "../../ui/Segments";
import { useText } from "../../ui/text";
import { Canary } from "./Canary";
import { Compare } from "./Compare";
import { List } from "./List";
import { Migrations } from "./Migrations";
import type { Routing, Version } from "./versions";
import "./versions.css";

const TABS = ["list", "canary", "difference", "migrate"] as const;
type Tab = (typeof TABS)[number];

export default function Versions() {
  const { t } = useTranslation("versions");
  const { key = "", tab: asked } = useParams();
  const { text } = useText();
  const navigate = useNavigate();
  const may = useMay();
  const tab: Tab = TABS.find((one) => one === asked) ?? "list";
  const flow = useQuery({
    queryKey: ["flow", key],
    queryFn: () => api.get<Flow>(`/api/flows/${key}`),
  });
  const routing = useRouting(key);
  const list = useList<Version>(`/api/flows/${key}/versions`, { limit: 200 });
  const error = flow.error ?? routing.error ?? list.error;
  const versions = list.rows;
  return (
    <>
      <PageHeader
        title={text(flow.data?.name) || key}
        subtitle={t("subtitle")}
        back={`/flows/${key}`}
        actions={
          may("instances:read") && (
            <Link className="hr-link" to={`/flows/${key}/heat`} data-testid="link-heat">
              {t("heat")}
            </Link>
          )
        }
        below={
          <Segments
            label={t("title")}
            testId="tab"
            options={TABS.map((value) => ({ value, title: t(`tab.${value}`) }))}
            value={tab}
            onChange={(next) => navigate(`/flows/${key}/versions/${next}`, { replace: true })}
          />
        }
      />
      <PageBody wide={tab === "difference"}>
        {error ? (
          <ErrorState error={error} onRetry={() => void routing.refetch()} />
        ) : versions === undefined || routing.data === undefined ? (
          <Loading rows={5} />
        ) : versions.length === 0 ? (
          <EmptyState title={t("none")} text={t("none_text")} />
        ) : (
          <>
            {tab === "list" && <List flowKey={key} list={list} routing={routing.data} />}
            {tab === "canary" && (
              <Canary
                key={routing.data.running?.id ?? "none"}
                flowKey={key}
                versions={versions}
                routing={routing.data}
              />
            )}
            {tab === "difference" && <Compare flowKey={key} versions={versions} />}
            {tab === "migrate" && (
              <Migrations flowKey={key} versions={versions} routing={routing.data} />
            )}
          </>
        )}
      </PageBody>
    </>
  );
}

export function useRouting(key: string) {
  return useQuery({
    queryKey: ["route", key],
    queryFn: () => api.get<Routing>(`/api/flows/${key}/route`),
    refetchInterval: 10_000,
  });
}
