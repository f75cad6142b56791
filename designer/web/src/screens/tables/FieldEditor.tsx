// One field: what it is called, its kind, and what belongs to that kind.

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useList } from "../../api/list";
import { Card } from "../../ui/page";
import { useText } from "../../ui/text";
import { Labelled } from "./Labelled";
import {
  COLORS,
  type Field,
  isIndexable,
  isNumber,
  KINDS,
  type Kind,
  MASKS,
  type Option,
  type TableBrief,
  titleOf,
} from "./table";

interface FieldEditorProps {
  field: Field;
  /** It is saved: its name stays. */
  fixed: boolean;
  taken: string[];
  onChange: (field: Field) => void;
  onRemove: () => void;
}

export function FieldEditor({ field, fixed, taken, onChange, onRemove }: FieldEditorProps) {
  const { t } = useTranslation("tables");
  const { text, language } = useText();
  const tables = useList<TableBrief>("/api/tables", { limit: 200 });
  const put = (part: Partial<Field>) => onChange({ ...field, ...part });
  const flag = (name: "required" | "unique" | "index" | "search", enabled = true) => (
    <Checkbox
      checked={Boolean(field[name])}
      disabled={!enabled}
      onChange={(event) => put({ [name]: event.target.checked })}
      data-testid={`flag-${name}`}
    >
      {t(`flag.${name}`)}
    </Checkbox>
  );
  const setKind = (kind: Kind) => {
    const { options, table, min, max, decimals, currency, default: _, ...rest } = field;
    onChange({
      ...rest,
      kind,
      ...(kind === "enum"
        ? {
            options: options ?? [{ value: "a", title: { [language]: t("choice", { number: 1 }) } }],
          }
        : {}),
      ...(kind === "money" ? { currency: currency ?? "CNY", decimals: decimals ?? 2 } : {}),
      ...(kind === "reference" && table ? { table } : {}),
      ...(isNumber(kind) && isNumber(field.kind) ? { min: min ?? null, max: max ?? null } : {}),
      ...(isIndexable(kind) ? {} : { index: false, unique: false }),
    });
  };
  return (
    <Card
      title={titleOf(field, language)}
      actions={
        <Button
          type="text"
          danger={!fixed}
          icon={<DeleteOutlined />}
          onClick={onRemove}
          data-testid="btn-remove-field"
        >
          {t(fixed ? (field.hidden ? "restore_field" : "hide_field") : "remove_field")}
        </Button>
      }
    >
      <div className="hr-tables-form hr-design-two">
        <Labelled title={t("title_zh")}>
          <Input
            value={field.title?.zh ?? ""}
            maxLength={100}
            onChange={(event) => put({ title: { ...field.title, zh: event.target.value } })}
            data-testid="field-title-zh"
          />
        </Labelled>
        <Labelled title={t("title_en")}>
          <Input
            value={field.title?.en ?? ""}
            maxLength={100}
            onChange={(event) => put({ title: { ...field.title, en: event.target.value } })}
            data-testid="field-title-en"
          />
        </Labelled>
        <Labelled title={t("kind_of")}>
          <Select
            aria-label={t("kind_of")}
            value={field.kind}
            onChange={setKind}
            options={KINDS.map((kind) => ({ value: kind, label: t(`kinds.${kind}`) }))}
            data-testid="field-kind"
          />
        </Labelled>
        <Labelled title={t("field_name")}>
          <Input
            value={field.name}
            disabled={fixed}
            maxLength={64}
            status={/^[a-z][a-z0-9_]*$/.test(field.name) ? "" : "error"}
            onChange={(event) => {
              const name = event.target.value.toLowerCase().replace(/[^a-z0-9_]/g, "");
              if (name && !taken.includes(name)) put({ name });
            }}
            data-testid="field-name"
          />
          <small className="hr-muted">{t(fixed ? "name_fixed" : "name_help")}</small>
        </Labelled>
        {field.kind === "reference" && (
          <Labelled title={t("refers_to")}>
            <Select
              aria-label={t("refers_to")}
              value={field.table ?? null}
              onChange={(table: string | null) => (table ? put({ table }) : undefined)}
              options={(tables.rows ?? []).map((one) => ({
                value: one.key,
                label: text(one.title) || one.key,
              }))}
            />
          </Labelled>
        )}
        {isNumber(field.kind) && (
          <>
            <Labelled title={t("min")}>
              <Input
                type="number"
                value={field.min ?? ""}
                onChange={(event) =>
                  put({ min: event.target.value === "" ? null : Number(event.target.value) })
                }
              />
            </Labelled>
            <Labelled title={t("max")}>
              <Input
                type="number"
                value={field.max ?? ""}
                onChange={(event) =>
                  put({ max: event.target.value === "" ? null : Number(event.target.value) })
                }
              />
            </Labelled>
          </>
        )}
        {(field.kind === "money" || field.kind === "decimal") && (
          <Labelled title={t("decimals")}>
            <Input
              type="number"
              min={0}
              max={6}
              value={field.decimals ?? (field.kind === "money" ? 2 : 4)}
              onChange={(event) => put({ decimals: Math.min(6, Number(event.target.value)) })}
            />
          </Labelled>
        )}
        {field.kind === "money" && (
          <Labelled title={t("currency")}>
            <Input
              value={field.currency ?? "CNY"}
              maxLength={3}
              onChange={(event) => put({ currency: event.target.value.toUpperCase() })}
            />
          </Labelled>
        )}
        {!["file", "json", "list", "reference"].includes(field.kind) && (
          <Labelled title={t("default")}>
            <Input
              value={
                field.default === undefined || field.default === null ? "" : String(field.default)
              }
              onChange={(event) => put({ default: event.target.value || null })}
            />
          </Labelled>
        )}
        {["text", "phone", "long_text"].includes(field.kind) && (
          <Labelled title={t("mask")}>
            <Select
              aria-label={t("mask")}
              value={field.mask ?? ""}
              onChange={(mask: string) => {
                const { mask: _, unmask: __, ...rest } = field;
                onChange(mask ? { ...field, mask, search: false } : rest);
              }}
              options={[
                { value: "", label: t("no_mask") },
                ...MASKS.map((mask) => ({ value: mask, label: t(`masks.${mask}`) })),
              ]}
            />
          </Labelled>
        )}
      </div>
      {field.kind === "enum" && <Options field={field} onChange={put} />}
      <div className="hr-design-flags">
        {flag("required")}
        {flag("unique", isIndexable(field.kind))}
        {flag("index", isIndexable(field.kind))}
        {flag("search", !field.mask)}
      </div>
    </Card>
  );
}

function Options({ field, onChange }: { field: Field; onChange: (part: Partial<Field>) => void }) {
  const { t } = useTranslation("tables");
  const { language } = useText();
  const options = field.options ?? [];
  const put = (index: number, part: Partial<Option>) =>
    onChange({ options: options.map((one, at) => (at === index ? { ...one, ...part } : one)) });
  return (
    <fieldset className="hr-design-options">
      <legend>{t("options")}</legend>
      {options.map((option, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a choice has no other name while it is typed
        <div key={index} className="hr-row">
          <Input
            aria-label={t("option_value")}
            className="hr-design-code"
            value={option.value}
            onChange={(event) => put(index, { value: event.target.value.trim() })}
          />
          <Input
            aria-label={t("option_title")}
            value={option.title?.[language] ?? ""}
            placeholder={t("option_title")}
            onChange={(event) =>
              put(index, { title: { ...option.title, [language]: event.target.value } })
            }
          />
          <Select
            aria-label={t("color")}
            value={option.color ?? "grey"}
            onChange={(color: string) => put(index, { color })}
            options={COLORS.map((color) => ({
              value: color,
              label: <span className={`hr-option hr-option-${color}`}>{t(`colors.${color}`)}</span>,
            }))}
          />
          <Button
            type="text"
            icon={<DeleteOutlined />}
            disabled={options.length === 1}
            aria-label={t("drop_option", { name: option.value })}
            onClick={() => onChange({ options: options.filter((_, at) => at !== index) })}
          />
        </div>
      ))}
      <Button
        size="small"
        icon={<PlusOutlined />}
        onClick={() =>
          onChange({
            options: [
              ...options,
              {
                value: `v${options.length + 1}`,
                title: { [language]: t("choice", { number: options.length + 1 }) },
              },
            ],
          })
        }
      >
        {t("add_option")}
      </Button>
    </fieldset>
  );
}
