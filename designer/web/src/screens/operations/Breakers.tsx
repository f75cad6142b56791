// Circuit breakers: which outside systems are left alone for a while because they keep failing, and a hand to decide otherwise.

import { ApiOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import { type Column, DataTable } from "../../ui/DataTable";
import { useErrorText } from "../../ui/errorText";
import { EmptyState } from "../../ui/page";
import { StatusTag, Tag } from "../../ui/StatusTag";
import { RelativeTime } from "../../ui/time";
import { Frame } from "./Frame";

interface Breaker {
  connection: string;
  host: string;
  connector: string;
  state: "closed" | "open" | "half_open";
  forced: boolean;
  failures: number;
  outcomes: number;
  opens_in_a_row: number;
  next_try_at: string | null;
  error: string;
  changed_at: string;
  changed_by: string;
}

const EVERY_MS = 10_000;
const LOOKS = { closed: "active", open: "failed", half_open: "due_soon" };

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
      render: (breaker) => (
        <span className="hr-row">
          <StatusTag status={LOOKS[breaker.state]}>{t(`breakers.${breaker.state}`)}</StatusTag>
          {breaker.forced && <Tag>{t("breakers.forced")}</Tag>}
        </span>
      ),
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
      render: (breaker) => <Force breaker={breaker} />,
    },
  ];
}

const WAYS = ["closed", "open", "automatic"] as const;

function Force({ breaker }: { breaker: Breaker }) {
  const { t } = useTranslation("operations");
  const { message, modal } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  const force = async (way: (typeof WAYS)[number]) => {
    try {
      await api.put(`/api/connections/${breaker.connection}/breaker`, {
        force: way,
        host: breaker.host,
      });
      message.success(t("breakers.done"));
    } catch (error) {
      message.error(textOf(error));
    }
    await queries.invalidateQueries({ queryKey: ["/api/breakers"] });
  };
  const ask = (way: (typeof WAYS)[number]) =>
    modal.confirm({
      title: t(`breakers.force_${way}`),
      content: t(`breakers.force_${way}_text`),
      okText: t(`breakers.force_${way}`),
      autoFocusButton: "cancel",
      onOk: () => force(way),
    });
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: WAYS.filter((way) => way !== "automatic" || breaker.forced).map((way) => ({
          key: way,
          label: t(`breakers.force_${way}`),
        })),
        onClick: ({ key }) => ask(key as (typeof WAYS)[number]),
      }}
    >
      <Button data-testid={`force-${breaker.connection}`}>{t("breakers.force")}</Button>
    </Dropdown>
  );
}
