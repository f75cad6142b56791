// Changing a calendar: its week, or one day.

import { Button, Modal } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Segments } from "../../ui/Segments";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import { type Content, type Day, type Span, WEEKDAYS, withDay } from "./calendar";
import { Hours } from "./Hours";

type Save = (content: Content) => Promise<unknown>;

interface FrameProps {
  title: string;
  onSave: () => Promise<unknown>;
  onClose: () => void;
  children: ReactNode;
}

function Dialog({ title, onSave, onClose, children }: FrameProps) {
  const { t } = useTranslation("app");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      await onSave();
      onClose();
    } catch (trouble) {
      setError(trouble);
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={title}
      onCancel={onClose}
      mask={{ closable: false }}
      destroyOnHidden
      footer={
        <>
          <Button onClick={onClose} data-testid="btn-cancel">
            {t("action.cancel")}
          </Button>
          <Button type="primary" loading={busy} onClick={save} data-testid="btn-save">
            {t("action.save")}
          </Button>
        </>
      }
    >
      <div className="hr-stack">
        {children}
        {error !== null && <Trouble error={error} />}
      </div>
    </Modal>
  );
}

interface WeekProps {
  content: Content;
  onSave: Save;
  onClose: () => void;
}

export function WeekDialog({ content, onSave, onClose }: WeekProps) {
  const { t } = useTranslation("calendars");
  const [edited, setEdited] = useState(content);
  const like = edited.weekly.mon ?? [];
  const alike = Object.fromEntries(WEEKDAYS.slice(0, 5).map((name) => [name, like]));
  return (
    <Dialog title={t("week")} onSave={() => onSave(edited)} onClose={onClose}>
      {WEEKDAYS.map((name) => (
        <Hours
          key={name}
          label={t(`weekday.${name}`)}
          value={edited.weekly[name] ?? []}
          onChange={(hours) =>
            setEdited({ ...edited, weekly: { ...edited.weekly, [name]: hours } })
          }
        />
      ))}
      <Button
        onClick={() => setEdited({ ...edited, weekly: { ...edited.weekly, ...alike } })}
        data-testid="btn-alike"
      >
        {t("alike")}
      </Button>
      {edited.holidays !== null && (
        <Hours
          label={t("makeup_hours")}
          value={edited.makeup ?? []}
          onChange={(makeup) => setEdited({ ...edited, makeup })}
        />
      )}
      <label className="hr-row">
        <input
          type="checkbox"
          checked={edited.holidays !== null}
          onChange={(event) =>
            setEdited({ ...edited, holidays: event.target.checked ? "CN" : null })
          }
        />
        {t("with_holidays")}
      </label>
    </Dialog>
  );
}

interface DayProps {
  day: Day;
  title: string;
  content: Content;
  onSave: Save;
  onClose: () => void;
}

export function DayDialog({ day, title, content, onSave, onClose }: DayProps) {
  const { t } = useTranslation("calendars");
  const { text } = useText();
  const own = day.kind === "own";
  const [how, setHow] = useState(own ? (day.hours.length > 0 ? "open" : "closed") : "usual");
  const [hours, setHours] = useState<Span[]>(
    day.hours.length > 0 ? day.hours : [["09:00", "18:00"]],
  );
  const [note, setNote] = useState(own ? text(day.note) : "");
  const wanted =
    how === "usual" ? null : { hours: how === "open" ? hours : [], ...(note ? { note } : {}) };
  return (
    <Dialog
      title={title}
      onSave={() => onSave(withDay(content, day.date, wanted))}
      onClose={onClose}
    >
      <Segments
        label={t("how")}
        options={["usual", "closed", "open"].map((value) => ({ value, title: t(`how_${value}`) }))}
        value={how}
        onChange={setHow}
        testId="day"
      />
      {how === "open" && <Hours label={t("hours")} value={hours} onChange={setHours} />}
      {how !== "usual" && (
        <label className="hr-cal-note">
          {t("note")}
          <input
            type="text"
            value={note}
            maxLength={200}
            onChange={(event) => setNote(event.target.value)}
            data-testid="field-note"
          />
        </label>
      )}
    </Dialog>
  );
}
