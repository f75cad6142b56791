// What is done to a value on its way, in plain words: one row a step, with what it asks for.

import { ArrowUpOutlined, DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input, InputNumber, Popover, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { PickMenu } from "../PickMenu";
import {
  type CodeRow,
  type Constant,
  kindAfter,
  mayFollow,
  type Otherwise,
  STEP_KINDS,
  type Step,
  type StepKind,
  type ValueKind,
  withStep,
} from "./steps";
import type { Target } from "./targets";

interface StepsProps {
  steps: readonly Step[];
  /** What the value is before the first of them. */
  from: ValueKind;
  target: Target;
  disabled: boolean;
  onChange: (steps: Step[]) => void;
}

export function Steps({ steps, from, target, disabled, onChange }: StepsProps) {
  const { t } = useTranslation("mapping");
  const [adding, setAdding] = useState(false);
  const now = kindAfter(from, steps);
  const replace = (at: number, step: Step) =>
    onChange(steps.map((each, index) => (index === at ? step : each)));
  const add = (kind: StepKind) => {
    setAdding(false);
    onChange(withStep(steps, kind, from));
  };
  return (
    <div className="hr-map-steps">
      {steps.length === 0 && <p className="hr-map-hint">{t("as_it_is")}</p>}
      <ol>
        {steps.map((step, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place
          <li key={`${at} ${step.kind}`} className="hr-map-step" data-testid={`map-step-${at}`}>
            <span className="hr-map-step-name">{t(`step.${step.kind}.name`)}</span>
            <StepWords
              step={step}
              target={target}
              disabled={disabled}
              onChange={(next) => replace(at, next)}
            />
            <span className="hr-map-step-hands">
              {at > 0 && (
                <Button
                  type="text"
                  size="small"
                  icon={<ArrowUpOutlined />}
                  disabled={disabled}
                  aria-label={t("earlier", { name: t(`step.${step.kind}.name`) })}
                  title={t("earlier", { name: t(`step.${step.kind}.name`) })}
                  onClick={() => {
                    const next = [...steps];
                    next.splice(at - 1, 2, step, steps[at - 1] as Step);
                    onChange(next);
                  }}
                />
              )}
              <Button
                type="text"
                size="small"
                icon={<DeleteOutlined />}
                disabled={disabled}
                aria-label={t("remove_step", { name: t(`step.${step.kind}.name`) })}
                title={t("remove_step", { name: t(`step.${step.kind}.name`) })}
                onClick={() => onChange(steps.filter((_, index) => index !== at))}
                data-testid={`map-step-${at}-remove`}
              />
            </span>
          </li>
        ))}
      </ol>
      <Popover
        open={adding}
        onOpenChange={setAdding}
        trigger="click"
        placement="bottomLeft"
        arrow={false}
        destroyOnHidden
        styles={{ container: { padding: 0 } }}
        content={
          <PickMenu
            title={t("add_step")}
            testId="map-steps-menu"
            picks={STEP_KINDS.map((kind) => ({
              key: kind,
              title: t(`step.${kind}.name`),
              hint: t(`step.${kind}.hint`),
              ...(mayFollow(kind, now)
                ? {}
                : { disabled: t("why.step", { kind: t(`kind.${now}`) }) }),
            })).sort((one, other) => Number("disabled" in one) - Number("disabled" in other))}
            onPick={(kind) => add(kind as StepKind)}
            onClose={() => setAdding(false)}
          />
        }
      >
        <Button
          size="small"
          type="dashed"
          icon={<PlusOutlined />}
          disabled={disabled}
          data-testid="map-add-step"
        >
          {t("add_step")}
        </Button>
      </Popover>
    </div>
  );
}

interface WordsProps<Kind extends Step = Step> {
  step: Kind;
  target: Target;
  disabled: boolean;
  onChange: (step: Step) => void;
}

const PATTERNS = [
  "YYYY-MM-DD",
  "YYYY-MM-DD HH:mm",
  "YYYY-MM-DD HH:mm:ss",
  "YYYYMMDD",
  "YYYY/MM/DD",
  "YYYYMMDDHHmmss",
];

function StepWords({ step, target, disabled, onChange }: WordsProps) {
  const { t } = useTranslation("mapping");
  const input = (name: string, value: string, change: (value: string) => void) => (
    <Input
      size="small"
      value={value}
      disabled={disabled}
      aria-label={t(`step.${step.kind}.${name}` as "step.join.by")}
      placeholder={t(`step.${step.kind}.${name}` as "step.join.by")}
      onChange={(event) => change(event.target.value)}
      data-testid={`map-step-${name}`}
    />
  );
  switch (step.kind) {
    case "round":
      return (
        <InputNumber
          size="small"
          min={0}
          max={20}
          precision={0}
          value={step.digits}
          disabled={disabled}
          aria-label={t("step.round.digits")}
          onChange={(digits) => onChange({ ...step, digits: digits ?? 0 })}
        />
      );
    case "date":
      return (
        <Select
          size="small"
          showSearch
          value={step.pattern}
          disabled={disabled}
          aria-label={t("step.date.pattern")}
          options={[...new Set([...PATTERNS, step.pattern])].map((value) => ({
            value,
            label: value,
          }))}
          onChange={(pattern: string) => onChange({ ...step, pattern })}
          popupMatchSelectWidth={false}
        />
      );
    case "moment":
      return input("zone", step.zone ?? "", (zone) =>
        onChange(zone === "" ? { kind: "moment" } : { ...step, zone }),
      );
    case "join":
    case "split":
      return input("by", step.by, (by) => onChange({ ...step, by }));
    case "replace":
      return (
        <>
          {input("old", step.old, (old) => onChange({ ...step, old }))}
          <span aria-hidden>→</span>
          {input("new", step.new, (next) => onChange({ ...step, new: next }))}
        </>
      );
    case "pluck":
      return input("field", step.field, (field) => onChange({ ...step, field }));
    case "default":
      return (
        <ConstantInput
          value={step.value}
          target={target}
          disabled={disabled}
          label={t("step.default.value")}
          testId="map-step-value"
          onChange={(value) => onChange({ ...step, value })}
        />
      );
    case "codes":
      return <Codes step={step} target={target} disabled={disabled} onChange={onChange} />;
    default:
      return null;
  }
}

function Codes({ step, target, disabled, onChange }: WordsProps<Step & { kind: "codes" }>) {
  const { t } = useTranslation("mapping");
  const put = (rows: CodeRow[]) => onChange({ ...step, rows });
  const change = (at: number, patch: Partial<CodeRow>) =>
    put(step.rows.map((row, index) => (index === at ? { ...row, ...patch } : row)));
  const twice = (from: string) => step.rows.filter((row) => row.from === from).length > 1;
  return (
    <div className="hr-map-codes">
      {step.rows.map((row, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: codes change while they are typed
        <div key={at} className="hr-map-code">
          <Input
            size="small"
            value={row.from}
            disabled={disabled}
            {...(twice(row.from) ? { status: "error" as const } : {})}
            aria-label={t("codes.from", { at: at + 1 })}
            placeholder={t("codes.from_hint")}
            onChange={(event) => {
              const from = event.target.value;
              // Two of the same name are no table; the second waits for its next letter.
              if (!step.rows.some((other, index) => index !== at && other.from === from))
                change(at, { from });
            }}
            data-testid={`map-code-${at}-from`}
          />
          <span aria-hidden>→</span>
          <ConstantInput
            value={row.to}
            target={target}
            disabled={disabled}
            label={t("codes.to", { at: at + 1 })}
            testId={`map-code-${at}-to`}
            onChange={(to) => change(at, { to })}
          />
          <Button
            type="text"
            size="small"
            icon={<DeleteOutlined />}
            disabled={disabled}
            aria-label={t("codes.remove", { at: at + 1 })}
            onClick={() => put(step.rows.filter((_, index) => index !== at))}
          />
        </div>
      ))}
      <Button
        size="small"
        type="dashed"
        icon={<PlusOutlined />}
        disabled={disabled || step.rows.some(({ from }) => from === "")}
        onClick={() => put([...step.rows, { from: "", to: "" }])}
        data-testid="map-code-add"
      >
        {t("codes.add")}
      </Button>
      <span className="hr-map-code">
        <span className="hr-map-hint">{t("codes.otherwise")}</span>
        <Select<Otherwise["kind"]>
          size="small"
          value={step.otherwise.kind}
          disabled={disabled}
          aria-label={t("codes.otherwise")}
          popupMatchSelectWidth={false}
          options={(["same", "value", "wrong"] as const).map((value) => ({
            value,
            label: t(`codes.${value}`),
          }))}
          onChange={(kind) =>
            onChange({
              ...step,
              otherwise: kind === "value" ? { kind, value: "" } : { kind },
            })
          }
          data-testid="map-code-otherwise"
        />
        {step.otherwise.kind === "value" && (
          <ConstantInput
            value={step.otherwise.value}
            target={target}
            disabled={disabled}
            label={t("codes.value")}
            testId="map-code-other"
            onChange={(value) => onChange({ ...step, otherwise: { kind: "value", value } })}
          />
        )}
      </span>
    </div>
  );
}

interface ConstantProps {
  value: Constant;
  target: Target;
  disabled: boolean;
  label: string;
  testId: string;
  onChange: (value: Constant) => void;
}

/** A value that does not change, typed as the target takes it. */
export function ConstantInput({ value, target, disabled, label, testId, onChange }: ConstantProps) {
  const { t } = useTranslation("mapping");
  if (target.choices !== undefined && target.choices.length > 0) {
    const known = target.choices.some((choice) => choice.value === value);
    const more = known || value === "" ? [] : [{ value: value as string, title: String(value) }];
    return (
      <Select<string>
        size="small"
        className="hr-map-constant"
        showSearch={{ optionFilterProp: "label" }}
        value={value === "" ? (null as unknown as string) : (value as string)}
        disabled={disabled}
        aria-label={label}
        placeholder={t("choose")}
        options={[...more, ...target.choices].map((choice) => ({
          value: choice.value as string,
          label: choice.title,
        }))}
        popupMatchSelectWidth={false}
        onChange={(next) => onChange(next)}
        data-testid={testId}
      />
    );
  }
  if (target.kind === "boolean") {
    return (
      <Select
        size="small"
        className="hr-map-constant"
        value={typeof value === "boolean" ? String(value) : null}
        disabled={disabled}
        aria-label={label}
        placeholder={t("choose")}
        options={[
          { value: "true", label: t("yes") },
          { value: "false", label: t("no") },
        ]}
        onChange={(next) => onChange(next === "true")}
        data-testid={testId}
      />
    );
  }
  if (target.kind === "number") {
    return (
      <InputNumber
        size="small"
        className="hr-map-constant"
        value={typeof value === "number" ? value : null}
        disabled={disabled}
        aria-label={label}
        onChange={(next) => onChange(next ?? 0)}
        data-testid={testId}
      />
    );
  }
  return (
    <Input
      size="small"
      className="hr-map-constant"
      value={value === null ? "" : String(value)}
      disabled={disabled}
      aria-label={label}
      onChange={(event) => onChange(event.target.value)}
      data-testid={testId}
    />
  );
}
