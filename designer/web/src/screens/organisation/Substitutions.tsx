// Who acts for whom, and when: as a list, or on a line of four weeks.

import { DeleteOutlined, PlusOutlined, SwapOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { FlowSummary } from "../../api/types";
import { GiveBack } from "../../people/GiveBack";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { type Column, DataTable } from "../../ui/DataTable";
import { useErrorText } from "../../ui/errorText";
import { EmptyState } from "../../ui/page";
import { Segments } from "../../ui/Segments";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { exactTime } from "../../ui/time";
import { Frame } from "./Frame";
import type { Substitution } from "./organisation";
import { SubstitutionDialog } from "./SubstitutionDialog";
import { SubstitutionLine } from "./SubstitutionLine";

const STATES = ["", "now", "coming", "past"] as const;
type State = (typeof STATES)[number];

export default function Substitutions() {
  const { t } = useTranslation("organisation");
  const may = useMay();
  const [view, setView] = useState<"list" | "calendar">("list");
  const [state, setState] = useState<State>("");
  const [open, setOpen] = useState<Substitution | "new" | null>(null);
  const list = useList<Substitution>("/api/substitutions", { state }, { enabled: view === "list" });
  const flows = useList<FlowSummary>("/api/flows", { limit: 200 }).rows ?? [];
  const columns = useColumns(flows);
  const create = (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      onClick={() => setOpen("new")}
      data-testid="btn-new-substitution"
    >
      {t("substitutions.new")}
    </Button>
  );
  return (
    <Frame part="substitutions" {...(may("tasks:decide") ? { actions: create } : {})}>
      <div className="hr-bar hr-org-bar">
        <Segments
          label={t("substitutions.view")}
          options={(["list", "calendar"] as const).map((value) => ({
            value,
            title: t(`substitutions.${value}`),
          }))}
          value={view}
          onChange={setView}
          testId="view"
        />
        {view === "list" && (
          <Segments
            label={t("substitutions.state")}
            options={STATES.map((value) => ({
              value,
              title: t(`substitutions.${value || "any"}`),
            }))}
            value={state}
            onChange={setState}
            testId="state"
          />
        )}
      </div>
      {view === "list" ? (
        <DataTable
          label={t("substitutions.title")}
          columns={columns}
          {...list}
          rowKey={(each) => each.id}
          testId={(each) => `substitution-${each.person.name}`}
          onOpen={(each) => each.may_change !== false && each.state !== "past" && setOpen(each)}
          empty={
            <EmptyState
              icon={<SwapOutlined />}
              title={t("substitutions.empty")}
              text={t("substitutions.empty_text")}
            />
          }
        />
      ) : (
        <SubstitutionLine onOpen={setOpen} />
      )}
      {open !== null && (
        <SubstitutionDialog
          substitution={open === "new" ? null : open}
          flows={flows}
          onClose={() => setOpen(null)}
        />
      )}
    </Frame>
  );
}

function useColumns(flows: FlowSummary[]): Column<Substitution>[] {
  const { t } = useTranslation("organisation");
  const { text, language } = useText();
  const flowOf = (key: string) => text(flows.find((flow) => flow.key === key)?.name) || key;
  return [
    {
      key: "person",
      title: t("substitutions.person"),
      render: (each) => each.person.name,
    },
    {
      key: "substitute",
      title: t("substitutions.substitute"),
      render: (each) =>
        each.substitute?.name ?? <span className="hr-muted">{t("substitutions.nobody")}</span>,
    },
    {
      key: "state",
      title: t("people.state"),
      phone: "corner",
      render: (each) => <SpanState state={each.state} />,
    },
    {
      key: "from",
      title: t("substitutions.from"),
      render: (each) => <time dateTime={each.from}>{exactTime(each.from, language)}</time>,
    },
    {
      key: "until",
      title: t("substitutions.until"),
      render: (each) => <time dateTime={each.until}>{exactTime(each.until, language)}</time>,
    },
    {
      key: "flows",
      title: t("substitutions.flows"),
      render: (each) =>
        each.flows === null
          ? t("substitutions.all_flows")
          : each.flows.map(flowOf).join(t("comma")),
    },
    {
      key: "note",
      title: t("substitutions.note"),
      render: (each) => each.note || <span className="hr-muted">–</span>,
    },
    {
      key: "actions",
      title: <span className="hr-hidden">{t("substitutions.end")}</span>,
      align: "right",
      render: (each) =>
        each.state === "past" ? (
          <GiveBack of={each} />
        ) : each.may_change === false ? null : (
          <End substitution={each} />
        ),
    },
  ];
}

const STATUS = { now: "active", coming: "queued", past: "inactive" } as const;

function SpanState({ state = "past" }: { state: Substitution["state"] }) {
  const { t } = useTranslation("organisation");
  return <StatusTag status={STATUS[state]}>{t(`substitutions.${state}`)}</StatusTag>;
}

function End({ substitution }: { substitution: Substitution }) {
  const { t } = useTranslation(["organisation", "app"]);
  const { message } = App.useApp();
  const errorText = useErrorText();
  const queries = useQueryClient();
  const now = substitution.state === "now";
  const names = {
    person: substitution.person.name,
    substitute: substitution.substitute?.name ?? t("substitutions.nobody"),
  };
  const end = async () => {
    try {
      await api.delete(`/api/substitutions/${substitution.id}`);
      await queries.invalidateQueries({ queryKey: ["/api/substitutions"] });
      await queries.invalidateQueries({ queryKey: ["/api/people"] });
    } catch (error) {
      message.error(errorText(error));
    }
  };
  return (
    <ConfirmButton
      type="text"
      danger
      icon={<DeleteOutlined />}
      aria-label={`${t(now ? "substitutions.end" : "app:action.delete")} ${names.person}`}
      title={t(now ? "substitutions.end_title" : "substitutions.delete_title")}
      text={t("substitutions.delete_text", names)}
      confirmLabel={t(now ? "substitutions.end" : "app:action.delete")}
      onConfirm={end}
    />
  );
}
