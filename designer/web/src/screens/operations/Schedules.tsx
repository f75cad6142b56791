// What starts by the clock: when next, what became of the last time, pause and go on.

import { CalendarOutlined, CaretRightOutlined, PauseOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { Text } from "../../api/types";
import { cronSentence } from "../../editor/sentence";
import { type Column, DataTable } from "../../ui/DataTable";
import { useErrorText } from "../../ui/errorText";
import { EmptyState } from "../../ui/page";
import { Segments } from "../../ui/Segments";
import { StatusTag, Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { ExactTime, RelativeTime } from "../../ui/time";
import { Frame } from "./Frame";

export interface Schedule {
  id: string;
  flow_key: string;
  flow_name: Text;
  node: string;
  cron: string;
  timezone: string;
  misfire: "skip" | "once" | "catch_up";
  catch_up_max: number;
  paused_at: string | null;
  paused_by: string | null;
  next_times: string[];
  last_slot_at: string | null;
  last_result: string | null;
  last_instance: string | null;
  last_error: string | null;
  last_error_at: string | null;
}

const EVERY_MS = 30_000;
const FILTERS = ["all", "failing"] as const;
type Filter = (typeof FILTERS)[number];

export default function Schedules() {
  const { t } = useTranslation("operations");
  const [filter, setFilter] = useState<Filter>("all");
  const [open, setOpen] = useState<string | null>(null);
  const list = useList<Schedule>(
    "/api/schedules",
    filter === "failing" ? { failing: "true" } : {},
    { everyMs: EVERY_MS },
  );
  const shown = list.rows?.find((schedule) => schedule.id === open);
  return (
    <Frame part="schedules">
      <div className="hr-bar">
        <Segments
          label={t("filter")}
          options={FILTERS.map((value) => ({ value, title: t(`schedules.${value}`) }))}
          value={filter}
          onChange={setFilter}
        />
      </div>
      <DataTable
        label={t("schedules.title")}
        columns={useColumns()}
        {...list}
        rowKey={(schedule) => schedule.id}
        onOpen={(schedule) => setOpen(schedule.id)}
        testId={(schedule) => `schedule-${schedule.flow_key}-${schedule.node}`}
        empty={
          <EmptyState
            icon={<CalendarOutlined />}
            title={t(`schedules.none_${filter}`)}
            text={t(`schedules.none_${filter}_text`)}
          />
        }
      />
      {shown !== undefined && <Detail schedule={shown} onClose={() => setOpen(null)} />}
    </Frame>
  );
}

function useColumns(): Column<Schedule>[] {
  const { t } = useTranslation("operations");
  const { t: words } = useTranslation("editor");
  const { text } = useText();
  const may = useMay();
  const columns: Column<Schedule>[] = [
    {
      key: "flow",
      title: t("flow"),
      render: (schedule) => text(schedule.flow_name) || schedule.flow_key,
    },
    {
      key: "cron",
      title: t("schedules.when"),
      render: (schedule) => (
        <>
          {cronSentence(schedule.cron, words)}{" "}
          <span className="hr-muted hr-small">{schedule.timezone}</span>
        </>
      ),
    },
    {
      key: "next",
      title: t("schedules.next"),
      render: (schedule) =>
        schedule.paused_at !== null ? (
          <span className="hr-muted">–</span>
        ) : (
          <RelativeTime at={schedule.next_times[0]} />
        ),
    },
    {
      key: "last",
      title: t("schedules.last"),
      render: (schedule) => <Last schedule={schedule} />,
    },
    {
      key: "state",
      title: t("state"),
      render: (schedule) => (
        <StatusTag status={schedule.paused_at === null ? "active" : "suspended"}>
          {t(schedule.paused_at === null ? "schedules.running" : "schedules.paused")}
        </StatusTag>
      ),
      phone: "corner",
    },
  ];
  if (!may("instances:operate")) return columns;
  return [
    ...columns,
    {
      key: "actions",
      title: <span className="hr-hidden">{t("actions")}</span>,
      align: "right",
      render: (schedule) => <Switch schedule={schedule} />,
    },
  ];
}

function Last({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation("operations");
  const wrong = schedule.last_error !== null && schedule.last_result !== "started";
  if (schedule.last_slot_at === null && !wrong) return <span className="hr-muted">–</span>;
  return (
    <span className="hr-row">
      <RelativeTime at={schedule.last_slot_at ?? schedule.last_error_at} />
      {wrong && <Tag tone="error">{t("schedules.went_wrong")}</Tag>}
    </span>
  );
}

function Switch({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation("operations");
  const { message } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const paused = schedule.paused_at !== null;
  const change = async () => {
    setBusy(true);
    try {
      await api.post(`/api/schedules/${schedule.id}/${paused ? "resume" : "pause"}`);
      message.success(t(paused ? "schedules.resumed" : "schedules.now_paused"));
    } catch (error) {
      message.error(textOf(error));
    } finally {
      await queries.invalidateQueries({ queryKey: ["/api/schedules"] });
      setBusy(false);
    }
  };
  return (
    <Button
      icon={paused ? <CaretRightOutlined /> : <PauseOutlined />}
      loading={busy}
      onClick={change}
      data-testid={`${paused ? "resume" : "pause"}-${schedule.flow_key}-${schedule.node}`}
    >
      {t(paused ? "schedules.resume" : "schedules.pause")}
    </Button>
  );
}

function Detail({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const { t } = useTranslation("operations");
  const { t: words } = useTranslation("editor");
  const { text } = useText();
  return (
    <Modal
      open
      title={text(schedule.flow_name) || schedule.flow_key}
      footer={null}
      onCancel={onClose}
    >
      <div className="hr-stack">
        <dl className="hr-op-facts">
          <div>
            <dt>{t("schedules.when")}</dt>
            <dd>
              {cronSentence(schedule.cron, words)} <code>{schedule.cron}</code>
            </dd>
          </div>
          <div>
            <dt>{t("schedules.zone")}</dt>
            <dd>{schedule.timezone}</dd>
          </div>
          <div>
            <dt>{t("schedules.missed")}</dt>
            <dd>{t(`schedules.misfire_${schedule.misfire}`, { count: schedule.catch_up_max })}</dd>
          </div>
        </dl>
        <div>
          <strong>{t("schedules.next_times")}</strong>
          {schedule.paused_at === null ? (
            <ol className="hr-op-times">
              {schedule.next_times.map((at) => (
                <li key={at}>
                  <ExactTime at={at} />{" "}
                  <span className="hr-muted">
                    <RelativeTime at={at} />
                  </span>
                </li>
              ))}
            </ol>
          ) : (
            <p className="hr-muted">{t("schedules.paused_text")}</p>
          )}
        </div>
        {schedule.last_slot_at !== null && (
          <div>
            <strong>{t("schedules.last")}</strong>
            <p>
              <ExactTime at={schedule.last_slot_at} />{" "}
              {schedule.last_result !== null &&
                t(`schedules.result_${schedule.last_result}`, {
                  defaultValue: schedule.last_result,
                })}{" "}
              {schedule.last_instance !== null && (
                <Link to={`/instances/${schedule.last_instance}`}>{t("see_instance")}</Link>
              )}
            </p>
          </div>
        )}
        {schedule.last_error !== null && (
          <div>
            <strong className="hr-tone-error">{t("schedules.error")}</strong>
            <p>
              <ExactTime at={schedule.last_error_at} /> {schedule.last_error}
            </p>
          </div>
        )}
        <p>
          <Link to={`/flows/${schedule.flow_key}`}>{t("see_flow")}</Link>
        </p>
      </div>
    </Modal>
  );
}
