// Circuit breakers: which outside systems are left alone for a while because they keep failing, and a hand to decide otherwise.

import { ApiOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import { type Breaker, BreakerState, ForceBreaker } from "../../breakers/ForceBreaker";
import { type Column, DataTable } from "../../ui/DataTable";
import { EmptyState } from "../../ui/page";
import { RelativeTime } from "../../ui/time";
import { Frame } from "./Frame";

const EVERY_MS = 10_000;

export default function Breakers() {
  const { t } = useTranslation("operations");
  const list = useList<Breaker>("/api/breakers", {}, { everyMs: EVERY_MS });
  return (
    <Frame part="breakers">
      <DataTable
        label={t("breakers.title")}
        columns={useColumns()}
        {...list}
        rowKey={(breaker) => `${breaker.connection} ${breaker.host}`}
        testId={(breaker) => `breaker-${breaker.connection}`}
        empty={
          <EmptyState
            icon={<ApiOutlined />}
            title={t("breakers.none")}
            text={t("breakers.none_text")}
          />
        }
      />
    </Frame>
  );
}

function useColumns(): Column<Breaker>[] {
  const { t } = useTranslation("operations");
  const may = useMay();
  const columns: Column<Breaker>[] = [
    {
      key: "connection",
      title: t("breakers.connection"),
      render: (breaker) => (
        <>
          {breaker.connection} <span className="hr-muted hr-small">{breaker.host}</span>
        </>
      ),
    },
    {
      key: "state",
      title: t("state"),
      render: (breaker) => <BreakerState {...breaker} />,
      phone: "corner",
    },
    {
      key: "why",
      title: t("breakers.why"),
      render: (breaker) => (
        <>
          {breaker.failures > 0 &&
            t("breakers.failures", { failures: breaker.failures, count: breaker.outcomes })}
          {breaker.error !== "" && <span className="hr-op-detail">{breaker.error}</span>}
          {breaker.failures === 0 && breaker.error === "" && "–"}
        </>
      ),
    },
    {
      key: "next",
      title: t("breakers.next_try"),
      render: (breaker) =>
        breaker.state === "closed" ? "–" : <RelativeTime at={breaker.next_try_at} />,
    },
    {
      key: "changed",
      title: t("breakers.changed"),
      render: (breaker) => <RelativeTime at={breaker.changed_at} />,
    },
  ];
  if (!may("connections:write")) return columns;
  return [
    ...columns,
    {
      key: "actions",
      title: <span className="hr-hidden">{t("actions")}</span>,
      align: "right",
      render: ({ connection, host, forced }) => (
        <ForceBreaker connection={connection} host={host} forced={forced} />
      ),
    },
  ];
}
