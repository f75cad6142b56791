// Palette, the form being drawn, a phone that shows it, and the chosen field's settings; and what a drag means.

import {
  type CollisionDetection,
  closestCenter,
  DndContext,
  type DragEndEvent,
  DragOverlay,
  KeyboardSensor,
  PointerSensor,
  pointerWithin,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { sortableKeyboardCoordinates } from "@dnd-kit/sortable";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { titleOf } from "../../ui/form/kinds";
import { type Text, useText } from "../../ui/text";
import {
  addColumn,
  addField,
  columnsOf,
  type DrawnForm,
  fieldAt,
  groupsOf,
  moveColumn,
  moveField,
  type Place,
  type Spot,
} from "./drawing";
import { FieldPanel } from "./FieldPanel";
import { KindIcon } from "./KindIcon";
import { COLUMN_KINDS, type FormKind } from "./kinds";
import { Palette } from "./Palette";
import { PhoneFrame } from "./Preview";
import { Sheet } from "./Sheet";

interface BuildProps {
  form: DrawnForm;
  onChange: (form: DrawnForm) => void;
  chosen: Place | null;
  onChoose: (place: Place | null) => void;
  disabled: boolean;
}

/** The innermost thing under the pointer; by keyboard the nearest of its kind, or an empty section. */
const under: CollisionDetection = (given) => {
  if (given.pointerCoordinates === null) {
    const kind = String(given.active.id).split(":")[0];
    const droppableContainers = given.droppableContainers.filter(
      ({ id, data }) => String(id).startsWith(`${kind}:`) || data.current?.["empty"] === true,
    );
    return closestCenter({ ...given, droppableContainers });
  }
  const found = pointerWithin(given);
  const rank = (id: string) =>
    ["column:", "lines:", "field:", "section:"].findIndex((p) => id.startsWith(p));
  return [...found].sort((a, b) => rank(String(a.id)) - rank(String(b.id)));
};

export function Build({ form, onChange, chosen, onChoose, disabled }: BuildProps) {
  const { t, i18n } = useTranslation("forms");
  const { text } = useText();
  const [held, setHeld] = useState<string | null>(null);
  useEffect(() => {
    void i18n.loadLanguages(["zh", "en"]); // a new field is named in both
  }, [i18n]);
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: 6 } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );
  /** A new field is called by its kind, in both languages. */
  const nameOf = (kind: FormKind): Text => ({
    zh: i18n.getFixedT("zh", "forms")(`editor.kind.${kind}`),
    en: i18n.getFixedT("en", "forms")(`editor.kind.${kind}`),
  });
  const add = (kind: FormKind, spot: Spot | null) => {
    const added = addField(form, kind, spot, nameOf(kind));
    onChange(added.form);
    onChoose(added.place);
  };
  const addTo = (lines: string, kind: FormKind, index?: number) => {
    const added = addColumn(form, lines, kind, nameOf(kind), index);
    onChange(added.form);
    onChoose(added.place);
  };
  const drop = (event: DragEndEvent) => {
    setHeld(null);
    const { active, over } = event;
    if (over === null || disabled) return;
    const [from, what = "", column = ""] = String(active.id).split(":");
    const [onto, where = "", other = ""] = String(over.id).split(":");
    const inRow = onto === "lines" || onto === "column";
    if (from === "new") {
      const kind = what as FormKind;
      if (inRow && COLUMN_KINDS.includes(kind)) {
        const index = columnsOf(form.schema.properties?.[where]).indexOf(other);
        return addTo(where, kind, index < 0 ? undefined : index + (isBehind(event, "x") ? 1 : 0));
      }
      const spot = spotOf(form, inRow ? "field" : onto, where);
      const behind = onto !== "section" && isBehind(event, "y");
      return add(kind, spot && { ...spot, index: spot.index + (behind ? 1 : 0) });
    }
    if (from === "field") {
      const spot = spotOf(form, inRow ? "field" : onto, where);
      if (spot !== null && what !== where) onChange(moveField(form, what, spot));
    }
    if (from === "column" && onto === "column" && where === what && other !== column) {
      const to = columnsOf(form.schema.properties?.[what]).indexOf(other);
      onChange(moveColumn(form, what, column, to));
    }
  };
  return (
    <DndContext
      sensors={sensors}
      collisionDetection={under}
      onDragStart={({ active }) => setHeld(String(active.id))}
      onDragCancel={() => setHeld(null)}
      onDragEnd={drop}
      accessibility={{ screenReaderInstructions: { draggable: t("editor.how_to_drag") } }}
    >
      <div className="hr-fe-build">
        <Palette onAdd={(kind) => add(kind, null)} disabled={disabled} />
        <Sheet
          form={form}
          onChange={onChange}
          chosen={chosen}
          onChoose={onChoose}
          onAddColumn={addTo}
          disabled={disabled}
        />
        <aside className="hr-fe-live" aria-label={t("editor.live")}>
          <PhoneFrame form={form} />
        </aside>
        <aside className="hr-fe-panel" aria-label={t("editor.settings")}>
          {chosen !== null && fieldAt(form, chosen) !== undefined ? (
            <FieldPanel
              key={`${chosen.field}.${chosen.column ?? ""}`}
              form={form}
              onChange={onChange}
              place={chosen}
              onChoose={onChoose}
              disabled={disabled}
            />
          ) : (
            <p className="hr-muted">{t("editor.choose_field")}</p>
          )}
        </aside>
      </div>
      <DragOverlay dropAnimation={null}>
        {held !== null && <Ghost id={held} form={form} text={text} />}
      </DragOverlay>
    </DndContext>
  );
}

/** Let go over the second half of what lies there: behind it. */
function isBehind({ activatorEvent, delta, over }: DragEndEvent, axis: "x" | "y"): boolean {
  if (over === null || !(activatorEvent instanceof PointerEvent)) return false;
  if (axis === "x") {
    return activatorEvent.clientX + delta.x > over.rect.left + over.rect.width / 2;
  }
  return activatorEvent.clientY + delta.y > over.rect.top + over.rect.height / 2;
}

function Ghost({ id, form, text }: { id: string; form: DrawnForm; text: (text: Text) => string }) {
  const { t } = useTranslation("forms");
  const [what, name = "", column] = id.split(":");
  if (what === "new") {
    return (
      <div className="hr-fe-ghost">
        <KindIcon kind={name as FormKind} /> {t(`editor.kind.${name}`)}
      </div>
    );
  }
  const place = column === undefined ? { field: name } : { field: name, column };
  const schema = fieldAt(form, place) ?? {};
  return <div className="hr-fe-ghost">{titleOf(column ?? name, schema, text)}</div>;
}

function spotOf(form: DrawnForm, onto: string | undefined, where: string): Spot | null {
  const groups = groupsOf(form);
  if (onto === "section") {
    const section = Number(where);
    return { section, index: groups[section + 1]?.names.length ?? 0 };
  }
  if (onto !== "field") return null;
  const section = groups.findIndex(({ names }) => names.includes(where));
  return { section: section - 1, index: groups[section]?.names.indexOf(where) ?? 0 };
}
