// What a rota is made of: its name, its clock, its shifts.

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useList } from "../../api/list";
import type { Text } from "../../api/types";
import { useText } from "../../ui/text";
import { Dialog, Line } from "./Dialog";
import { freshShiftId, isOvernight, mondayOf, type RotaPlan, type Shift, withShifts } from "./rota";

interface RotaSettingsProps {
  plan: RotaPlan;
  onClose: () => void;
  onDone: (plan: RotaPlan) => void;
}

const ON = ["all", "work", "rest"] as const;

export function RotaSettings({ plan, onClose, onDone }: RotaSettingsProps) {
  const { t } = useTranslation(["organisation", "app"]);
  const { text } = useText();
  const calendars = useList<{ key: string; content: { name: Text } }>("/api/calendars").rows ?? [];
  const [edited, setEdited] = useState(plan);
  const { shifts } = edited;
  const zones = Intl.supportedValuesOf?.("timeZone") ?? [];
  const set = (index: number, changes: Partial<Shift>) =>
    setEdited(
      withShifts(
        edited,
        shifts.map((shift, at) => (at === index ? { ...shift, ...changes } : shift)),
      ),
    );
  const lacks =
    edited.name.trim() === ""
      ? t("rotas.lacks_name")
      : shifts.length === 0
        ? t("rotas.no_shifts")
        : shifts.some((shift) => shift.name.trim() === "" || !shift.from || !shift.to)
          ? t("rotas.lacks_shift")
          : "";
  return (
    <Dialog
      title={t("rotas.edit_shifts")}
      saveLabel={t("rotas.done")}
      lacks={lacks}
      onSave={async () => onDone(edited)}
      onClose={onClose}
      width={640}
      testId="rota-settings"
    >
      <div className="hr-org-two">
        <Line label={t("rotas.name")}>
          <input
            value={edited.name}
            maxLength={100}
            onChange={(event) => setEdited({ ...edited, name: event.target.value })}
            data-testid="field-name"
          />
        </Line>
        <Line label={t("rotas.timezone")}>
          <select
            value={edited.timezone}
            onChange={(event) => setEdited({ ...edited, timezone: event.target.value })}
          >
            {[...new Set([edited.timezone, "Asia/Shanghai", "UTC", ...zones])].map((zone) => (
              <option key={zone} value={zone}>
                {zone}
              </option>
            ))}
          </select>
        </Line>
        <Line label={t("rotas.starts_on")}>
          <input
            type="date"
            value={edited.starts_on}
            onChange={(event) =>
              event.target.value &&
              setEdited({ ...edited, starts_on: mondayOf(event.target.value) })
            }
          />
        </Line>
        <Line label={t("rotas.calendar")}>
          <select
            value={edited.calendar ?? ""}
            onChange={(event) => setEdited({ ...edited, calendar: event.target.value || null })}
          >
            <option value="">{t("rotas.calendar_none")}</option>
            {calendars.map(({ key, content }) => (
              <option key={key} value={key}>
                {text(content.name) || key}
              </option>
            ))}
          </select>
        </Line>
      </div>
      <h3 className="hr-section-title">{t("rotas.shifts")}</h3>
      <ul className="hr-rota-shifts">
        {shifts.map((shift, index) => (
          <li key={shift.id}>
            <input
              value={shift.name}
              maxLength={100}
              placeholder={t("rotas.shift_name")}
              aria-label={t("rotas.shift_name")}
              onChange={(event) => set(index, { name: event.target.value })}
              data-testid={`shift-${index}-name`}
            />
            <input
              type="time"
              value={shift.from}
              aria-label={t("rotas.from")}
              onChange={(event) => set(index, { from: event.target.value })}
              data-testid={`shift-${index}-from`}
            />
            <input
              type="time"
              value={shift.to === "24:00" ? "00:00" : shift.to}
              aria-label={t("rotas.to")}
              onChange={(event) => set(index, { to: event.target.value })}
              data-testid={`shift-${index}-to`}
            />
            <select
              value={shift.on ?? "all"}
              aria-label={t("rotas.only_on")}
              disabled={!edited.calendar && (shift.on ?? "all") === "all"}
              onChange={(event) => set(index, { on: event.target.value as Shift["on"] & string })}
            >
              {ON.map((on) => (
                <option key={on} value={on}>
                  {t(`rotas.on_${on}`)}
                </option>
              ))}
            </select>
            <Button
              type="text"
              danger
              icon={<DeleteOutlined />}
              aria-label={`${t("app:action.delete")} ${shift.name}`}
              onClick={() =>
                setEdited(
                  withShifts(
                    edited,
                    shifts.filter((_, at) => at !== index),
                  ),
                )
              }
            />
            {isOvernight(shift) && shift.to !== "24:00" && (
              <small className="hr-muted">{t("rotas.overnight")}</small>
            )}
          </li>
        ))}
      </ul>
      <Button
        type="dashed"
        icon={<PlusOutlined />}
        onClick={() =>
          setEdited(
            withShifts(edited, [
              ...shifts,
              { id: freshShiftId(shifts), name: "", from: "09:00", to: "18:00" },
            ]),
          )
        }
        data-testid="btn-add-shift"
      >
        {t("rotas.add_shift")}
      </Button>
    </Dialog>
  );
}
