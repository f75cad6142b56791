// One test case: its name, what goes in, and in words what must come of it.

import { DeleteOutlined, PlusOutlined, RedoOutlined, UndoOutlined } from "@ant-design/icons";
import { Alert, Button, Input, Modal, Select } from "antd";
import useApp from "antd/es/app/useApp";
import { type KeyboardEvent, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useErrorText } from "../../ui/errorText";
import { SchemaForm } from "../../ui/form/SchemaForm";
import { useText } from "../../ui/text";
import { inputOf } from "../document";
import type { Words } from "../sentence";
import { useDocument, useEditor } from "../store";
import { nameOf } from "../variables";
import { AnswersForm } from "./AnswersForm";
import type { Part, Told } from "./answers";
import {
  type CaseContent,
  type CaseResult,
  type Expect,
  leaves,
  type NewCase,
  type TestCase,
  useCasesChanged,
  valueFrom,
  valueText,
} from "./cases";
import { back, forth, stepped, stepsFrom } from "./steps";
import { person, useUnmetWords } from "./unmet";
import { WrongFields } from "./ValueEditor";

interface CaseSheetProps {
  given: TestCase | NewCase;
  words: Words;
  /** How it went when it was run last: what it might look at. */
  result?: CaseResult | undefined;
  onClose: () => void;
}

const STATUSES = ["completed", "waiting", "incident", "cancelled", "refused"];

export function CaseSheet({ given, words, result, onClose }: CaseSheetProps) {
  const { t } = useTranslation(["cases", "app"]);
  const { language } = useText();
  const errorText = useErrorText();
  const unmetWords = useUnmetWords(words);
  const document = useDocument();
  const changed = useCasesChanged(document.key);
  const { modal } = useApp();
  const [steps, setSteps] = useState(() =>
    stepsFrom({ name: words.text(given.name), content: given.content }),
  );
  const { name, content } = steps.present;
  const [wrong, tellWrong] = useWrongFields();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [touched, setTouched] = useState(false);
  const kept = "id" in given;
  const put = (values: Partial<typeof steps.present>, field = "") =>
    setSteps((now) => stepped(now, { ...now.present, ...values }, field, Date.now()));
  const setName = (next: string) => put({ name: next }, "name");
  const setContent = (next: CaseContent, field = "") => put({ content: next }, field);
  const setTold = (part: Part, told: Told | undefined, field: string) => {
    const { [part]: _, ...rest } = content;
    setContent(told === undefined ? rest : { ...rest, [part]: told }, field);
  };

  const close = () => {
    if (steps.past.length === 0) return onClose();
    modal.confirm({
      title: t("app:form.unsaved"),
      content: t("app:form.unsaved_text"),
      okText: t("app:action.discard"),
      okButtonProps: { danger: true },
      cancelText: t("app:action.keep_editing"),
      onOk: onClose,
    });
  };
  const onKey = (event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const redo = key === "y" || (key === "z" && event.shiftKey);
    if (key === "s") void save();
    else if (redo) setSteps(forth);
    else if (key === "z") setSteps(back);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const save = async () => {
    setTouched(true);
    if (busy || name.trim() === "" || wrong > 0) return;
    setBusy(true);
    setError(null);
    const body = { name: { ...given.name, [language]: name.trim() }, content };
    const path = `/api/flows/${document.key}/cases`;
    try {
      if (kept) await api.put(`${path}/${given.id}`, { ...body, revision: given.revision });
      else await api.post(path, { ...body, origin: given.origin });
      await changed();
      onClose();
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  const differences = "differences" in given ? (given.differences ?? []) : [];
  const hidden = "hidden" in given ? (given.hidden ?? 0) : 0;
  return (
    <Modal
      open
      width={720}
      title={t(kept ? "edit" : "new")}
      onCancel={close}
      mask={{ closable: false }}
      footer={[
        <span key="steps" className="hr-case-steps">
          <Button
            type="text"
            icon={<UndoOutlined />}
            aria-label={t("undo")}
            title={t("undo")}
            disabled={steps.past.length === 0}
            onClick={() => setSteps(back)}
            data-testid="btn-case-undo"
          />
          <Button
            type="text"
            icon={<RedoOutlined />}
            aria-label={t("redo")}
            title={t("redo")}
            disabled={steps.future.length === 0}
            onClick={() => setSteps(forth)}
            data-testid="btn-case-redo"
          />
        </span>,
        <Button key="cancel" onClick={close}>
          {t("app:action.cancel")}
        </Button>,
        <Button
          key="save"
          type="primary"
          loading={busy}
          onClick={() => void save()}
          data-testid="btn-case-save"
        >
          {t("keep")}
        </Button>,
      ]}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys of the fields inside, as in any editor */}
      <div className="hr-dialog hr-case" data-testid="case-sheet" onKeyDown={onKey}>
        {hidden > 0 && <Alert type="info" showIcon title={t("record.hidden", { count: hidden })} />}
        {differences.length > 0 && (
          <Alert
            type="warning"
            showIcon
            title={t("record.differs")}
            description={
              <ul className="hr-cases-unmet">
                {differences.map((one) => (
                  <li key={one.what}>{unmetWords(one)}</li>
                ))}
              </ul>
            }
          />
        )}
        <div className="hr-case-field">
          <span>{t("name")}</span>
          <Input
            value={name}
            maxLength={200}
            onChange={(event) => setName(event.target.value)}
            placeholder={t("name_example")}
            {...(touched && name.trim() === "" ? { status: "error" as const } : {})}
            aria-label={t("name")}
            data-testid="case-name"
          />
          {touched && name.trim() === "" && (
            <small className="hr-tone-error">{t("name_missing")}</small>
          )}
        </div>
        <Expected
          expect={content.expect}
          result={result}
          words={words}
          onChange={(expect) => setContent({ ...content, expect }, "expect")}
        />
        <details className="hr-case-data" open={wrong > 0 ? true : undefined}>
          <summary>{t("data")}</summary>
          {Object.keys(inputOf(document).properties ?? {}).length > 0 && (
            <SchemaForm
              schema={inputOf(document)}
              value={content.input}
              onChange={(input) => setContent({ ...content, input }, "input")}
              path="/input"
            />
          )}
          <WrongFields.Provider value={tellWrong}>
            <AnswersForm answers={content} onChange={setTold} words={words} />
          </WrongFields.Provider>
        </details>
        {touched && wrong > 0 && <Alert type="error" showIcon title={t("answers.wrong")} />}
        {error !== null && <Alert type="error" showIcon title={errorText(error)} />}
      </div>
    </Modal>
  );
}

/** How many fields cannot be read as they stand, and how they say so. */
function useWrongFields(): [number, (field: string, wrong: boolean) => void] {
  const [fields, setFields] = useState<ReadonlySet<string>>(new Set());
  const tell = useCallback(
    (field: string, wrong: boolean) =>
      setFields((now) => {
        if (now.has(field) === wrong) return now;
        const next = new Set(now);
        if (wrong) next.add(field);
        else next.delete(field);
        return next;
      }),
    [],
  );
  return [fields.size, tell];
}

interface ExpectedProps {
  expect: Expect;
  result: CaseResult | undefined;
  words: Words;
  onChange: (expect: Expect) => void;
}

function Expected({ expect, result, words, onChange }: ExpectedProps) {
  const { t } = useTranslation("cases");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const nodes = document.nodes.map((node) => ({
    value: node.id,
    label: nameOf(node, types, words.text),
  }));
  const ends = nodes.filter(({ value }) => {
    const node = document.nodes.find((each) => each.id === value);
    return types.get(node?.type ?? "")?.ends;
  });
  const put = (name: keyof Expect & string, value: unknown) => {
    const { [name]: _, ...rest } = expect;
    const empty =
      value === undefined ||
      (Array.isArray(value) && value.length === 0) ||
      (typeof value === "object" && value !== null && Object.keys(value).length === 0);
    onChange(empty ? rest : { ...rest, [name]: value });
  };
  const variables = Object.entries(expect.variables ?? {});
  const known = leaves(result?.variables ?? {}).filter(([path]) => path !== "");
  const asked = Object.entries(expect.asked ?? {});
  const deciders = nodes.filter(({ value }) => {
    const node = document.nodes.find((each) => each.id === value);
    return types.get(node?.type ?? "")?.waits && node?.settings["assignees"] !== undefined;
  });
  return (
    <fieldset className="hr-case-expect">
      <legend>{t("expect.title")}</legend>
      <div className="hr-case-line">
        <span>{t("expect.status")}</span>
        <Select
          allowClear
          value={expect.status ?? null}
          placeholder={t("expect.any")}
          options={STATUSES.map((value) => ({ value, label: t(`status.${value}`) }))}
          onChange={(value) => put("status", value ?? undefined)}
          aria-label={t("expect.status")}
          data-testid="expect-status"
        />
      </div>
      <div className="hr-case-line">
        <span>{t("expect.end")}</span>
        <Select
          allowClear
          value={expect.end ?? null}
          placeholder={t("expect.any")}
          options={ends}
          onChange={(value) => put("end", value ?? undefined)}
          aria-label={t("expect.end")}
          data-testid="expect-end"
        />
      </div>
      <div className="hr-case-line">
        <span>{t("expect.visited")}</span>
        <Select
          mode="multiple"
          value={expect.visited ?? []}
          placeholder={t("expect.any")}
          options={nodes}
          onChange={(value) => put("visited", value)}
          showSearch={{ optionFilterProp: "label" }}
          aria-label={t("expect.visited")}
          data-testid="expect-visited"
        />
      </div>
      <div className="hr-case-line">
        <span>{t("expect.not_visited")}</span>
        <Select
          mode="multiple"
          value={expect.not_visited ?? []}
          placeholder={t("expect.none")}
          options={nodes}
          onChange={(value) => put("not_visited", value)}
          showSearch={{ optionFilterProp: "label" }}
          aria-label={t("expect.not_visited")}
          data-testid="expect-not-visited"
        />
      </div>
      {variables.map(([path, value], index) => (
        <div key={path} className="hr-case-line">
          <span>
            <code>{path}</code> {t("expect.is")}
          </span>
          <span className="hr-case-pair">
            <Input
              defaultValue={valueText(value)}
              onChange={(event) =>
                put("variables", { ...expect.variables, [path]: valueFrom(event.target.value) })
              }
              aria-label={`${path} ${t("expect.is")}`}
              data-testid={`expect-variable-${index}`}
            />
            <Drop
              label={t("expect.drop", { name: path })}
              onClick={() =>
                put("variables", Object.fromEntries(variables.filter(([one]) => one !== path)))
              }
            />
          </span>
        </div>
      ))}
      {asked.map(([node, people]) => (
        <div key={node} className="hr-case-line">
          <span>
            {t("expect.asked", { name: nodes.find((one) => one.value === node)?.label ?? node })}
          </span>
          <span className="hr-case-pair">
            <Select
              mode="tags"
              value={people}
              options={[...new Set([...(result?.asked?.[node] ?? []), ...people])].map((id) => ({
                value: id,
                label: person(id, words),
              }))}
              onChange={(value) => put("asked", { ...expect.asked, [node]: value })}
              aria-label={t("expect.asked", { name: node })}
            />
            <Drop
              label={t("expect.drop", { name: node })}
              onClick={() =>
                put("asked", Object.fromEntries(asked.filter(([one]) => one !== node)))
              }
            />
          </span>
        </div>
      ))}
      {Object.entries(expect.notified ?? {}).map(([part, role]) => (
        <div key={part} className="hr-case-line">
          <span>{t("expect.notified", { part, role: person(`role:${role}`, words) })}</span>
          <Drop
            label={t("expect.drop", { name: part })}
            onClick={() => {
              const { [part]: _, ...rest } = expect.notified ?? {};
              put("notified", rest);
            }}
          />
        </div>
      ))}
      <div className="hr-case-add">
        <AddValue
          known={known}
          onAdd={(path, value) => put("variables", { ...expect.variables, [path]: value })}
        />
        {deciders.length > 0 && (
          <Select
            value={null}
            placeholder={t("expect.add_asked")}
            suffixIcon={<PlusOutlined />}
            options={deciders.filter(({ value }) => expect.asked?.[value] === undefined)}
            onChange={(node: string | null) =>
              node !== null &&
              put("asked", { ...expect.asked, [node]: result?.asked?.[node] ?? rolesOf(node) })
            }
            aria-label={t("expect.add_asked")}
            data-testid="expect-add-asked"
          />
        )}
        <AddMessage
          told={result?.told ?? []}
          onAdd={(part, role) => put("notified", { ...expect.notified, [part]: role })}
        />
      </div>
    </fieldset>
  );

  function rolesOf(id: string): string[] {
    const node = document.nodes.find((each) => each.id === id);
    const people = (node?.settings["assignees"] ?? []) as { kind: string; id?: string }[];
    return people.flatMap((one) =>
      one.id === undefined ? [] : one.kind === "role" ? [`role:${one.id}`] : [one.id],
    );
  }
}

function Drop({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <Button
      type="text"
      size="small"
      icon={<DeleteOutlined />}
      aria-label={label}
      onClick={onClick}
    />
  );
}

interface AddValueProps {
  known: [string, unknown][];
  onAdd: (path: string, value: unknown) => void;
}

/** A value of the flow: chosen from what the last run had, or typed. */
function AddValue({ known, onAdd }: AddValueProps) {
  const { t } = useTranslation("cases");
  return (
    <Select
      mode="tags"
      value={[]}
      placeholder={t("expect.add_value")}
      suffixIcon={<PlusOutlined />}
      options={known.map(([path, value]) => ({
        value: path,
        label: `${path} = ${valueText(value)}`,
      }))}
      onChange={(chosen: string[]) => {
        const path = chosen.at(-1);
        if (path === undefined || path.trim() === "") return;
        onAdd(path.trim(), known.find(([one]) => one === path)?.[1] ?? "");
      }}
      aria-label={t("expect.add_value")}
      data-testid="expect-add-value"
    />
  );
}

interface AddMessageProps {
  told: string[];
  onAdd: (part: string, role: string) => void;
}

/** A message that goes to the members of a role. */
function AddMessage({ told, onAdd }: AddMessageProps) {
  const { t } = useTranslation("cases");
  const [open, setOpen] = useState(false);
  const [part, setPart] = useState(told[0] ?? "");
  const [role, setRole] = useState("");
  if (!open)
    return (
      <Button
        icon={<PlusOutlined />}
        onClick={() => setOpen(true)}
        data-testid="expect-add-message"
      >
        {t("expect.add_message")}
      </Button>
    );
  return (
    <span className="hr-case-pair">
      <Input
        value={part}
        onChange={(event) => setPart(event.target.value)}
        placeholder={t("expect.message_part")}
        aria-label={t("expect.message_part")}
      />
      <Input
        value={role}
        onChange={(event) => setRole(event.target.value)}
        placeholder={t("expect.message_role")}
        aria-label={t("expect.message_role")}
      />
      <Button
        disabled={part.trim() === "" || role.trim() === ""}
        onClick={() => {
          onAdd(part.trim(), role.trim());
          setOpen(false);
        }}
      >
        {t("expect.add")}
      </Button>
    </span>
  );
}
