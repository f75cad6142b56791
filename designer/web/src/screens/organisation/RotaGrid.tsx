// Shifts by days: people stand in the cells. A table on a desk, a day after the other on a phone.

import { CloseOutlined, PlusOutlined, UndoOutlined } from "@ant-design/icons";
import { type DragEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNarrow } from "../../theme/mode";
import type { Names } from "./Rota";
import {
  type Cell,
  DAYS,
  type DayName,
  dayName,
  isOvernight,
  mustBeStaffed,
  type RotaPlan,
  type Shift,
} from "./rota";

export interface CellPlace {
  day: DayName;
  /** A real day; without it the pattern is meant. */
  date?: string;
  shift: string;
}

interface GridProps {
  plan: RotaPlan;
  week: number;
  dates: string[] | null;
  names: Names;
  closed: (date: string, shift: string) => boolean;
  editable: boolean;
  cellOf: (place: CellPlace) => Cell;
  onOpen: (place: CellPlace) => void;
  onTake: (place: CellPlace, person: string, from: CellPlace | null) => void;
  onRemove: (place: CellPlace, person: string) => void;
  onReset: (place: CellPlace) => void;
}

/** What is dragged: a person, and from which cell. */
export const DRAGGED = "application/x-headrace-person";

export function RotaGrid(props: GridProps) {
  const { plan, dates } = props;
  const { t } = useTranslation("organisation");
  const narrow = useNarrow();
  const columns: { day: DayName; date?: string }[] =
    dates === null
      ? DAYS.map((day) => ({ day }))
      : dates.map((date) => ({ day: dayName(date), date }));
  const title = ({ day, date }: { day: DayName; date?: string }) =>
    date === undefined ? t(`rotas.day.${day}`) : `${t(`rotas.day.${day}`)} ${date.slice(5)}`;
  if (narrow) {
    return (
      <div className="hr-rota-days" data-testid="rota-grid">
        {columns.map((column) => (
          <section key={column.day} className="hr-rota-day" aria-label={title(column)}>
            <h3>{title(column)}</h3>
            {plan.shifts.map((shift) => (
              <div key={shift.id} className="hr-rota-day-shift">
                <ShiftName shift={shift} />
                <CellView {...props} place={{ ...column, shift: shift.id }} shift={shift} />
              </div>
            ))}
          </section>
        ))}
      </div>
    );
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="hr-rota-frame" aria-label={t("rotas.pattern")} tabIndex={0}>
      <table className="hr-rota-table" data-testid="rota-grid">
        <thead>
          <tr>
            <th scope="col">{t("rotas.shift")}</th>
            {columns.map((column) => (
              <th
                key={column.day}
                scope="col"
                data-weekend={["sat", "sun"].includes(column.day) || undefined}
              >
                {title(column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {plan.shifts.map((shift) => (
            <tr key={shift.id}>
              <th scope="row">
                <ShiftName shift={shift} />
              </th>
              {columns.map((column) => (
                <td key={column.day}>
                  <CellView {...props} place={{ ...column, shift: shift.id }} shift={shift} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function ShiftName({ shift }: { shift: Shift }) {
  const { t } = useTranslation("organisation");
  const on = shift.on ?? "all";
  return (
    <span className="hr-rota-shift">
      <strong>{shift.name}</strong>
      <small>
        {shift.from}–{shift.to}
        {isOvernight(shift) && ` ${t("rotas.overnight")}`}
        {on !== "all" && ` · ${t(`rotas.on_${on}`)}`}
      </small>
    </span>
  );
}

function CellView(props: GridProps & { place: CellPlace; shift: Shift }) {
  const { place, shift, names, editable, cellOf, closed } = props;
  const { t } = useTranslation("organisation");
  const [over, setOver] = useState(false);
  const { people, exception } = cellOf(place);
  const rests = place.date !== undefined && closed(place.date, place.shift);
  const gap = people.every(names.gone) && !rests && mustBeStaffed(shift);
  const day = place.date
    ? `${t(`rotas.day.${place.day}`)} ${place.date}`
    : t(`rotas.day.${place.day}`);
  const said = { day, shift: shift.name };
  const testId = `cell-${place.date ?? place.day}-${place.shift}`;
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const told = event.dataTransfer.getData(DRAGGED);
    if (told === "") return;
    const { person, from } = JSON.parse(told) as { person: string; from: CellPlace | null };
    props.onTake(place, person, from);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would not lie in a row of a table
    <div
      className="hr-rota-cell"
      role="group"
      aria-label={t("rotas.cell", said)}
      data-gap={gap || undefined}
      data-exception={exception || undefined}
      data-closed={rests || undefined}
      data-over={over || undefined}
      data-testid={testId}
      onDragOver={(event) => {
        if (!editable || !event.dataTransfer.types.includes(DRAGGED)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={editable ? drop : undefined}
    >
      {people.map((person) => (
        <PersonChip
          key={person}
          person={person}
          name={names.of(person)}
          gone={names.gone(person)}
          from={place}
          {...(editable
            ? {
                onRemove: () => props.onRemove(place, person),
                removeLabel: t("rotas.unassign", { ...said, name: names.of(person) }),
              }
            : {})}
        />
      ))}
      {rests && people.length === 0 && <span className="hr-rota-rests">{t("rotas.closed")}</span>}
      {gap && <span className="hr-rota-gap">{t("rotas.gap")}</span>}
      {exception && (
        <button
          type="button"
          className="hr-rota-reset"
          title={t("rotas.back_to_pattern")}
          disabled={!editable}
          onClick={() => props.onReset(place)}
        >
          <UndoOutlined aria-hidden /> {t("rotas.exception")}
        </button>
      )}
      {editable && (
        <button
          type="button"
          className="hr-rota-plus"
          aria-label={t("rotas.assign", said)}
          onClick={() => props.onOpen(place)}
          data-testid={`${testId}-add`}
        >
          <PlusOutlined aria-hidden />
        </button>
      )}
    </div>
  );
}

interface ChipProps {
  person: string;
  name: string;
  gone?: boolean;
  from: CellPlace | null;
  onRemove?: () => void;
  removeLabel?: string;
}

export function PersonChip({ person, name, gone, from, onRemove, removeLabel }: ChipProps) {
  const { t } = useTranslation("organisation");
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: by mouse only; the plus of a cell does the same by keyboard
    <span
      className="hr-rota-person"
      data-gone={gone || undefined}
      title={gone ? t("rotas.inactive") : undefined}
      draggable
      onDragStart={(event) => {
        event.dataTransfer.effectAllowed = "copyMove";
        event.dataTransfer.setData(DRAGGED, JSON.stringify({ person, from }));
      }}
      data-testid={from === null ? `crew-${name}` : undefined}
    >
      <span>{name}</span>
      {onRemove !== undefined && (
        <button type="button" aria-label={removeLabel} onClick={onRemove}>
          <CloseOutlined aria-hidden />
        </button>
      )}
    </span>
  );
}
