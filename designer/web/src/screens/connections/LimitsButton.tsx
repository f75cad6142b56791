// What holds back the calls of a connection: rates, how many at once, its queue, when its breaker opens; and the breaker itself.

import { DashboardOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import type { Connection, Connector, JsonObject } from "../../api/types";
import { type Breaker, BreakerState, ForceBreaker } from "../../breakers/ForceBreaker";
import { useErrorText } from "../../ui/errorText";
import { FormDialog } from "../../ui/form/FormDialog";
import { useText } from "../../ui/text";
import { keptLimits, limitsForm, namedTwice, shownLimits, withoutHollow } from "./limits";

interface Answer {
  limits: JsonObject;
  live: number;
}

interface LimitsProps {
  connector: Connector;
  connection: Connection;
}

export function LimitsButton({ connector, connection }: LimitsProps) {
  const { t } = useTranslation("admin");
  const { text } = useText();
  const { message } = App.useApp();
  const textOf = useErrorText();
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [busy, setBusy] = useState(false);
  const open = async () => {
    setBusy(true);
    try {
      setAnswer(await api.get<Answer>(`/api/connections/${connection.key}/limits`));
    } catch (error) {
      message.error(textOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button
        type="text"
        icon={<DashboardOutlined />}
        loading={busy}
        title={t("connections.limits")}
        aria-label={t("connections.limits_of", { name: text(connection.name) })}
        onClick={open}
        data-testid={`limits-${connection.key}`}
      />
      {answer !== null && (
        <LimitsDialog
          connector={connector}
          connection={connection}
          answer={answer}
          onClose={() => setAnswer(null)}
        />
      )}
    </>
  );
}

function LimitsDialog({
  connector,
  connection,
  answer,
  onClose,
}: LimitsProps & { answer: Answer; onClose: () => void }) {
  const { t } = useTranslation(["admin", "app"]);
  const { text } = useText();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const schema = limitsForm(
    connector.limits ?? {},
    connector.operations ?? [],
    t("connections.operation"),
  );
  return (
    <FormDialog
      title={t("connections.limits_of", { name: text(connection.name) })}
      intro={<Now connection={connection.key} live={answer.live} />}
      schema={schema}
      start={shownLimits(answer.limits)}
      width={600}
      prepare={withoutHollow}
      onClose={onClose}
      onSubmit={async (form) => {
        const twice = namedTwice(form);
        if (twice >= 0) {
          const path = `/operations/${twice}/operation`;
          throw { problems: [{ path, code: "unique_items", params: {} }] };
        }
        await api.put(`/api/connections/${connection.key}/limits`, keptLimits(form));
        await queries.invalidateQueries({ queryKey: ["limits", connection.key] });
        message.success(t("app:state.saved"));
        onClose();
      }}
    />
  );
}

/** How it stands at this moment: calls under way, and whether it is cut off. */
function Now({ connection, live }: { connection: string; live: number }) {
  const { t } = useTranslation("admin");
  const { data } = useQuery({
    queryKey: ["limits", connection],
    queryFn: () => api.get<Answer>(`/api/connections/${connection}/limits`),
    refetchInterval: 5_000,
  });
  const breakers = useList<Breaker>("/api/breakers", { connection }).rows;
  return (
    <div className="hr-limits-now">
      <p>{t("connections.limits_help")}</p>
      <p>{t("connections.limits_live", { count: data?.live ?? live })}</p>
      {breakers?.length === 0 && (
        <div className="hr-limits-breaker">
          <BreakerState state="closed" forced={false} />
          <ForceBreaker connection={connection} forced={false} />
        </div>
      )}
      {breakers?.map((breaker) => (
        <div className="hr-limits-breaker" key={breaker.host}>
          <span>{breaker.host}</span>
          <BreakerState {...breaker} />
          <ForceBreaker connection={connection} host={breaker.host} forced={breaker.forced} />
        </div>
      ))}
    </div>
  );
}
