// A list of settings: each item a card that can be moved and taken away. Branches get an id of their own.

import {
  ArrowDownOutlined,
  ArrowUpOutlined,
  DeleteOutlined,
  PlusOutlined,
} from "@ant-design/icons";
import { Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import { defaultsOf, newBranch, type Text } from "../document";
import { conditionSentence } from "../sentence";
import { type FieldProps, isObject, testIdOf, useForm } from "./context";

export function ListField({ path, schema, value, onChange, label }: FieldProps) {
  const { t } = useTranslation("editor");
  const { disabled, words, Form } = useForm();
  const items = Array.isArray(value) ? value : [];
  const item = schema.items ?? {};
  const branches = item.properties?.["when"] !== undefined && item.properties["id"] !== undefined;
  const add = () => {
    const fresh = branches
      ? newBranch(items.filter(isBranch))
      : item.type === "object"
        ? (defaultsOf(item) ?? {})
        : "";
    onChange([...items, fresh]);
  };
  const replace = (index: number, next: unknown) =>
    onChange(items.map((old, at) => (at === index ? next : old)));
  const move = (index: number, step: number) => {
    const next = [...items];
    const [taken] = next.splice(index, 1);
    next.splice(index + step, 0, taken);
    onChange(next);
  };
  const titleOf = (entry: unknown, index: number) => {
    if (!isObject(entry)) return `${label} ${index + 1}`;
    const name = words.text((entry["name"] ?? entry["label"]) as Text | string | undefined);
    const when = entry["when"] === undefined ? "" : conditionSentence(entry["when"], words);
    return [name || `${index + 1}`, when].filter((part) => part !== "").join(" · ");
  };
  return (
    <div className="hr-items" data-testid={testIdOf(path)}>
      {items.map((entry, index) => (
        <section
          key={isBranch(entry) ? entry.id : index}
          className="hr-item"
          aria-label={titleOf(entry, index)}
        >
          <header>
            <span title={titleOf(entry, index)}>{titleOf(entry, index)}</span>
            <Button
              type="text"
              size="small"
              icon={<ArrowUpOutlined />}
              disabled={disabled || index === 0}
              aria-label={`${t("action.move_up")} ${index + 1}`}
              onClick={() => move(index, -1)}
            />
            <Button
              type="text"
              size="small"
              icon={<ArrowDownOutlined />}
              disabled={disabled || index === items.length - 1}
              aria-label={`${t("action.move_down")} ${index + 1}`}
              onClick={() => move(index, 1)}
            />
            <Button
              type="text"
              size="small"
              icon={<DeleteOutlined />}
              disabled={disabled}
              aria-label={`${t("action.remove")} ${index + 1}`}
              data-testid={`${testIdOf(path)}.${index}.remove`}
              onClick={() => onChange(items.filter((_, at) => at !== index))}
            />
          </header>
          {item.type === "object" ? (
            <Form
              schema={item}
              value={isObject(entry) ? entry : {}}
              onChange={(next) => replace(index, next)}
              path={`${path}/${index}`}
            />
          ) : (
            <Input
              value={String(entry ?? "")}
              onChange={(event) => replace(index, event.target.value)}
              disabled={disabled}
              aria-label={`${label} ${index + 1}`}
              data-testid={`${testIdOf(path)}.${index}`}
            />
          )}
        </section>
      ))}
      <Button
        type="dashed"
        block
        icon={<PlusOutlined />}
        disabled={disabled}
        onClick={add}
        data-testid={`${testIdOf(path)}.add`}
      >
        {branches ? t("action.add_branch") : t("action.add_row")}
      </Button>
    </div>
  );
}

function isBranch(entry: unknown): entry is { id: string } {
  return isObject(entry) && typeof entry["id"] === "string";
}
