// One test case: its name, what goes in, and in words what must come of it.

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Alert, Button, Input, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useErrorText } from "../../ui/errorText";
import { SchemaForm } from "../../ui/form/SchemaForm";
import { useText } from "../../ui/text";
import { inputOf } from "../document";
import type { Words } from "../sentence";
import { useDocument, useEditor } from "../store";
import { nameOf } from "../variables";
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
import { person, useUnmetWords } from "./unmet";

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
  const [name, setName] = useState(words.text(given.name));
  const [content, setContent] = useState<CaseContent>(given.content);
  const [raw, setRaw] = useState<Record<Answers, string>>(() => ({
    decisions: shown(given.content.decisions),
    mocks: shown(given.content.mocks),
    pins: shown(given.content.pins),
  }));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [touched, setTouched] = useState(false);
  const wrong = ANSWERS.filter((one) => answersFrom(raw[one]) === null);
  const kept = "id" in given;

  const save = async () => {
    setTouched(true);
    if (name.trim() === "" || wrong.length > 0) return;
    setBusy(true);
    setError(null);
    const rest = Object.fromEntries(
      ANSWERS.flatMap((one) => {
        const told = answersFrom(raw[one]);
        return told === null || Object.keys(told).length === 0 ? [] : [[one, told]];
      }),
    );
    const { decisions: _d, mocks: _m, pins: _p, ...plain } = content;
    const body = {
      name: { ...given.name, [language]: name.trim() },
      content: { ...plain, ...rest },
    };
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
      onCancel={onClose}
      mask={{ closable: false }}
      footer={[
        <Button key="cancel" onClick={onClose}>
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
      <div className="hr-dialog hr-case" data-testid="case-sheet">
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
          onChange={(expect) => setContent({ ...content, expect })}
        />
        <details className="hr-case-data">
          <summary>{t("data")}</summary>
          {Object.keys(inputOf(document).properties ?? {}).length > 0 && (
            <SchemaForm
              schema={inputOf(document)}
              value={content.input}
              onChange={(input) => setContent({ ...content, input })}
              path="/input"
            />
          )}
          {ANSWERS.map((one) => (
            <div key={one} className="hr-case-field">
              <span>{t(`answers.${one}`)}</span>
              <Input.TextArea
                className="hr-mono"
                autoSize={{ minRows: 1, maxRows: 10 }}
                value={raw[one]}
                onChange={(event) => setRaw({ ...raw, [one]: event.target.value })}
                placeholder="{}"
                {...(wrong.includes(one) ? { status: "error" as const } : {})}
                aria-label={t(`answers.${one}`)}
                data-testid={`case-${one}`}
              />
              {wrong.includes(one) && <small className="hr-tone-error">{t("not_json")}</small>}
            </div>
          ))}
        </details>
        {error !== null && <Alert type="error" showIcon title={errorText(error)} />}
      </div>
    </Modal>
  );
}

const ANSWERS = ["decisions", "mocks", "pins"] as const;
type Answers = (typeof ANSWERS)[number];

function shown(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value, null, 2);
}

function answersFrom(text: string): Record<string, unknown> | null {
  if (text.trim() === "") return {};
  const value = valueFrom(text);
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
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
