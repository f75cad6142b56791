// When is a branch taken? Rows of "field, comparison, value", grouped by "and" and "or", and read back as a sentence.

import { DeleteOutlined, FunctionOutlined, NumberOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input, InputNumber, Segmented, Select } from "antd";
import { createContext, useContext, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type ActionProps,
  type CombinatorSelectorProps,
  type FieldSelectorProps,
  type OperatorSelectorProps,
  QueryBuilder,
  type RuleGroupType,
  type ValueEditorProps,
  type ValueSourceSelectorProps,
} from "react-querybuilder";
import { sameValue } from "../document";
import { conditionSentence, listOf, titlesFrom } from "../sentence";
import type { Kind, Variable } from "../variables";
import { CodeInput } from "./CodeInput";
import { type FieldProps, isObject, testIdOf, useForm } from "./context";

const ALL = [
  "=",
  "!=",
  ">",
  ">=",
  "<",
  "<=",
  "between",
  "in",
  "notIn",
  "contains",
  "doesNotContain",
  "beginsWith",
  "endsWith",
  "null",
  "notNull",
];
const BY_KIND: Record<Kind, string[]> = {
  number: ["=", "!=", ">", ">=", "<", "<=", "between", "in", "notIn", "null", "notNull"],
  date: ["=", "!=", ">", ">=", "<", "<=", "between", "null", "notNull"],
  boolean: ["=", "!=", "null", "notNull"],
  choice: ["=", "!=", "in", "notIn", "null", "notNull"],
  list: ["contains", "doesNotContain", "null", "notNull"],
  object: ["null", "notNull"],
  text: [
    "=",
    "!=",
    "in",
    "notIn",
    "contains",
    "doesNotContain",
    "beginsWith",
    "endsWith",
    "null",
    "notNull",
  ],
};
const EMPTY: RuleGroupType = { combinator: "and", rules: [] };

interface Surroundings {
  variables: readonly Variable[];
  disabled: boolean;
  testId: string;
}

const Around = createContext<Surroundings>({ variables: [], disabled: false, testId: "" });

export function ConditionField({ path, value, onChange, label }: FieldProps) {
  const { t } = useTranslation("editor");
  const { variables, words, disabled, sample } = useForm();
  const written = isObject(value) && "expression" in value;
  const [tree, keep] = useTree(value);
  const sentence = conditionSentence(value, { ...words, ...titlesFrom(variables) });
  const fields = variables.map((variable) => ({ name: variable.path, label: variable.title }));
  return (
    <div className="hr-condition" data-testid={testIdOf(path)}>
      {written ? (
        <CodeInput
          kind="expression"
          value={String((value as { expression?: unknown }).expression ?? "")}
          onChange={(next) => onChange({ expression: next })}
          label={label}
          placeholder="amount > 200"
          variables={variables}
          sample={sample}
          disabled={disabled}
          testId={`${testIdOf(path)}.expression`}
        />
      ) : (
        <Around.Provider value={{ variables, disabled, testId: testIdOf(path) }}>
          <QueryBuilder
            query={tree}
            onQueryChange={(next) => {
              keep(next);
              onChange(withoutIds(next));
            }}
            fields={fields}
            operators={ALL.map((name) => ({ name, label: name }))}
            controlElements={CONTROLS}
            controlClassnames={{ queryBuilder: "hr-rqb" }}
            getValueSources={() => ["value", "field"]}
            getOperators={(field) =>
              operatorsFor(variables.find((variable) => variable.path === field)?.kind).map(
                (name) => ({
                  name,
                  label: name,
                }),
              )
            }
            resetOnFieldChange={false}
            resetOnOperatorChange={false}
            listsAsArrays
            showNotToggle={false}
            disabled={disabled}
          />
        </Around.Provider>
      )}
      <div className="hr-condition-foot">
        <p className="hr-readback" data-testid={`${testIdOf(path)}.sentence`}>
          {sentence === "" ? t("condition.empty") : t("condition.when", { sentence })}
        </p>
        <Button
          type="link"
          size="small"
          disabled={disabled}
          onClick={() => onChange(written ? EMPTY : { expression: "" })}
          data-testid={`${testIdOf(path)}.mode`}
        >
          {t(written ? "condition.as_rows" : "condition.as_expression")}
        </Button>
      </div>
    </div>
  );
}

/** The builder knows its rows by ids. They are kept while the condition is the same, or each key typed makes new rows. */
function useTree(value: unknown): [RuleGroupType, (tree: RuleGroupType) => void] {
  const kept = useRef<RuleGroupType>(EMPTY);
  const given = isObject(value) && "rules" in value ? (value as unknown as RuleGroupType) : EMPTY;
  if (!sameValue(withoutIds(kept.current), given)) kept.current = given;
  return [
    kept.current,
    (tree) => {
      kept.current = tree;
    },
  ];
}

function operatorsFor(kind: Kind | undefined): string[] {
  return kind === undefined ? ALL : BY_KIND[kind];
}

/** The ids the builder gives its rows are its own affair. */
function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== "id" && name !== "path")
      .map(([name, item]) => [name, name === "rules" ? withoutIds(item) : item]),
  );
}

function place(path: readonly number[]): string {
  return path.join("-") || "top";
}

function FieldPick({ value, handleOnChange, path }: FieldSelectorProps) {
  const { t } = useTranslation("editor");
  const { variables, disabled, testId } = useContext(Around);
  const [search, setSearch] = useState("");
  const groups = [...new Set(variables.map((variable) => variable.source))].map((source) => ({
    label: source,
    options: variables
      .filter((variable) => variable.source === source)
      .map((variable) => ({ value: variable.path, label: variable.title })),
  }));
  const known = variables.some((variable) => variable.path === value);
  const typed = /^[a-z_][\w.]*$/i.test(search) && !variables.some((one) => one.path === search);
  const own = [
    ...(known || !value ? [] : [{ value, label: value }]),
    ...(typed && search !== value ? [{ value: search, label: search }] : []),
  ];
  return (
    <Select
      className="hr-rule-field"
      options={
        own.length === 0 ? groups : [{ label: t("condition.as_typed"), options: own }, ...groups]
      }
      value={value || null}
      onChange={handleOnChange}
      showSearch={{
        onSearch: setSearch,
        filterOption: (text, option) =>
          `${String(option?.label ?? "")} ${String((option as { value?: string } | undefined)?.value ?? "")}`
            .toLowerCase()
            .includes(text.toLowerCase()),
      }}
      popupMatchSelectWidth={false}
      placeholder={t("condition.field")}
      disabled={disabled}
      aria-label={t("condition.field")}
      data-testid={`${testId}.rule-${place(path)}.field`}
    />
  );
}

function OperatorPick({ value, handleOnChange, path, options }: OperatorSelectorProps) {
  const { t } = useTranslation("editor");
  const { disabled, testId } = useContext(Around);
  const names = (options as { name?: string }[]).map((option) => option.name ?? "");
  const shown = value && !names.includes(value) ? [value, ...names] : names;
  return (
    <Select
      className="hr-rule-operator"
      options={shown.map((name) => ({ value: name, label: t(`operator.${name}`) }))}
      value={value ?? null}
      onChange={handleOnChange}
      showSearch={{ optionFilterProp: "label" }}
      popupMatchSelectWidth={false}
      disabled={disabled}
      aria-label={t("condition.operator")}
      data-testid={`${testId}.rule-${place(path)}.operator`}
    />
  );
}

function SourcePick({ value, handleOnChange, path }: ValueSourceSelectorProps) {
  const { t } = useTranslation("editor");
  const { disabled, testId } = useContext(Around);
  const next = value === "field" ? "value" : "field";
  return (
    <Button
      type="text"
      size="small"
      className="hr-rule-source"
      disabled={disabled}
      onClick={() => handleOnChange(next)}
      title={t(`condition.use_${next}`)}
      aria-label={t(`condition.use_${next}`)}
      icon={value === "field" ? <FunctionOutlined /> : <NumberOutlined />}
      data-testid={`${testId}.rule-${place(path)}.source`}
    />
  );
}

function ValueEdit(props: ValueEditorProps) {
  const { operator, value, handleOnChange, valueSource, path, field } = props;
  const { t } = useTranslation("editor");
  const { variables, disabled, testId } = useContext(Around);
  const id = `${testId}.rule-${place(path)}.value`;
  const variable = variables.find((each) => each.path === field);
  const label = t("condition.value");
  if (operator === "null" || operator === "notNull") return null;
  if (valueSource === "field") {
    return (
      <Select
        className="hr-rule-value"
        options={variables.map((each) => ({ value: each.path, label: each.title }))}
        value={typeof value === "string" && value !== "" ? value : null}
        onChange={handleOnChange}
        showSearch={{ optionFilterProp: "label" }}
        popupMatchSelectWidth={false}
        disabled={disabled}
        aria-label={label}
        data-testid={id}
      />
    );
  }
  if (operator === "in" || operator === "notIn") {
    const choices = variable?.choices?.map((each) => ({
      value: String(each.value),
      label: each.title,
    }));
    return (
      <Select
        className="hr-rule-value"
        mode="tags"
        value={listOf(value).map(String)}
        onChange={(list: string[]) =>
          handleOnChange(list.map((each) => typedValue(each, variable?.kind)))
        }
        options={choices ?? []}
        tokenSeparators={[",", "，", "、"]}
        placeholder={t("condition.list")}
        disabled={disabled}
        aria-label={label}
        data-testid={id}
      />
    );
  }
  if (operator === "between") {
    const [low, high] = listOf(value);
    return (
      <span className="hr-rule-value hr-e-row">
        <One
          kind={variable?.kind}
          value={low}
          onChange={(next) => handleOnChange([next, high ?? ""])}
          label={t("condition.from")}
          disabled={disabled}
          testId={`${id}.0`}
        />
        <One
          kind={variable?.kind}
          value={high}
          onChange={(next) => handleOnChange([low ?? "", next])}
          label={t("condition.to")}
          disabled={disabled}
          testId={`${id}.1`}
        />
      </span>
    );
  }
  if (variable?.kind === "boolean") {
    return (
      <Select
        className="hr-rule-value"
        options={[
          { value: true, label: t("sentence.yes") },
          { value: false, label: t("sentence.no") },
        ]}
        value={typeof value === "boolean" ? value : null}
        onChange={handleOnChange}
        disabled={disabled}
        aria-label={label}
        data-testid={id}
      />
    );
  }
  if (variable?.choices !== undefined) {
    return (
      <Select
        className="hr-rule-value"
        options={variable.choices.map((each) => ({
          value: each.value as string,
          label: each.title,
        }))}
        value={value === "" ? null : value}
        onChange={handleOnChange}
        disabled={disabled}
        aria-label={label}
        data-testid={id}
      />
    );
  }
  return (
    <span className="hr-rule-value">
      <One
        kind={variable?.kind}
        value={value}
        onChange={handleOnChange}
        label={label}
        disabled={disabled}
        testId={id}
      />
    </span>
  );
}

interface OneProps {
  kind: Kind | undefined;
  value: unknown;
  onChange: (value: unknown) => void;
  label: string;
  disabled: boolean;
  testId: string;
}

function One({ kind, value, onChange, label, disabled, testId }: OneProps) {
  const shared = { disabled, "aria-label": label, "data-testid": testId };
  if (kind === "number") {
    return (
      <InputNumber
        {...shared}
        className="hr-wide"
        value={
          typeof value === "number" || (typeof value === "string" && value !== "")
            ? Number(value)
            : null
        }
        onChange={(next) => onChange(next ?? "")}
      />
    );
  }
  return (
    <Input
      {...shared}
      value={value === undefined || value === null ? "" : String(value)}
      onChange={(event) => onChange(typedValue(event.target.value, kind))}
    />
  );
}

/** What is typed for a field nobody described: a number if it looks like one, else a text. */
function typedValue(typed: string, kind: Kind | undefined): unknown {
  const plain = typed.trim();
  if (kind === "number") return plain === "" || Number.isNaN(Number(plain)) ? typed : Number(plain);
  if (kind !== undefined) return typed;
  if (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(plain)) return Number(plain);
  if (plain === "true" || plain === "false") return plain === "true";
  return typed;
}

function Combinator({ value, handleOnChange, path, rules }: CombinatorSelectorProps) {
  const { t } = useTranslation("editor");
  const { disabled, testId } = useContext(Around);
  if ((rules?.length ?? 0) < 2) return null;
  return (
    <Segmented
      size="small"
      options={[
        { value: "and", label: t("condition.and") },
        { value: "or", label: t("condition.or") },
      ]}
      value={value ?? "and"}
      onChange={handleOnChange}
      disabled={disabled}
      aria-label={t("condition.combine")}
      data-testid={`${testId}.combinator-${place(path)}`}
    />
  );
}

function action(labelKey: string, kind: "add" | "remove", name: string) {
  return function Action({ handleOnClick, path }: ActionProps) {
    const { t } = useTranslation("editor");
    const { disabled, testId } = useContext(Around);
    return (
      <Button
        type={kind === "add" ? "link" : "text"}
        size="small"
        className={`hr-rule-${name}`}
        icon={kind === "add" ? <PlusOutlined /> : <DeleteOutlined />}
        disabled={disabled}
        onClick={(event) => {
          handleOnClick(event);
          if (name === "add-rule") focusNewRule(event.currentTarget);
        }}
        aria-label={t(labelKey)}
        data-testid={`${testId}.${name}-${place(path)}`}
      >
        {kind === "add" ? t(labelKey) : null}
      </Button>
    );
  };
}

/** Whoever adds a condition wants to say at once what it is about. */
function focusNewRule(button: HTMLElement): void {
  const group = button.closest(".ruleGroup");
  setTimeout(() => {
    const fields = group?.querySelectorAll<HTMLElement>(".hr-rule-field input");
    fields?.[fields.length - 1]?.focus();
  }, 30);
}

const CONTROLS = {
  fieldSelector: FieldPick,
  operatorSelector: OperatorPick,
  valueSourceSelector: SourcePick,
  valueEditor: ValueEdit,
  combinatorSelector: Combinator,
  addRuleAction: action("condition.add_rule", "add", "add-rule"),
  addGroupAction: action("condition.add_group", "add", "add-group"),
  removeRuleAction: action("condition.remove_rule", "remove", "remove"),
  removeGroupAction: action("condition.remove_group", "remove", "remove-group"),
};
