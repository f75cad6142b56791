// Any value, filled in field by field: names, kinds, values, groups and lists; whoever knows JSON writes that instead.

import {
  CodeOutlined,
  DeleteOutlined,
  PlusOutlined,
  UnorderedListOutlined,
} from "@ant-design/icons";
import { Button, Input } from "antd";
import { createContext, useContext, useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { isRecord, type Read, unsaid, withRead } from "./answers";
import {
  asKind,
  KINDS,
  kindOf,
  numberFrom,
  renamed,
  type ValueKind,
  without,
  wrongName,
} from "./values";

/** Told of every field that cannot be read as it stands: what is kept must not be other than what is seen. */
export const WrongFields = createContext<(field: string, wrong: boolean) => void>(() => undefined);

const DEPTH_MAX = 6;
const SHOWN_MAX = 60; // more fields at one level are changed as JSON

interface ValueEditorProps {
  value: unknown;
  onChange: (value: unknown, field: string) => void;
  /** What it is, for those who do not see it. */
  label: string;
  testId: string;
  /** What the flow looks at. */
  read?: readonly Read[];
}

export function ValueEditor({ value, onChange, label, testId, read = [] }: ValueEditorProps) {
  const { t } = useTranslation("cases");
  const [json, setJson] = useState(false);
  const missing = unsaid(value, read);
  return (
    <div className="hr-value-tree" data-testid={testId}>
      {json ? (
        <JsonText
          value={value}
          onChange={(next) => onChange(next, `${testId}.json`)}
          label={`${label} (JSON)`}
          testId={`${testId}-json`}
        />
      ) : (
        <Parts
          value={value ?? {}}
          onChange={onChange}
          label={label}
          testId={testId}
          names={namesAt(read)}
          depth={0}
        />
      )}
      <div className="hr-value-foot">
        {!json && missing.length > 0 && (
          <Button
            size="small"
            icon={<UnorderedListOutlined />}
            onClick={() => onChange(withRead(value, missing), `${testId}.read`)}
            data-testid={`${testId}-read`}
          >
            {t("value.fill", { names: shortList(missing.map(({ path }) => path)) })}
          </Button>
        )}
        <Button
          size="small"
          type="text"
          icon={<CodeOutlined />}
          aria-pressed={json}
          onClick={() => setJson(!json)}
          data-testid={`${testId}-as`}
        >
          {t(json ? "value.as_fields" : "value.as_json")}
        </Button>
      </div>
    </div>
  );
}

function shortList(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} …` : names.join(", ");
}

/** The next names below this place, of what the flow reads: `body.status` → `body`, and below it `status`. */
function namesAt(read: readonly Read[]): Record<string, Read[]> {
  const found: Record<string, Read[]> = {};
  for (const { path, kind } of read) {
    const [name = "", ...rest] = path.split(".");
    const below = rest.length === 0 ? [] : [{ path: rest.join("."), kind }];
    found[name] = [...(found[name] ?? []), ...below];
  }
  return found;
}

interface PartProps {
  value: unknown;
  onChange: (value: unknown, field: string) => void;
  label: string;
  testId: string;
  names: Record<string, Read[]>;
  depth: number;
}

/** What is inside: the fields of a record, the items of a list, or the value itself. */
function Parts(props: PartProps) {
  const { value, onChange, label, testId, depth } = props;
  const { t } = useTranslation("cases");
  const kind = kindOf(value);
  const count = Array.isArray(value)
    ? value.length
    : isRecord(value)
      ? Object.keys(value).length
      : 0;
  if (count > SHOWN_MAX || (depth >= DEPTH_MAX && count > 0))
    return (
      <JsonText
        value={value}
        onChange={(next) => onChange(next, testId)}
        label={label}
        testId={`${testId}-json`}
      />
    );
  return (
    <>
      {depth === 0 && kind !== "record" && (
        <div className="hr-value-row" data-root>
          <KindSelect
            kind={kind}
            label={label}
            testId={testId}
            onChange={(next) => onChange(asKind(value, next), testId)}
          />
          {kind !== "list" && <Leaf {...props} />}
        </div>
      )}
      {kind === "record" && <Fields {...props} record={value as Record<string, unknown>} />}
      {kind === "list" && <Items {...props} list={value as unknown[]} />}
      {depth === 0 && kind === "record" && count === 0 && (
        <p className="hr-value-none">
          {t("value.none")}{" "}
          <button
            type="button"
            className="hr-link-button"
            onClick={() => onChange("", testId)}
            data-testid={`${testId}-plain`}
          >
            {t("value.plain")}
          </button>
        </p>
      )}
    </>
  );
}

function Fields(props: PartProps & { record: Record<string, unknown> }) {
  const { record, onChange, testId, names, depth } = props;
  return (
    <div className="hr-value-parts" data-depth={depth}>
      {Object.entries(record).map(([name, item]) => (
        <Row
          key={name}
          {...props}
          value={item}
          label={name}
          testId={`${testId}.${name}`}
          names={namesAt(names[name] ?? [])}
          head={
            <FieldName
              name={name}
              record={record}
              onChange={(next) => onChange(renamed(record, name, next), `${testId}.${name}.name`)}
            />
          }
          onChange={(next, field) => onChange({ ...record, [name]: next }, field)}
          onDrop={() => onChange(without(record, name), "")}
        />
      ))}
      <AddField
        record={record}
        names={names}
        testId={testId}
        onAdd={(name) =>
          onChange({ ...record, [name]: withRead(undefined, names[name] ?? []) ?? "" }, "")
        }
      />
    </div>
  );
}

function Items(props: PartProps & { list: unknown[] }) {
  const { list, onChange, testId, depth, label } = props;
  const { t } = useTranslation("cases");
  return (
    <div className="hr-value-parts" data-depth={depth}>
      {list.map((item, index) => (
        <Row
          // biome-ignore lint/suspicious/noArrayIndexKey: the position is the item's only name
          key={index}
          {...props}
          value={item}
          label={t("value.item", { number: index + 1 })}
          testId={`${testId}.${index}`}
          names={{}}
          head={<span className="hr-value-name">{t("value.item", { number: index + 1 })}</span>}
          onChange={(next, field) =>
            onChange(
              list.map((old, at) => (at === index ? next : old)),
              field,
            )
          }
          onDrop={() =>
            onChange(
              list.filter((_, at) => at !== index),
              "",
            )
          }
        />
      ))}
      <Button
        size="small"
        icon={<PlusOutlined />}
        onClick={() => onChange([...list, asKind(undefined, kindOf(list.at(-1) ?? ""))], "")}
        aria-label={`${label}: ${t("value.add_item")}`}
        data-testid={`${testId}-add`}
      >
        {t("value.add_item")}
      </Button>
    </div>
  );
}

interface RowProps extends PartProps {
  head: React.ReactNode;
  onDrop: () => void;
}

function Row(props: RowProps) {
  const { value, onChange, label, testId, depth, head, onDrop } = props;
  const { t } = useTranslation("cases");
  const kind = kindOf(value);
  const holds = kind === "record" || kind === "list";
  return (
    <div className="hr-value-item">
      <div className="hr-value-row">
        {head}
        <KindSelect
          kind={kind}
          label={label}
          testId={testId}
          onChange={(next) => onChange(asKind(value, next), `${testId}.kind`)}
        />
        {holds ? <span /> : <Leaf {...props} />}
        <Button
          type="text"
          size="small"
          icon={<DeleteOutlined />}
          aria-label={t("value.drop", { name: label })}
          onClick={onDrop}
          data-testid={`${testId}-drop`}
        />
      </div>
      {holds && <Parts {...props} depth={depth + 1} />}
    </div>
  );
}

interface KindSelectProps {
  kind: ValueKind;
  label: string;
  testId: string;
  onChange: (kind: ValueKind) => void;
}

function KindSelect({ kind, label, testId, onChange }: KindSelectProps) {
  const { t } = useTranslation("cases");
  return (
    <select
      className="hr-input hr-value-kind"
      value={kind}
      onChange={(event) => onChange(event.target.value as ValueKind)}
      aria-label={t("value.kind_of", { name: label })}
      data-testid={`${testId}-kind`}
    >
      {KINDS.map((one) => (
        <option key={one} value={one}>
          {t(`value.kind.${one}`)}
        </option>
      ))}
    </select>
  );
}

/** A text, a number, yes or no. */
function Leaf({ value, onChange, label, testId }: PartProps) {
  const { t } = useTranslation("cases");
  switch (kindOf(value)) {
    case "number":
      return (
        <NumberInput
          value={value as number}
          onChange={(next) => onChange(next, testId)}
          label={label}
          testId={testId}
        />
      );
    case "boolean":
      return (
        <select
          className="hr-input"
          value={value === true ? "yes" : "no"}
          onChange={(event) => onChange(event.target.value === "yes", testId)}
          aria-label={label}
          data-testid={`${testId}-value`}
        >
          <option value="yes">{t("value.yes")}</option>
          <option value="no">{t("value.no")}</option>
        </select>
      );
    case "text":
      return (
        <Input
          value={String(value)}
          onChange={(event) => onChange(event.target.value, testId)}
          aria-label={label}
          data-testid={`${testId}-value`}
        />
      );
    default:
      return <span className="hr-muted-text">{t("nothing")}</span>;
  }
}

interface NumberInputProps {
  value: number;
  onChange: (value: number) => void;
  label: string;
  testId: string;
}

/** Stays as it is typed: half a number is none yet, and is not taken for another one. */
function NumberInput({ value, onChange, label, testId }: NumberInputProps) {
  const { t } = useTranslation("cases");
  const [typed, setTyped] = useState<string | null>(null);
  const wrong = typed !== null && numberFrom(typed) === undefined;
  useWrong(wrong);
  return (
    <span className="hr-value-field">
      <Input
        inputMode="decimal"
        value={typed ?? String(value)}
        onChange={(event) => {
          setTyped(event.target.value);
          const number = numberFrom(event.target.value);
          if (number !== undefined) onChange(number);
        }}
        onBlur={() => !wrong && setTyped(null)}
        {...(wrong ? { status: "error" as const } : {})}
        aria-label={label}
        aria-invalid={wrong}
        data-testid={`${testId}-value`}
      />
      {wrong && <small className="hr-tone-error">{t("value.not_number")}</small>}
    </span>
  );
}

interface FieldNameProps {
  name: string;
  record: Record<string, unknown>;
  onChange: (name: string) => void;
}

function FieldName({ name, record, onChange }: FieldNameProps) {
  const { t } = useTranslation("cases");
  const [typed, setTyped] = useState<string | null>(null);
  const wrong = typed === null || typed.trim() === name ? null : wrongName(typed, record);
  useWrong(wrong !== null);
  const take = () => {
    if (typed === null || wrong !== null) return;
    setTyped(null);
    if (typed.trim() !== name) onChange(typed.trim());
  };
  return (
    <span className="hr-value-field">
      <Input
        value={typed ?? name}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={take}
        onPressEnter={(event) => {
          event.preventDefault();
          take();
        }}
        {...(wrong === null ? {} : { status: "error" as const })}
        aria-label={t("value.name_of", { name })}
        aria-invalid={wrong !== null}
      />
      {wrong !== null && <small className="hr-tone-error">{t(`value.name_${wrong}`)}</small>}
    </span>
  );
}

interface AddFieldProps {
  record: Record<string, unknown>;
  names: Record<string, Read[]>;
  testId: string;
  onAdd: (name: string) => void;
}

function AddField({ record, names, testId, onAdd }: AddFieldProps) {
  const { t } = useTranslation("cases");
  const [typed, setTyped] = useState("");
  const list = useId();
  const ready = wrongName(typed, record) === null;
  const add = (name: string) => {
    if (wrongName(name, record) !== null) return;
    setTyped("");
    onAdd(name.trim());
  };
  const offered = Object.keys(names).filter((name) => !Object.hasOwn(record, name));
  return (
    <span className="hr-value-add">
      <Input
        value={typed}
        list={list}
        placeholder={t("value.new_name")}
        onChange={(event) => setTyped(event.target.value)}
        onPressEnter={(event) => {
          event.preventDefault();
          add(typed);
        }}
        aria-label={t("value.new_name")}
        data-testid={`${testId}-name`}
      />
      <datalist id={list}>
        {offered.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Button
        icon={<PlusOutlined />}
        disabled={!ready}
        onClick={() => add(typed)}
        data-testid={`${testId}-add`}
      >
        {t("value.add_field")}
      </Button>
    </span>
  );
}

interface JsonTextProps {
  value: unknown;
  onChange: (value: unknown) => void;
  label: string;
  testId: string;
  /** The value must be a record. */
  record?: boolean;
}

/** The same as JSON. What cannot be read stays in the field, and nothing is taken from it. */
export function JsonText({ value, onChange, label, testId, record = false }: JsonTextProps) {
  const { t } = useTranslation("cases");
  const [typed, setTyped] = useState<string | null>(null);
  const shown = value === undefined ? "" : JSON.stringify(value, null, 2);
  const wrong = typed !== null && read(typed, record) === undefined;
  useWrong(wrong);
  return (
    <span className="hr-value-field">
      <Input.TextArea
        className="hr-mono"
        autoSize={{ minRows: 2, maxRows: 12 }}
        value={typed ?? shown}
        onChange={(event) => {
          setTyped(event.target.value);
          const next = read(event.target.value, record);
          if (next !== undefined) onChange(next.value);
        }}
        onBlur={() => !wrong && setTyped(null)}
        placeholder="{}"
        {...(wrong ? { status: "error" as const } : {})}
        aria-label={label}
        aria-invalid={wrong}
        data-testid={testId}
      />
      {wrong && <small className="hr-tone-error">{t("not_json")}</small>}
    </span>
  );
}

/** An empty text is no value at all; undefined: this is not JSON. */
function read(typed: string, record: boolean): { value: unknown } | undefined {
  if (typed.trim() === "") return { value: undefined };
  try {
    const value: unknown = JSON.parse(typed);
    return record && !isRecord(value) ? undefined : { value };
  } catch {
    return undefined;
  }
}

/** Tells the sheet as long as this field cannot be read. */
function useWrong(wrong: boolean): void {
  const tell = useContext(WrongFields);
  const field = useId();
  useEffect(() => {
    tell(field, wrong);
    return () => tell(field, false);
  }, [tell, field, wrong]);
}
