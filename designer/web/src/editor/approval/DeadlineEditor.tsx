// Time: when it is due, when people are warned, what happens when nobody decides; a line of points from the first to the last.

import { BellOutlined, CloseOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Settings } from "../document";
import { Toggle } from "../form/AssigneeDetails";
import { type SettingsFormProps, useForm } from "../form/context";
import { withItem } from "../form/items";
import {
  DOINGS,
  type Doing,
  type Escalation,
  escalationSentence,
  escalationsOf,
  pointSentence,
  pointsOf,
  warnsOf,
} from "./deadlines";
import { Part } from "./Part";

const USUAL_WARN = 80;

export function DeadlineEditor({ schema, value, onChange }: SettingsFormProps) {
  const { t } = useTranslation("editor");
  const { disabled, Form } = useForm();
  const has = (name: string) => schema.properties?.[name] !== undefined;
  const set = (name: string, next: unknown) => onChange(withItem(value, name, next));
  const part = (names: string[]) => {
    const found = names.filter(has);
    const properties = Object.fromEntries(
      found.map((name) => {
        const { "x-advanced": _, ...own } = schema.properties?.[name] ?? {};
        return [name, own];
      }),
    );
    return found.length === 0 ? null : (
      <Form
        schema={{ type: "object", properties, "x-order": found }}
        value={value}
        onChange={onChange}
      />
    );
  };
  const warns = warnsOf(value);
  const steps = escalationsOf(value);
  const setSteps = (next: Escalation[]) => set("escalation", next.length === 0 ? undefined : next);
  return (
    <>
      {part(["due", "days"])}
      <Line settings={value} />
      {has("warn") && (
        <Part path="warn" title={t("deadline.add_warn")}>
          <div className="hr-warns">
            {warns.map((percent, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the place is the only name of a percentage
              <span key={index} className="hr-warn">
                <InputNumber
                  min={1}
                  max={99}
                  precision={0}
                  suffix="%"
                  value={percent}
                  onChange={(next) =>
                    set(
                      "warn",
                      warns.map((old, at) => (at === index ? (next ?? old) : old)),
                    )
                  }
                  disabled={disabled}
                  aria-label={t("deadline.warn_at")}
                  data-testid={`field-warn.${index}`}
                />
                <Button
                  type="text"
                  size="small"
                  icon={<CloseOutlined />}
                  disabled={disabled}
                  aria-label={`${t("action.remove")} ${percent}%`}
                  onClick={() => {
                    const next = warns.filter((_, at) => at !== index);
                    set("warn", next.length === 0 ? undefined : next);
                  }}
                />
              </span>
            ))}
            <Button
              size="small"
              icon={<BellOutlined />}
              disabled={disabled || warns.length >= 5}
              onClick={() => set("warn", [...warns, warns.includes(USUAL_WARN) ? 50 : USUAL_WARN])}
              data-testid="field-warn.add"
            >
              {t("deadline.add_warn")}
            </Button>
          </div>
          {warns.length > 0 && value["due"] === undefined && (
            <p className="hr-setting-problem" data-severity="warning">
              {t("deadline.needs_due", { percent: warns[0] })}
            </p>
          )}
        </Part>
      )}
      {has("escalation") && (
        <Part path="escalation" title={t("deadline.add_step")}>
          <ol className="hr-steps-up">
            {steps.map((step, index) => (
              <Step
                // biome-ignore lint/suspicious/noArrayIndexKey: the place is the only name of a step
                key={index}
                step={step}
                index={index}
                onChange={(next) => setSteps(steps.map((old, at) => (at === index ? next : old)))}
                onRemove={() => setSteps(steps.filter((_, at) => at !== index))}
              />
            ))}
          </ol>
          <Button
            type="dashed"
            block
            icon={<PlusOutlined />}
            disabled={disabled}
            onClick={() => setSteps([...steps, nextStep(steps, value)])}
            data-testid="field-escalation.add"
          >
            {t("deadline.add_step")}
          </Button>
        </Part>
      )}
      {part(["reminder", "pause_for_customer"])}
    </>
  );
}

/** A chain grows as people expect: remind when due, a day later the backup, then the superior. */
function nextStep(steps: readonly Escalation[], settings: Settings): Escalation {
  const due = settings["due"] !== undefined;
  const first: Doing = steps.length === 0 ? "remind" : steps.length === 1 ? "backup" : "superior";
  return { after: due && steps.length === 0 ? "due" : `P${steps.length + 1}D`, do: first };
}

/** What happens, in the order it happens. */
function Line({ settings }: { settings: Settings }) {
  const { t } = useTranslation("editor");
  const { words } = useForm();
  const points = pointsOf(settings);
  if (points.length === 0) return null;
  return (
    <ol className="hr-timeline" aria-label={t("deadline.line")} data-testid="timeline">
      <li data-kind="begin">{t("deadline.begin")}</li>
      {points.map((point) => (
        <li
          key={`${point.kind}${point.index}`}
          data-kind={point.kind}
          data-unknown={point.at === null || undefined}
        >
          {pointSentence(point, settings, words)}
        </li>
      ))}
    </ol>
  );
}

interface StepProps {
  step: Escalation;
  index: number;
  onChange: (next: Escalation) => void;
  onRemove: () => void;
}

function Step({ step, index, onChange, onRemove }: StepProps) {
  const { t } = useTranslation("editor");
  const { words, disabled, Form } = useForm();
  const path = `escalation/${index}`;
  const testId = `field-escalation.${index}`;
  const whenDue = step.after === "due";
  const automatic = step.do === "approve" || step.do === "reject";
  const again = step.every !== undefined;
  const set = (changes: Partial<Record<keyof Escalation, unknown>>) => {
    const next = Object.entries({ ...step, ...changes }).filter(([, item]) => item !== undefined);
    onChange(Object.fromEntries(next) as unknown as Escalation);
  };
  const lengthField = (name: "after" | "every", title: string) => (
    <Form
      schema={{ properties: { [name]: { type: "string", format: "duration", title } } }}
      value={{ [name]: step[name] }}
      onChange={(next) => set({ [name]: next[name] ?? (name === "after" ? "P1D" : undefined) })}
      path={path}
    />
  );
  return (
    <li className="hr-item" data-testid={testId}>
      <header>
        <span>{escalationSentence(step, words)}</span>
        <Button
          type="text"
          size="small"
          icon={<CloseOutlined />}
          disabled={disabled}
          aria-label={`${t("action.remove")} ${index + 1}`}
          onClick={onRemove}
          data-testid={`${testId}.remove`}
        />
      </header>
      <div className="hr-fields">
        <div className="hr-detail-pair">
          <Select
            value={whenDue ? "due" : "after"}
            options={[
              { value: "due", label: t("deadline.when_is_due") },
              { value: "after", label: t("deadline.when_is_after") },
            ]}
            onChange={(next) => set({ after: next === "due" ? "due" : "P1D" })}
            disabled={disabled}
            aria-label={t("deadline.when")}
            data-testid={`${testId}.when`}
          />
          <Select
            value={step.do}
            options={DOINGS.map((each) => ({ value: each, label: t(`deadline.choice_${each}`) }))}
            onChange={(next: Doing) => set({ do: next })}
            disabled={disabled}
            aria-label={t("deadline.what")}
            data-testid={`${testId}.do`}
          />
        </div>
        {!whenDue && lengthField("after", t("deadline.when_is_after"))}
        {automatic ? (
          <p className="hr-setting-problem" data-severity="warning">
            {t("deadline.auto_warning")}
          </p>
        ) : (
          <Form
            schema={{
              properties: {
                to: {
                  title: t("deadline.whom"),
                  "x-widget": "assignees",
                  ...(step.do === "remind" ? { description: t("deadline.whom_remind_help") } : {}),
                },
              },
            }}
            value={{ to: step.to }}
            onChange={({ to }) => set({ to })}
            path={path}
          />
        )}
        {step.do === "remind" && (
          <>
            <Toggle
              title={t("deadline.again")}
              value={again}
              testId={`${testId}.again`}
              disabled={disabled}
              onChange={(on) =>
                set(on ? { every: "PT2H", times: 3 } : { every: undefined, times: undefined })
              }
            />
            {again && (
              <>
                {lengthField("every", t("deadline.again_every"))}
                <InputNumber
                  min={1}
                  max={100}
                  precision={0}
                  value={step.times ?? null}
                  prefix={t("deadline.times")}
                  onChange={(times) => set({ times: times ?? undefined })}
                  disabled={disabled}
                  aria-label={t("deadline.times")}
                  data-testid={`${testId}.times`}
                />
              </>
            )}
            <Toggle
              title={t("deadline.sms")}
              value={step.sms === true}
              testId={`${testId}.sms`}
              disabled={disabled}
              onChange={(on) => set({ sms: on || undefined })}
            />
          </>
        )}
      </div>
    </li>
  );
}
