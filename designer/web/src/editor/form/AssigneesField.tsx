// Who: people, roles, posts, superiors …, any number of them, in an order that counts where they decide in turn.

import {
  ArrowDownOutlined,
  ArrowUpOutlined,
  CloseOutlined,
  SettingOutlined,
} from "@ant-design/icons";
import { Button } from "antd";
import { type DragEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type Assignee,
  assigneeSentence,
  assigneesOf,
  hasDetails,
  lacks,
} from "../approval/assignee";
import { AssigneeDetails } from "./AssigneeDetails";
import { AssigneeSearch } from "./AssigneeSearch";
import { ASSIGNEE_ICONS } from "./assigneeIcons";
import { type FieldProps, testIdOf, useForm } from "./context";

export function AssigneesField({ path, schema, value, onChange, label }: FieldProps) {
  const { disabled } = useForm();
  const list = assigneesOf(value);
  const [open, setOpen] = useState<number | null>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const testId = testIdOf(path);
  const set = (next: Assignee[]) =>
    onChange(next.length === 0 && schema.minItems === undefined ? undefined : next);
  const move = (from: number, to: number) => {
    const next = [...list];
    const [taken] = next.splice(from, 1);
    if (taken === undefined) return;
    next.splice(to, 0, taken);
    set(next);
    setOpen(null);
  };
  const add = (fresh: Assignee) => {
    if (list.some((each) => same(each, fresh) && !hasDetails(each))) return;
    set([...list, fresh]);
    setOpen(hasDetails(fresh) ? list.length : null);
  };
  return (
    <div className="hr-assignees">
      {list.length > 0 && (
        <ol className="hr-assignee-list" aria-label={label}>
          {list.map((each, index) => (
            <Row
              // biome-ignore lint/suspicious/noArrayIndexKey: two may be alike, and the place is what tells them apart
              key={index}
              assignee={each}
              index={index}
              count={list.length}
              open={open === index}
              dragged={dragged === index}
              path={`${path}/${index}`}
              disabled={disabled}
              onOpen={() => setOpen(open === index ? null : index)}
              onChange={(next) => set(list.map((old, at) => (at === index ? next : old)))}
              onRemove={() => {
                set(list.filter((_, at) => at !== index));
                setOpen(null);
              }}
              onMove={(to) => move(index, to)}
              onDrag={setDragged}
              onDropHere={() => {
                if (dragged !== null && dragged !== index) move(dragged, index);
                setDragged(null);
              }}
            />
          ))}
        </ol>
      )}
      <AssigneeSearch label={label} testId={testId} disabled={disabled} onAdd={add} />
    </div>
  );
}

interface RowProps {
  assignee: Assignee;
  index: number;
  count: number;
  open: boolean;
  dragged: boolean;
  path: string;
  disabled: boolean;
  onOpen: () => void;
  onChange: (next: Assignee) => void;
  onRemove: () => void;
  onMove: (to: number) => void;
  onDrag: (index: number | null) => void;
  onDropHere: () => void;
}

function Row(props: RowProps) {
  const { assignee, index, count, open, disabled, path, onOpen, onChange, onMove } = props;
  const { t } = useTranslation("editor");
  const { words } = useForm();
  const Icon = ASSIGNEE_ICONS[assignee.kind];
  const name = assigneeSentence(assignee, words);
  const movable = count > 1 && !disabled;
  const testId = testIdOf(path);
  const title = name || t(`assignee.kind_${assignee.kind}` as "assignee.kind_field");
  return (
    <li
      className="hr-assignee"
      data-testid={testId}
      data-kind={assignee.kind}
      data-open={open || undefined}
      data-dragged={props.dragged || undefined}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        props.onDropHere();
      }}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: by mouse only; the arrow buttons do the same by keyboard */}
      <div
        className="hr-assignee-line"
        draggable={movable}
        title={movable ? t("assignee.drag") : undefined}
        onDragStart={(event: DragEvent) => {
          event.dataTransfer.effectAllowed = "move";
          props.onDrag(index);
        }}
        onDragEnd={() => props.onDrag(null)}
      >
        <span className="hr-assignee-icon" aria-hidden>
          {Icon !== undefined && <Icon />}
        </span>
        <span className="hr-assignee-name" data-missing={lacks(assignee) !== "" || undefined}>
          {title}
          {lacks(assignee) !== "" && <small>{t("assignee.incomplete")}</small>}
        </span>
        {hasDetails(assignee) && (
          <Button
            type="text"
            size="small"
            icon={<SettingOutlined />}
            aria-label={t("assignee.edit", { name: title })}
            aria-expanded={open}
            onClick={onOpen}
            data-testid={`${testId}.edit`}
          />
        )}
        {movable && (
          <>
            <Button
              type="text"
              size="small"
              icon={<ArrowUpOutlined />}
              disabled={index === 0}
              aria-label={`${t("action.move_up")} ${title}`}
              onClick={() => onMove(index - 1)}
              data-testid={`${testId}.up`}
            />
            <Button
              type="text"
              size="small"
              icon={<ArrowDownOutlined />}
              disabled={index === count - 1}
              aria-label={`${t("action.move_down")} ${title}`}
              onClick={() => onMove(index + 1)}
              data-testid={`${testId}.down`}
            />
          </>
        )}
        <Button
          type="text"
          size="small"
          icon={<CloseOutlined />}
          disabled={disabled}
          aria-label={`${t("action.remove")} ${title}`}
          onClick={props.onRemove}
          data-testid={`${testId}.remove`}
        />
      </div>
      {open && (
        <AssigneeDetails assignee={assignee} path={path} disabled={disabled} onChange={onChange} />
      )}
    </li>
  );
}

function same(one: Assignee, other: Assignee): boolean {
  return one.kind === other.kind && one.id === other.id;
}
