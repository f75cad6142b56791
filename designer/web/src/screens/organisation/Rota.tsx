// One rota: the pattern of weeks and the real dates, planned by dragging people into shifts; saved as a whole.

import {
  DeleteOutlined,
  LeftOutlined,
  MinusOutlined,
  PlusOutlined,
  RightOutlined,
  SettingOutlined,
} from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useBlocker, useNavigate, useParams } from "react-router";
import { ApiError, api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { Role } from "../../api/types";
import type { PersonRef } from "../../directory/who";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { useErrorText } from "../../ui/errorText";
import { Card, EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { Segments } from "../../ui/Segments";
import { Tag } from "../../ui/StatusTag";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import { exactDate, exactTime } from "../../ui/time";
import "./organisation.css";
import { CellDialog, Crew } from "./RotaCrew";
import { type CellPlace, RotaGrid } from "./RotaGrid";
import { RotaSettings } from "./RotaSettings";
import { RotaStale } from "./RotaStale";
import {
  crewOf,
  datesOf,
  dayName,
  gapsInPattern,
  inPattern,
  mondayOf,
  onDate,
  plusDays,
  type RotaPlan,
  todayIn,
  WEEKS_MAX,
  withException,
  withoutWeek,
  withPattern,
  withWeek,
} from "./rota";

interface Known extends PersonRef {
  active?: boolean;
}

interface RotaDetail extends RotaPlan {
  id: string;
  key?: string;
  on_duty: PersonRef[];
  until: string | null;
  known: Known[];
  etag: string;
}

interface Slot {
  date: string;
  shift: string;
  gap: boolean;
}

export default function Rota() {
  const { id = "" } = useParams();
  const address = `/api/rotas/${encodeURIComponent(id)}`;
  const { data, error, refetch } = useQuery({
    queryKey: ["/api/rotas", "one", id],
    queryFn: ({ signal }) => api.get<RotaDetail>(address, { signal }),
    refetchOnWindowFocus: false,
  });
  if (data === undefined) {
    return (
      <>
        <PageHeader title="…" back="/organisation/rotas" />
        <PageBody>
          {error ? (
            <ErrorState error={error} onRetry={() => void refetch()} />
          ) : (
            <Loading rows={8} />
          )}
        </PageBody>
      </>
    );
  }
  return <Plan key={data.id} rota={data} address={address} />;
}

function planOf(rota: RotaDetail): RotaPlan {
  const { name, timezone, calendar = null, shifts, starts_on, weeks, exceptions } = rota;
  return { name, timezone, calendar, shifts, starts_on, weeks, exceptions };
}

function Plan({ rota, address }: { rota: RotaDetail; address: string }) {
  const { t } = useTranslation(["organisation", "app", "people"]); // those of the picker too
  const { language } = useText();
  const { message } = App.useApp();
  const write = useMay()("users:write");
  const queries = useQueryClient();
  const [plan, setPlan] = useState(() => planOf(rota));
  const [etag, setEtag] = useState(rota.etag); // of what the plan began with, whatever is loaded later
  const [stale, setStale] = useState<string | null>(null);
  const [view, setView] = useState<"pattern" | "dates">("pattern");
  const [week, setWeek] = useState(0);
  const [monday, setMonday] = useState(() => mondayOf(todayIn(rota.timezone, new Date())));
  const [cell, setCell] = useState<CellPlace | null>(null);
  const [settings, setSettings] = useState(false);
  const [added, setAdded] = useState<PersonRef[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const names = useNames(rota.known, added);
  const changed = JSON.stringify(plan) !== JSON.stringify(planOf(rota));
  useLeaving(changed);
  const dates = datesOf(monday);
  const shownWeek = Math.min(week, plan.weeks.length - 1);
  const closed = useClosed(address, dates, view === "dates" && !changed);
  const gaps = gapsInPattern(plan, names.gone).length;

  const peopleAt = (place: CellPlace) =>
    place.date === undefined
      ? { people: inPattern(plan, shownWeek, place.day, place.shift), exception: false }
      : onDate(plan, place.date, place.shift);
  const put = (place: CellPlace, people: string[], on = plan): RotaPlan =>
    place.date === undefined
      ? withPattern(on, shownWeek, place.day, place.shift, people)
      : withException(on, place.date, place.shift, people);
  const take = (place: CellPlace, person: string, from: CellPlace | null) => {
    const here = peopleAt(place).people;
    if (here.includes(person)) return;
    let next = put(place, [...here, person]);
    if (from !== null) {
      next = put(
        from,
        peopleAt(from).people.filter((one) => one !== person),
        next,
      );
    }
    setPlan(next);
  };
  const taken = (saved: RotaDetail) => {
    queries.setQueryData(["/api/rotas", "one", rota.key ?? rota.id], saved);
    setPlan(planOf(saved));
    setEtag(saved.etag);
    setStale(null);
  };
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (trouble) {
      if (trouble instanceof ApiError && trouble.code === "rota_stale") {
        setStale(String(trouble.params["updated_by"] ?? ""));
      } else {
        setStale(null);
        setError(trouble);
      }
    } finally {
      setBusy(false);
    }
  };
  const save = (over: string) =>
    attempt(async () => {
      taken(await api.put<RotaDetail>(address, plan, { headers: { "If-Match": `"${over}"` } }));
      await queries.invalidateQueries({ queryKey: ["/api/rotas"] });
      message.success(t("app:state.saved"));
    });
  const saveOver = () =>
    attempt(async () => {
      const { etag: theirs } = await api.get<RotaDetail>(address);
      await save(theirs);
    });
  const takeTheirs = () => attempt(async () => taken(await api.get<RotaDetail>(address)));

  return (
    <>
      <PageHeader
        title={plan.name}
        back="/organisation/rotas"
        subtitle={
          <>
            {rota.on_duty.length === 0
              ? t("rotas.nobody")
              : `${t("rotas.now")}${t("colon")}${rota.on_duty.map(({ name }) => name).join(t("comma"))}`}
            {rota.until !== null && rota.on_duty.length > 0 && (
              <> · {t("rotas.until", { time: exactTime(rota.until, language) })}</>
            )}
          </>
        }
        {...(write
          ? {
              actions: (
                <>
                  <Button
                    icon={<SettingOutlined />}
                    onClick={() => setSettings(true)}
                    data-testid="btn-rota-settings"
                  >
                    {t("rotas.edit_shifts")}
                  </Button>
                  <Remove rota={rota} address={address} />
                </>
              ),
            }
          : {})}
      />
      <PageBody wide>
        <div className="hr-bar hr-org-bar">
          <Segments
            label={t("rotas.view")}
            options={(["pattern", "dates"] as const).map((value) => ({
              value,
              title: t(`rotas.${value}`),
            }))}
            value={view}
            onChange={setView}
            testId="view"
          />
          {view === "pattern" ? (
            <>
              {plan.weeks.length > 1 && (
                <Segments
                  label={t("rotas.pattern")}
                  options={plan.weeks.map((_, index) => ({
                    value: String(index),
                    title: t("rotas.week", { number: index + 1 }),
                  }))}
                  value={String(shownWeek)}
                  onChange={(value) => setWeek(Number(value))}
                  testId="week"
                />
              )}
              {write && (
                <span className="hr-row">
                  <Button
                    icon={<PlusOutlined />}
                    disabled={plan.weeks.length >= WEEKS_MAX}
                    onClick={() => {
                      setPlan(withWeek(plan));
                      setWeek(plan.weeks.length);
                    }}
                    data-testid="btn-add-week"
                  >
                    {t("rotas.add_week")}
                  </Button>
                  {plan.weeks.length > 1 && (
                    <Button
                      icon={<MinusOutlined />}
                      onClick={() => setPlan(withoutWeek(plan))}
                      aria-label={t("rotas.remove_week")}
                      title={t("rotas.remove_week")}
                    />
                  )}
                </span>
              )}
              <span className="hr-muted">{t("rotas.weeks", { count: plan.weeks.length })}</span>
            </>
          ) : (
            <span className="hr-row">
              <Button
                icon={<LeftOutlined />}
                aria-label={t("rotas.previous_week")}
                onClick={() => setMonday(plusDays(monday, -7))}
              />
              <strong>
                {exactDate(`${dates[0]}T12:00:00Z`, language)} –{" "}
                {exactDate(`${dates[6]}T12:00:00Z`, language)}
              </strong>
              <Button
                icon={<RightOutlined />}
                aria-label={t("rotas.next_week")}
                onClick={() => setMonday(plusDays(monday, 7))}
                data-testid="btn-next-week"
              />
              <Button onClick={() => setMonday(mondayOf(todayIn(rota.timezone, new Date())))}>
                {t("rotas.this_week")}
              </Button>
            </span>
          )}
          <Tag tone={gaps === 0 ? "ok" : "warn"}>
            <span data-testid="rota-gaps">
              {gaps === 0 ? t("rotas.no_gaps") : t("rotas.gaps", { count: gaps })}
            </span>
          </Tag>
        </div>
        {plan.shifts.length === 0 ? (
          <Card>
            <EmptyState title={t("rotas.no_shifts")} text={t("rotas.no_shifts_text")} />
          </Card>
        ) : (
          <div className="hr-rota">
            {write && (
              <Crew
                people={[...new Set([...crewOf(plan), ...added.map((one) => one.id)])]}
                names={names}
                onAdd={(people) => setAdded([...added, ...people])}
              />
            )}
            <RotaGrid
              plan={plan}
              week={shownWeek}
              dates={view === "dates" ? dates : null}
              names={names}
              closed={closed}
              editable={write}
              cellOf={peopleAt}
              onOpen={setCell}
              onTake={take}
              onRemove={(place, person) =>
                setPlan(
                  put(
                    place,
                    peopleAt(place).people.filter((one) => one !== person),
                  ),
                )
              }
              onReset={(place) =>
                place.date && setPlan(withException(plan, place.date, place.shift, null))
              }
            />
          </div>
        )}
        <p className="hr-muted hr-small hr-org-keys">
          {t(view === "pattern" ? "rotas.pattern_help" : "rotas.dates_help")}
        </p>
        {error !== null && <Trouble error={error} />}
        {changed && (
          <div className="hr-rota-save" role="status">
            <span>{t("rotas.unsaved")}</span>
            <span className="hr-row">
              <Button onClick={() => setPlan(planOf(rota))} data-testid="btn-discard">
                {t("rotas.discard")}
              </Button>
              <Button
                type="primary"
                loading={busy}
                onClick={() => save(etag)}
                data-testid="btn-save-rota"
              >
                {t("rotas.save")}
              </Button>
            </span>
          </div>
        )}
      </PageBody>
      {cell !== null && (
        <CellDialog
          title={t("rotas.choose_person", {
            day: cell.date
              ? `${t(`rotas.day.${dayName(cell.date)}`)} ${cell.date.slice(5)}`
              : t(`rotas.day.${cell.day}`),
            shift: plan.shifts.find(({ id }) => id === cell.shift)?.name ?? "",
          })}
          value={peopleAt(cell).people}
          names={names}
          onClose={() => setCell(null)}
          onDone={(ids, people) => {
            setAdded([...added, ...people]);
            setPlan(put(cell, ids));
            setCell(null);
          }}
        />
      )}
      {stale !== null && (
        <RotaStale
          who={stale}
          busy={busy}
          onMine={saveOver}
          onTheirs={takeTheirs}
          onClose={() => setStale(null)}
        />
      )}
      {settings && (
        <RotaSettings
          plan={plan}
          onClose={() => setSettings(false)}
          onDone={(next) => {
            setPlan(next);
            setSettings(false);
          }}
        />
      )}
    </>
  );
}

export interface Names {
  of: (id: string) => string;
  gone: (id: string) => boolean;
}

function useNames(known: Known[], added: PersonRef[]): Names {
  const { text } = useText();
  const roles = useList<Role>("/api/roles").rows ?? [];
  return {
    of: (id) => {
      const role = /^role:(.*)$/.exec(id)?.[1];
      if (role !== undefined) return text(roles.find(({ key }) => key === role)?.title) || role;
      return [...known, ...added].find((one) => one.id === id)?.name ?? id;
    },
    gone: (id) => known.find((one) => one.id === id)?.active === false,
  };
}

/** Shifts that are not worked on a date: by the calendar, as the server counts it. */
function useClosed(address: string, dates: string[], enabled: boolean) {
  const { data } = useQuery({
    enabled,
    queryKey: ["/api/rotas", "duty", address, dates[0]],
    queryFn: ({ signal }) =>
      api.get<{ slots: Slot[] }>(`${address}/duty?from=${dates[0]}&until=${dates[6]}`, { signal }),
  });
  const worked = data && new Set(data.slots.map(({ date, shift }) => `${date}/${shift}`));
  return (date: string, shift: string) =>
    enabled && worked !== undefined && !worked.has(`${date}/${shift}`);
}

/** What is not saved is not lost by a click beside it. */
function useLeaving(changed: boolean): void {
  const { t } = useTranslation(["organisation", "app"]);
  const { modal } = App.useApp();
  const blocker = useBlocker(changed);
  useEffect(() => {
    if (blocker.state !== "blocked") return;
    modal.confirm({
      title: t("rotas.discard_title"),
      okText: t("rotas.discard"),
      okButtonProps: { danger: true },
      cancelText: t("app:action.keep_editing"),
      onOk: () => blocker.proceed(),
      onCancel: () => blocker.reset(),
    });
  }, [blocker, modal, t]);
  useEffect(() => {
    if (!changed) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [changed]);
}

function Remove({ rota, address }: { rota: RotaDetail; address: string }) {
  const { t } = useTranslation(["organisation", "app", "admin"]);
  const { message } = App.useApp();
  const errorText = useErrorText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = async () => {
    try {
      await api.delete(address);
      navigate("/organisation/rotas");
      await queries.invalidateQueries({ queryKey: ["/api/rotas", "all"] });
    } catch (error) {
      message.error(errorText(error));
    }
  };
  return (
    <ConfirmButton
      type="text"
      danger
      icon={<DeleteOutlined />}
      aria-label={t("admin:delete_of", { name: rota.name })}
      title={t("rotas.delete_title", { name: rota.name })}
      text={t("rotas.delete_text")}
      confirmLabel={t("app:action.delete")}
      onConfirm={remove}
    />
  );
}
