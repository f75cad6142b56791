// The rotas: who is on duty now, and the way to the plan.

import { ClockCircleOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import type { Page } from "../../api/types";
import type { PersonRef } from "../../directory/who";
import { Card, EmptyState, ErrorState, Loading } from "../../ui/page";
import { Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { exactTime } from "../../ui/time";
import { Dialog, Line } from "./Dialog";
import { Frame } from "./Frame";
import { mondayOf, todayIn } from "./rota";

export interface RotaSummary {
  id: string;
  key?: string;
  name: string;
  timezone: string;
  on_duty: PersonRef[];
  until: string | null;
}

const EVERY_MS = 60_000;

export default function Rotas() {
  const { t } = useTranslation("organisation");
  const write = useMay()("users:write");
  const [making, setMaking] = useState(false);
  const { data, error, refetch } = useQuery({
    queryKey: ["/api/rotas", "all"],
    queryFn: ({ signal }) => api.get<Page<RotaSummary>>("/api/rotas", { signal }),
    refetchInterval: EVERY_MS,
  });
  const rotas = data?.items;
  const create = (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      onClick={() => setMaking(true)}
      data-testid="btn-new-rota"
    >
      {t("rotas.new")}
    </Button>
  );
  return (
    <Frame part="rotas" {...(write ? { actions: create } : {})}>
      {rotas === undefined ? (
        error ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : (
          <Loading tall rows={3} />
        )
      ) : rotas.length === 0 ? (
        <Card>
          <EmptyState
            icon={<ClockCircleOutlined />}
            title={t("rotas.empty")}
            text={t("rotas.empty_text")}
            {...(write ? { action: create } : {})}
          />
        </Card>
      ) : (
        <ul className="hr-org-rotas">
          {rotas.map((rota) => (
            <RotaCard key={rota.id} rota={rota} />
          ))}
        </ul>
      )}
      {making && <NewRota onClose={() => setMaking(false)} />}
    </Frame>
  );
}

function RotaCard({ rota }: { rota: RotaSummary }) {
  const { t } = useTranslation("organisation");
  const { language } = useText();
  return (
    <li>
      <Link
        to={`/organisation/rotas/${rota.key ?? rota.id}`}
        className="hr-org-rota"
        data-testid={`rota-${rota.name}`}
      >
        <strong>{rota.name}</strong>
        <span className="hr-muted hr-small">{rota.timezone}</span>
        <span className="hr-row">
          {rota.on_duty.length === 0 ? (
            <Tag tone="warn">{t("rotas.nobody")}</Tag>
          ) : (
            <>
              <span className="hr-muted">{t("rotas.now")}</span>
              {rota.on_duty.map((person) => (
                <Tag key={person.id} tone="ok">
                  {person.name}
                </Tag>
              ))}
              {rota.until !== null && (
                <span className="hr-muted hr-small">
                  {t("rotas.until", { time: exactTime(rota.until, language) })}
                </span>
              )}
            </>
          )}
        </span>
      </Link>
    </li>
  );
}

/** A rota begins as most do: an early and a late shift, and nobody in them. */
function NewRota({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["organisation", "app"]);
  const { message } = App.useApp();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone || "Asia/Shanghai";
  const save = async () => {
    const rota = await api.post<RotaSummary>("/api/rotas", {
      name: name.trim(),
      timezone,
      starts_on: mondayOf(todayIn(timezone, new Date())),
      shifts: [
        { id: "s1", name: t("rotas.early"), from: "08:00", to: "16:00" },
        { id: "s2", name: t("rotas.late"), from: "16:00", to: "24:00" },
      ],
      weeks: [{}],
      exceptions: [],
    });
    await queries.invalidateQueries({ queryKey: ["/api/rotas"] });
    message.success(t("app:state.saved"));
    navigate(`/organisation/rotas/${rota.key ?? rota.id}`);
  };
  return (
    <Dialog
      title={t("rotas.new")}
      lacks={name.trim() === "" ? t("rotas.lacks_name") : ""}
      onSave={save}
      onClose={onClose}
      testId="rota-dialog"
    >
      <Line label={t("rotas.name")}>
        <input
          value={name}
          maxLength={100}
          autoFocus
          placeholder={t("rotas.name_example")}
          onChange={(event) => setName(event.target.value)}
          data-testid="field-name"
        />
      </Line>
    </Dialog>
  );
}
