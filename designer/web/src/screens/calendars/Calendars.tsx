// Business calendars: the hours of a week, a month as it comes out, and which flows go by which.

import { EditOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import type { FlowSummary, Page } from "../../api/types";
import { FormDialog } from "../../ui/form/FormDialog";
import { Card, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { Segments } from "../../ui/Segments";
import { Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { type Calendar, type Content, hoursText, WEEKDAYS } from "./calendar";
import "./calendars.css";
import { WeekDialog } from "./Dialogs";
import { MonthView } from "./MonthView";
import { RolesOf } from "./RolesOf";

const KEY = ["/api/calendars"];

export default function Calendars() {
  const { t } = useTranslation("calendars");
  const { text } = useText();
  const write = useMay()("calendars:write");
  const [chosen, setChosen] = useState<string | null>(null);
  const [making, setMaking] = useState(false);
  const { data, error, refetch } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => api.get<Page<Calendar>>("/api/calendars?limit=200", { signal }),
  });
  const all = data?.items ?? [];
  const shown =
    all.find((each) => each.key === chosen) ?? all.find((each) => each.standard) ?? all[0];
  return (
    <>
      <PageHeader
        title={t("title")}
        subtitle={t("subtitle")}
        {...(write && shown !== undefined
          ? {
              actions: (
                <Button
                  type="primary"
                  icon={<PlusOutlined />}
                  onClick={() => setMaking(true)}
                  data-testid="btn-new-calendar"
                >
                  {t("create")}
                </Button>
              ),
            }
          : {})}
      />
      <PageBody>
        {shown === undefined ? (
          error ? (
            <ErrorState error={error} onRetry={() => void refetch()} />
          ) : (
            <Loading tall />
          )
        ) : (
          <div className="hr-stack">
            {all.length > 1 && (
              <Segments
                label={t("title")}
                options={all.map((each) => ({
                  value: each.key,
                  title: text(each.content.name) || each.key,
                }))}
                value={shown.key}
                onChange={setChosen}
                testId="calendar"
              />
            )}
            <One calendar={shown} write={write} />
          </div>
        )}
      </PageBody>
      {making && shown !== undefined && (
        <Create like={shown.content} onMade={setChosen} onClose={() => setMaking(false)} />
      )}
    </>
  );
}

function useSaved() {
  const { t } = useTranslation("calendars");
  const { message } = App.useApp();
  const queries = useQueryClient();
  return async () => {
    await queries.invalidateQueries({ queryKey: KEY });
    message.success(t("saved"));
  };
}

function One({ calendar, write }: { calendar: Calendar; write: boolean }) {
  const { t } = useTranslation("calendars");
  const { text } = useText();
  const [editing, setEditing] = useState(false);
  const saved = useSaved();
  const { content } = calendar;
  const save = async (next: Content) => {
    await api.put(`/api/calendars/${calendar.key}`, next, {
      headers: { "If-Match": `"${calendar.version}"` },
    });
    await saved();
  };
  return (
    <>
      {calendar.unknown_years.length > 0 && (
        <div className="hr-cal-unknown" role="status" data-testid="unknown-years">
          {t(content.unknown_years === "refuse" ? "unknown_refused" : "unknown_weekly", {
            years: calendar.unknown_years.join(", "),
          })}
        </div>
      )}
      <div className="hr-cal-columns">
        <MonthView key={calendar.key} calendar={calendar} write={write} onSave={save} />
        <div className="hr-stack">
          <Card
            title={text(content.name) || calendar.key}
            actions={
              write && (
                <Button
                  icon={<EditOutlined />}
                  onClick={() => setEditing(true)}
                  data-testid="btn-edit-week"
                >
                  {t("edit")}
                </Button>
              )
            }
          >
            <dl className="hr-cal-week">
              {WEEKDAYS.map((name) => (
                <div key={name}>
                  <dt>{t(`weekday.${name}`)}</dt>
                  <dd>{hoursText(content.weekly[name] ?? []) || t("closed")}</dd>
                </div>
              ))}
              <div>
                <dt>{t("timezone")}</dt>
                <dd>{content.timezone}</dd>
              </div>
              <div>
                <dt>{t("holidays")}</dt>
                <dd>{content.holidays === null ? t("none") : t("holidays_cn")}</dd>
              </div>
            </dl>
          </Card>
          <Users calendar={calendar} write={write} />
          <RolesOf calendar={calendar} write={write} onSaved={saved} />
        </div>
      </div>
      {editing && <WeekDialog content={content} onSave={save} onClose={() => setEditing(false)} />}
    </>
  );
}

function Users({ calendar, write }: { calendar: Calendar; write: boolean }) {
  const { t } = useTranslation("calendars");
  const { text } = useText();
  const [choosing, setChoosing] = useState(false);
  const saved = useSaved();
  const { data } = useQuery({
    queryKey: ["flows", "for-filter"],
    queryFn: () => api.get<Page<FlowSummary>>("/api/flows?limit=200"),
    retry: false,
  });
  const flows = data?.items ?? [];
  const names = new Map(flows.map((flow) => [flow.key, text(flow.name) || flow.key]));
  const others = flows.filter((flow) => !calendar.flows.includes(flow.key));
  const choose = async (flow: string, key: string | null) => {
    await api.patch(`/api/flows/${flow}/rules`, { calendar: key });
    await saved();
  };
  const standard = async () => {
    await api.post(`/api/calendars/${calendar.key}/standard`);
    await saved();
  };
  return (
    <Card
      title={t("used_by")}
      actions={
        write && (
          <Button onClick={() => setChoosing(true)} data-testid="btn-choose-flow">
            {t("choose_flow")}
          </Button>
        )
      }
    >
      <div className="hr-stack">
        <p className="hr-muted">{t(calendar.standard ? "is_standard" : "is_chosen")}</p>
        {calendar.flows.length > 0 && (
          <ul className="hr-cal-flows">
            {calendar.flows.map((key) => (
              <li key={key}>
                <Tag>{names.get(key) ?? key}</Tag>
                {write && (
                  <Button type="link" onClick={() => void choose(key, null)}>
                    {t("release")}
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
        {write && !calendar.standard && (
          <Button onClick={() => void standard()} data-testid="btn-standard">
            {t("make_standard")}
          </Button>
        )}
      </div>
      {choosing && (
        <FormDialog
          title={t("choose_flow")}
          intro={t("choose_text")}
          schema={{
            type: "object",
            required: ["flow"],
            properties: {
              flow: {
                type: "string",
                title: t("flow"),
                oneOf: others.map((flow) => ({
                  const: flow.key,
                  title: names.get(flow.key) ?? flow.key,
                })),
              },
            },
          }}
          onClose={() => setChoosing(false)}
          onSubmit={async (value) => {
            await choose(String(value["flow"]), calendar.key);
            setChoosing(false);
          }}
        />
      )}
    </Card>
  );
}

interface CreateProps {
  like: Content;
  onMade: (key: string) => void;
  onClose: () => void;
}

function Create({ like, onMade, onClose }: CreateProps) {
  const { t } = useTranslation("calendars");
  const saved = useSaved();
  return (
    <FormDialog
      title={t("create")}
      intro={t("create_text")}
      schema={{
        type: "object",
        required: ["key", "name", "timezone"],
        properties: {
          name: { type: "string", minLength: 1, maxLength: 100, title: t("name") },
          key: { type: "string", pattern: "^[a-z][a-z0-9-]{1,63}$", title: t("key") },
          timezone: { type: "string", minLength: 1, maxLength: 64, title: t("timezone") },
        },
      }}
      start={{ timezone: like.timezone }}
      onClose={onClose}
      onSubmit={async (value) => {
        const name = String(value["name"]);
        const content = { ...like, name: { zh: name, en: name }, timezone: value["timezone"] };
        await api.post("/api/calendars", { key: value["key"], content });
        await saved();
        onMade(String(value["key"]));
        onClose();
      }}
    />
  );
}
