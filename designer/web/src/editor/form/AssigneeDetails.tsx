// What a rule such as "superior of …" still has to say: whose, how far up, out of whom.

import { InputNumber, Select, Switch } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Assignee, Whose } from "../approval/assignee";
import { assigneesOf } from "../approval/assignee";
import { type Named, useDepartments, usePeople, usePosts } from "../remote";
import { CodeInput } from "./CodeInput";
import { testIdOf, useForm } from "./context";

interface DetailsProps {
  assignee: Assignee;
  path: string;
  disabled: boolean;
  onChange: (next: Assignee) => void;
}

export function AssigneeDetails(props: DetailsProps) {
  const { assignee } = props;
  return (
    <div className="hr-assignee-details">
      {assignee.kind === "supervisor" && <Superior {...props} />}
      {assignee.kind === "department_head" && <Head {...props} />}
      {assignee.kind === "post" && <Post {...props} />}
      {assignee.kind === "department" && <Department {...props} />}
      {assignee.kind === "chosen" && <Chosen {...props} />}
      {assignee.kind === "field" && <Field {...props} />}
      {assignee.kind === "expression" && <Expression {...props} />}
    </div>
  );
}

/** A label over a control, small enough for the panel. */
function Line({ title, help, children }: { title: string; help?: string; children: ReactNode }) {
  return (
    <div className="hr-detail">
      <span className="hr-detail-title">{title}</span>
      {children}
      {help !== undefined && <p className="hr-setting-help">{help}</p>}
    </div>
  );
}

function without(assignee: Assignee, ...names: (keyof Assignee)[]): Assignee {
  return Object.fromEntries(
    Object.entries(assignee).filter(([name]) => !names.includes(name as keyof Assignee)),
  ) as unknown as Assignee;
}

function Superior({ assignee, path, disabled, onChange }: DetailsProps) {
  const { t } = useTranslation("editor");
  const posts = usePosts();
  const { words } = useForm();
  const byPost = assignee.to_post !== undefined;
  const testId = testIdOf(path);
  return (
    <>
      <WhoseLine assignee={assignee} path={path} disabled={disabled} onChange={onChange} />
      <Line title={t("assignee.how_far")}>
        <div className="hr-detail-pair">
          <Select
            value={byPost ? "post" : "level"}
            options={[
              { value: "level", label: t("assignee.to_level") },
              { value: "post", label: t("assignee.to_post") },
            ]}
            onChange={(how) =>
              onChange(
                how === "post"
                  ? { ...without(assignee, "level"), to_post: "" }
                  : { ...without(assignee, "to_post"), level: 1 },
              )
            }
            disabled={disabled}
            aria-label={t("assignee.how_far")}
            data-testid={`${testId}.how`}
          />
          {byPost ? (
            <Choice
              items={posts}
              value={assignee.to_post}
              label={t("assignee.to_post")}
              testId={`${testId}.to_post`}
              disabled={disabled}
              text={words.text}
              onChange={(to_post) => onChange({ ...assignee, to_post: to_post ?? "" })}
            />
          ) : (
            <InputNumber
              min={1}
              max={10}
              precision={0}
              value={assignee.level ?? 1}
              onChange={(level) => onChange({ ...assignee, level: level ?? 1 })}
              disabled={disabled}
              aria-label={t("assignee.level")}
              data-testid={`${testId}.level`}
            />
          )}
        </div>
      </Line>
      <Toggle
        title={t("assignee.chain")}
        help={t("assignee.chain_help")}
        value={assignee.chain === true}
        testId={`${testId}.chain`}
        disabled={disabled}
        onChange={(on) => onChange(on ? { ...assignee, chain: true } : without(assignee, "chain"))}
      />
    </>
  );
}

function Head({ assignee, path, disabled, onChange }: DetailsProps) {
  const { t } = useTranslation("editor");
  const departments = useDepartments();
  const { words } = useForm();
  const named = assignee.id !== undefined;
  return (
    <>
      <Line title={t("assignee.department")}>
        <Choice
          items={departments}
          value={assignee.id}
          label={t("assignee.department")}
          none={t("assignee.department_own")}
          testId={`${testIdOf(path)}.department`}
          disabled={disabled}
          text={words.text}
          onChange={(id) =>
            onChange(
              id === undefined
                ? { kind: "department_head", of: "initiator" }
                : { kind: "department_head", id },
            )
          }
        />
      </Line>
      {!named && (
        <WhoseLine assignee={assignee} path={path} disabled={disabled} onChange={onChange} />
      )}
    </>
  );
}

function Post({ assignee, path, disabled, onChange }: DetailsProps) {
  const { t } = useTranslation("editor");
  const departments = useDepartments();
  const { words } = useForm();
  return (
    <Line title={t("assignee.department")}>
      <Choice
        items={departments}
        value={assignee.department}
        label={t("assignee.department")}
        none={t("assignee.department_any")}
        testId={`${testIdOf(path)}.department`}
        disabled={disabled}
        text={words.text}
        onChange={(department) =>
          onChange(
            department === undefined
              ? without(assignee, "department")
              : { ...assignee, department },
          )
        }
      />
    </Line>
  );
}

function Department({ assignee, path, disabled, onChange }: DetailsProps) {
  const { t } = useTranslation("editor");
  return (
    <Toggle
      title={t("assignee.deep")}
      value={assignee.deep === true}
      testId={`${testIdOf(path)}.deep`}
      disabled={disabled}
      onChange={(on) => onChange(on ? { ...assignee, deep: true } : without(assignee, "deep"))}
    />
  );
}

function Chosen({ assignee, path, disabled, onChange }: DetailsProps) {
  const { t } = useTranslation("editor");
  const { Form } = useForm();
  const testId = testIdOf(path);
  return (
    <>
      <div className="hr-detail-pair">
        <Line title={t("assignee.chosen_min")}>
          <InputNumber
            className="hr-wide"
            min={1}
            max={50}
            precision={0}
            value={assignee.min ?? 1}
            onChange={(min) => onChange({ ...assignee, min: min ?? 1 })}
            disabled={disabled}
            aria-label={t("assignee.chosen_min")}
            data-testid={`${testId}.min`}
          />
        </Line>
        <Line title={t("assignee.chosen_max")}>
          <InputNumber
            className="hr-wide"
            min={1}
            max={50}
            precision={0}
            value={assignee.max ?? null}
            placeholder={t("assignee.chosen_any")}
            onChange={(max) =>
              onChange(max === null ? without(assignee, "max") : { ...assignee, max })
            }
            disabled={disabled}
            aria-label={t("assignee.chosen_max")}
            data-testid={`${testId}.max`}
          />
        </Line>
      </div>
      <Line
        title={t("assignee.chosen_name")}
        help={t("assignee.chosen_name_help", { name: assignee.name ?? "" })}
      >
        <input
          className="hr-detail-input hr-mono"
          value={assignee.name ?? ""}
          maxLength={64}
          onChange={(event) => onChange({ ...assignee, name: event.target.value.trim() })}
          disabled={disabled}
          aria-label={t("assignee.chosen_name")}
          data-testid={`${testId}.name`}
        />
      </Line>
      <Form
        schema={{
          properties: {
            among: {
              title: t("assignee.among_whom"),
              description: t("assignee.among_all"),
              "x-widget": "assignees",
            },
          },
        }}
        value={{ among: assigneesOf(assignee.among) }}
        onChange={({ among }) =>
          onChange(
            among === undefined
              ? without(assignee, "among")
              : { ...assignee, among: assigneesOf(among) },
          )
        }
        path={path}
      />
    </>
  );
}

function Field({ assignee, path, disabled, onChange }: DetailsProps) {
  const { t } = useTranslation("editor");
  const { variables } = useForm();
  const chosen = assignee.path || undefined;
  const options = variables.map((each) => ({
    value: each.path,
    label: each.title === each.path ? each.path : `${each.title} (${each.path})`,
  }));
  const known = chosen === undefined || options.some(({ value }) => value === chosen);
  return (
    <Line title={t("assignee.field")}>
      <Select
        className="hr-wide"
        showSearch={{ optionFilterProp: "label" }}
        options={known ? options : [{ value: chosen, label: chosen }, ...options]}
        value={chosen ?? null}
        placeholder={t("field.choose")}
        onChange={(next: string | null) => onChange({ ...assignee, path: next ?? "" })}
        disabled={disabled}
        aria-label={t("assignee.field")}
        data-testid={`${testIdOf(path)}.path`}
      />
    </Line>
  );
}

function Expression({ assignee, path, disabled, onChange }: DetailsProps) {
  const { t } = useTranslation("editor");
  const { variables, sample } = useForm();
  return (
    <CodeInput
      kind="expression"
      value={assignee.value ?? ""}
      onChange={(value) => onChange({ ...assignee, value })}
      label={t("assignee.expression")}
      placeholder="order.owner"
      variables={variables}
      sample={sample}
      disabled={disabled}
      testId={`${testIdOf(path)}.value`}
    />
  );
}

function WhoseLine({ assignee, path, disabled, onChange }: DetailsProps) {
  const { t } = useTranslation("editor");
  const { variables, sample } = useForm();
  const people = usePeople();
  const of = assignee.of ?? "initiator";
  const kind = typeof of === "string" ? of : "user" in of ? "user" : "expression";
  const testId = testIdOf(path);
  const set = (next: Whose) => onChange({ ...assignee, of: next });
  return (
    <Line title={t("assignee.of")}>
      <div className="hr-detail-pair">
        <Select
          value={kind}
          options={[
            { value: "initiator", label: t("assignee.of_initiator") },
            { value: "approver", label: t("assignee.of_approver") },
            { value: "user", label: t("assignee.of_person") },
            { value: "expression", label: t("assignee.of_expression") },
          ]}
          onChange={(next: string) =>
            set(
              next === "user"
                ? { user: people[0]?.login ?? "" }
                : next === "expression"
                  ? { expression: "" }
                  : (next as Whose),
            )
          }
          disabled={disabled}
          aria-label={t("assignee.of")}
          data-testid={`${testId}.of`}
        />
        {typeof of !== "string" && "user" in of && (
          <Select
            showSearch={{ optionFilterProp: "label" }}
            value={of.user}
            options={people.map((one) => ({ value: one.login, label: one.name || one.login }))}
            onChange={(user: string) => set({ user })}
            disabled={disabled}
            aria-label={t("assignee.of_person")}
            data-testid={`${testId}.of.user`}
          />
        )}
      </div>
      {typeof of !== "string" && "expression" in of && (
        <CodeInput
          kind="expression"
          value={of.expression}
          onChange={(expression) => set({ expression })}
          label={t("assignee.of_expression")}
          placeholder="order.owner"
          variables={variables}
          sample={sample}
          disabled={disabled}
          testId={`${testId}.of.expression`}
        />
      )}
    </Line>
  );
}

interface ChoiceProps {
  items: readonly Named[];
  value: string | undefined;
  label: string;
  /** What stands there while nothing is chosen. */
  none?: string;
  testId: string;
  disabled: boolean;
  text: (value: Named["name"]) => string;
  onChange: (id: string | undefined) => void;
}

function Choice({ items, value, label, none, testId, disabled, text, onChange }: ChoiceProps) {
  const { t } = useTranslation("editor");
  const chosen = value || undefined;
  const options = items.map((each) => ({ value: each.key ?? each.id, label: text(each.name) }));
  const known = chosen === undefined || options.some((option) => option.value === chosen);
  return (
    <Select
      className="hr-wide"
      showSearch={{ optionFilterProp: "label" }}
      allowClear={none !== undefined}
      options={known ? options : [{ value: chosen, label: chosen }, ...options]}
      value={chosen}
      placeholder={none ?? t("field.choose")}
      onChange={(next: string | undefined) => onChange(next ?? undefined)}
      disabled={disabled}
      aria-label={label}
      data-testid={testId}
    />
  );
}

interface ToggleProps {
  title: string;
  help?: string;
  value: boolean;
  testId: string;
  disabled: boolean;
  onChange: (on: boolean) => void;
}

export function Toggle({ title, help, value, testId, disabled, onChange }: ToggleProps) {
  return (
    <div className="hr-toggle">
      <Switch
        size="small"
        checked={value}
        onChange={onChange}
        disabled={disabled}
        aria-label={title}
        data-testid={testId}
      />
      <span>
        {title}
        {help !== undefined && <small>{help}</small>}
      </span>
    </div>
  );
}
