// A hand over a circuit breaker: cut a connection off, connect it whatever happens, or let it decide by itself again.

import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { api } from "../api/client";
import { useErrorText } from "../ui/errorText";
import { StatusTag, Tag } from "../ui/StatusTag";

export interface Breaker {
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

const LOOKS = { closed: "active", open: "failed", half_open: "due_soon" };
const WAYS = ["closed", "open", "automatic"] as const;

export function BreakerState({ state, forced }: Pick<Breaker, "state" | "forced">) {
  const { t } = useTranslation("operations");
  return (
    <span className="hr-row">
      <StatusTag status={LOOKS[state]}>{t(`breakers.${state}`)}</StatusTag>
      {forced && <Tag>{t("breakers.forced")}</Tag>}
    </span>
  );
}

interface ForceBreakerProps {
  connection: string;
  /** Left out: that of the connection's own address, also when no call has ever failed. */
  host?: string;
  forced: boolean;
}

export function ForceBreaker({ connection, host, forced }: ForceBreakerProps) {
  const { t } = useTranslation("operations");
  const { message, modal } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  const force = async (way: (typeof WAYS)[number]) => {
    try {
      await api.put(`/api/connections/${connection}/breaker`, {
        force: way,
        ...(host === undefined ? {} : { host }),
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
        items: WAYS.filter((way) => way !== "automatic" || forced).map((way) => ({
          key: way,
          label: t(`breakers.force_${way}`),
        })),
        onClick: ({ key }) => ask(key as (typeof WAYS)[number]),
      }}
    >
      <Button data-testid={`force-${connection}`}>{t("breakers.force")}</Button>
    </Dropdown>
  );
}
