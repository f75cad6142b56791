// The form as it is drawn: its fields in their sections, to choose, move and take away.

import {
  ArrowDownOutlined,
  ArrowUpOutlined,
  DeleteOutlined,
  HolderOutlined,
  PlusOutlined,
} from "@ant-design/icons";
import { useDroppable } from "@dnd-kit/core";
import {
  rectSortingStrategy,
  SortableContext,
  useSortable,
  verticalListSortingStrategy,
} from "@dnd-kit/sortable";
import { CSS } from "@dnd-kit/utilities";
import { Button, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { JsonSchema } from "../../schema";
import { titleOf } from "../../ui/form/kinds";
import { SchemaForm } from "../../ui/form/SchemaForm";
import { Segments } from "../../ui/Segments";
import { type Text, useText } from "../../ui/text";
import {
  addSection,
  columnsOf,
  type DrawnForm,
  fieldAt,
  type Group,
  groupsOf,
  isRequired,
  moveSection,
  type Place,
  removePlace,
  removeSection,
  setColumns,
  setSection,
} from "./drawing";
import { KindIcon } from "./KindIcon";
import { COLUMN_KINDS, type FormKind, formKindOf } from "./kinds";

export interface SheetProps {
  form: DrawnForm;
  onChange: (form: DrawnForm) => void;
  chosen: Place | null;
  onChoose: (place: Place | null) => void;
  onAddColumn: (lines: string, kind: FormKind) => void;
  disabled: boolean;
}

export function Sheet(props: SheetProps) {
  const { form, onChange, disabled } = props;
  const { t } = useTranslation("forms");
  const groups = groupsOf(form);
  const title: JsonSchema = {
    properties: {
      title: { type: "object", "x-widget": "bilingual", title: t("editor.form_title") },
    },
  };
  return (
    <div className="hr-fe-sheet">
      <div className="hr-fe-sheet-head">
        <SchemaForm
          schema={title}
          value={{ title: form.title }}
          onChange={(next) => {
            const { title: _, ...rest } = form;
            onChange(next["title"] ? { ...rest, title: next["title"] as Text } : rest);
          }}
          disabled={disabled}
          path="/form"
        />
        <Segments
          label={t("editor.columns")}
          options={[
            { value: "1", title: t("editor.one_column") },
            { value: "2", title: t("editor.two_columns") },
          ]}
          value={String(form.ui?.columns ?? 1)}
          onChange={(columns) => !disabled && onChange(setColumns(form, columns === "2" ? 2 : 1))}
          testId="columns"
        />
      </div>
      {groups.map((group, index) => (
        <Section
          // biome-ignore lint/suspicious/noArrayIndexKey: the position is the section's only name
          key={index}
          {...props}
          group={group}
          index={index - 1}
          last={index === groups.length - 1}
          alone={groups.length === 1}
        />
      ))}
      {!disabled && (
        <Button
          type="dashed"
          block
          icon={<PlusOutlined />}
          onClick={() =>
            onChange(
              addSection(form, { zh: `分组 ${groups.length}`, en: `Section ${groups.length}` }),
            )
          }
          data-testid="add-section"
        >
          {t("editor.add_section")}
        </Button>
      )}
    </div>
  );
}

interface SectionProps extends SheetProps {
  group: Group;
  index: number;
  last: boolean;
  alone: boolean;
}

function Section(props: SectionProps) {
  const { form, onChange, group, index, last, alone, disabled } = props;
  const { t } = useTranslation("forms");
  const { text } = useText();
  const { section } = group;
  const empty = group.names.length === 0;
  const { setNodeRef, isOver } = useDroppable({ id: `section:${index}`, data: { empty } });
  const title: JsonSchema = {
    properties: {
      title: { type: "object", "x-widget": "bilingual", title: t("editor.section_title") },
    },
  };
  if (section === null && empty && !alone) {
    return <div ref={setNodeRef} className="hr-fe-gap" data-over={isOver || undefined} />;
  }
  return (
    <section
      ref={setNodeRef}
      className="hr-fe-section"
      data-over={isOver || undefined}
      data-columns={form.ui?.columns ?? 1}
      aria-label={section ? text(section.title) : t("editor.first_section")}
      data-testid={`section-${index}`}
    >
      {section !== null && (
        <header>
          <SchemaForm
            schema={title}
            value={{ title: section.title }}
            onChange={(next) =>
              onChange(setSection(form, index, { title: (next["title"] ?? {}) as Text }))
            }
            disabled={disabled}
            path={`/section-${index}`}
          />
          {!disabled && (
            <span className="hr-fe-actions">
              <Button
                type="text"
                size="small"
                icon={<ArrowUpOutlined />}
                disabled={index === 0}
                aria-label={t("editor.up", { name: text(section.title) })}
                onClick={() => onChange(moveSection(form, index, -1))}
              />
              <Button
                type="text"
                size="small"
                icon={<ArrowDownOutlined />}
                disabled={last}
                aria-label={t("editor.down", { name: text(section.title) })}
                onClick={() => onChange(moveSection(form, index, 1))}
              />
              <Button
                type="text"
                size="small"
                icon={<DeleteOutlined />}
                aria-label={t("editor.remove", { name: text(section.title) })}
                onClick={() => onChange(removeSection(form, index))}
              />
            </span>
          )}
        </header>
      )}
      <SortableContext
        items={group.names.map((name) => `field:${name}`)}
        strategy={form.ui?.columns === 2 ? rectSortingStrategy : verticalListSortingStrategy}
      >
        <div className="hr-fe-fields">
          {group.names.map((name) => (
            <FieldCard key={name} {...props} name={name} />
          ))}
        </div>
      </SortableContext>
      {empty && <p className="hr-fe-empty">{t("editor.drop_here")}</p>}
    </section>
  );
}

function FieldCard(props: SheetProps & { name: string }) {
  const { form, onChange, chosen, onChoose, name, disabled } = props;
  const { t } = useTranslation("forms");
  const { text } = useText();
  const sortable = useSortable({ id: `field:${name}`, disabled });
  const { setNodeRef, attributes, listeners, transform, transition, isDragging, isOver } = sortable;
  const schema = fieldAt(form, { field: name }) ?? {};
  const kind = formKindOf(schema);
  const title = titleOf(name, schema, text);
  const mine = chosen?.field === name && chosen.column === undefined;
  return (
    <div
      ref={setNodeRef}
      className={`hr-fe-field${schema["x-wide"] || kind === "lines" || kind === "attachments" || kind === "long" ? " hr-fe-wide" : ""}`}
      style={{
        transform: CSS.Translate.toString(transform),
        ...(transition ? { transition } : {}),
      }}
      data-chosen={mine || undefined}
      data-dragging={isDragging || undefined}
      data-over={isOver || undefined}
      data-testid={`card-${name}`}
    >
      <div className="hr-fe-row">
        {!disabled && (
          <button
            type="button"
            className="hr-fe-handle"
            {...attributes}
            {...listeners}
            aria-label={t("editor.move", { name: title })}
            data-testid={`handle-${name}`}
          >
            <HolderOutlined aria-hidden />
          </button>
        )}
        <button
          type="button"
          className="hr-fe-choose"
          aria-pressed={mine}
          onClick={() => onChoose({ field: name })}
          onKeyDown={(event) => {
            if ((event.key === "Delete" || event.key === "Backspace") && !disabled) {
              event.preventDefault();
              onChange(removePlace(form, { field: name }));
            }
          }}
          data-testid={`choose-${name}`}
        >
          <KindIcon kind={kind} />
          <span className="hr-fe-name">
            {title}
            {isRequired(form, { field: name }) && (
              <span className="hr-field-required" aria-hidden>
                *
              </span>
            )}
          </span>
          <span className="hr-muted hr-fe-hint">{hintOf(schema, t(`editor.kind.${kind}`))}</span>
        </button>
        {!disabled && (
          <Button
            type="text"
            size="small"
            icon={<DeleteOutlined />}
            aria-label={t("editor.remove", { name: title })}
            onClick={() => {
              onChange(removePlace(form, { field: name }));
              if (chosen?.field === name) onChoose(null);
            }}
            data-testid={`remove-${name}`}
          />
        )}
      </div>
      {kind === "lines" && <Columns {...props} schema={schema} />}
    </div>
  );
}

function hintOf(schema: JsonSchema, kind: string): string {
  const formula = schema["x-compute"];
  return formula === undefined ? kind : `${kind} = ${formula}`;
}

function Columns(props: SheetProps & { name: string; schema: JsonSchema }) {
  const { name, schema, onAddColumn, disabled } = props;
  const { t } = useTranslation("forms");
  const { setNodeRef, isOver } = useDroppable({ id: `lines:${name}` });
  const columns = columnsOf(schema);
  return (
    <div
      ref={setNodeRef}
      className="hr-fe-columns"
      data-over={isOver || undefined}
      data-testid={`columns-${name}`}
    >
      <SortableContext
        items={columns.map((column) => `column:${name}:${column}`)}
        strategy={rectSortingStrategy}
      >
        {columns.map((column) => (
          <Column key={column} {...props} column={column} />
        ))}
      </SortableContext>
      {columns.length === 0 && <span className="hr-muted">{t("editor.drop_columns")}</span>}
      {!disabled && (
        <Select
          size="small"
          className="hr-fe-add-column"
          value={null}
          placeholder={t("editor.add_column")}
          options={COLUMN_KINDS.map((kind) => ({ value: kind, label: t(`editor.kind.${kind}`) }))}
          onChange={(kind: FormKind | null) => kind !== null && onAddColumn(name, kind)}
          aria-label={t("editor.add_column")}
          data-testid={`add-column-${name}`}
        />
      )}
    </div>
  );
}

function Column(props: SheetProps & { name: string; schema: JsonSchema; column: string }) {
  const { name, column, schema, chosen, onChoose, disabled, form } = props;
  const { text } = useText();
  const { t } = useTranslation("forms");
  const { setNodeRef, attributes, listeners, transform, transition, isDragging } = useSortable({
    id: `column:${name}:${column}`,
    disabled,
  });
  const part = schema.items?.properties?.[column] ?? {};
  const title = titleOf(column, part, text);
  const mine = chosen?.field === name && chosen.column === column;
  return (
    <span
      ref={setNodeRef}
      className="hr-fe-column"
      style={{
        transform: CSS.Translate.toString(transform),
        ...(transition ? { transition } : {}),
      }}
      data-chosen={mine || undefined}
      data-dragging={isDragging || undefined}
    >
      {!disabled && (
        <button
          type="button"
          className="hr-fe-handle"
          {...attributes}
          {...listeners}
          aria-label={t("editor.move", { name: title })}
        >
          <HolderOutlined aria-hidden />
        </button>
      )}
      <button
        type="button"
        className="hr-fe-choose"
        aria-pressed={mine}
        onClick={() => onChoose({ field: name, column })}
        data-testid={`choose-${name}.${column}`}
      >
        <KindIcon kind={formKindOf(part)} />
        {title}
        {isRequired(form, { field: name, column }) && (
          <span className="hr-field-required" aria-hidden>
            *
          </span>
        )}
      </button>
    </span>
  );
}
