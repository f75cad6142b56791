// A new connector in three steps: where it comes from, which operations, what it is called and how it signs in.

import { Button } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api } from "../../api/client";
import { Card, PageBody, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import {
  type Definition,
  KEY,
  keyOf,
  type Note,
  type Operation,
  type OwnConnector,
  type ReadDocument,
} from "./connector";
import { DocumentField } from "./DocumentField";
import { Notes } from "./Notes";
import "./own.css";
import "../../ui/form/SchemaForm.css";

const CHOSEN_AT_FIRST = 30; // of a small API everything is wanted, of a large one hardly anything
const CHOSEN_MAX = 200;

type Step = "source" | "choose" | "name";

export default function New() {
  const { t } = useTranslation(["own_connectors", "app"]);
  const { text, language } = useText();
  const navigate = useNavigate();
  const [step, setStep] = useState<Step>("source");
  const [document, setDocument] = useState("");
  const [read, setRead] = useState<ReadDocument | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [title, setTitle] = useState("");
  const [key, setKey] = useState("");
  const [base, setBase] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  const doing = async (what: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    try {
      await what();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const begin = (found: ReadDocument, next: Step) => {
    const name = text(found.definition.title) || "";
    setRead(found);
    setTitle(name);
    setKey(keyOf(name));
    setBase(found.definition.base_url);
    const all = found.definition.operations.map((one) => one.name);
    setChosen(new Set(all.length <= CHOSEN_AT_FIRST ? all : []));
    setStep(next);
  };
  const readIt = () =>
    doing(async () => {
      const kept = ours(document);
      begin(
        kept ?? (await api.post<ReadDocument>("/api/own-connectors/read", { document })),
        "choose",
      );
    });
  const blank = () =>
    begin({ definition: { title: {}, base_url: "", operations: [] }, notes: [] }, "name");
  const make = () =>
    doing(async () => {
      if (read === null) return;
      const definition: Definition = {
        ...read.definition,
        title: { ...read.definition.title, [language]: title },
        base_url: base.trim().replace(/\/+$/, ""),
        operations: read.definition.operations.filter((one) => chosen.has(one.name)),
      };
      const made = await api.post<OwnConnector>("/api/own-connectors", { key, definition });
      navigate(`/own-connectors/${made.key}`);
    });
  const ready = title.trim() !== "" && KEY.test(key) && /^https?:\/\/[^\s?#]+$/.test(base.trim());
  return (
    <>
      <PageHeader title={t("create")} subtitle={t(`step.${step}`)} back="/own-connectors" />
      <PageBody>
        {step === "source" && (
          <Card title={t("from_document")}>
            <p className="hr-muted">{t("from_document_text")}</p>
            <DocumentField value={document} onChange={setDocument} />
            {error !== null && <Trouble error={error} />}
            <div className="hr-own-foot">
              <Button onClick={blank} data-testid="btn-blank">
                {t("from_nothing")}
              </Button>
              <Button
                type="primary"
                disabled={document.trim() === ""}
                loading={busy}
                onClick={readIt}
                data-testid="btn-read"
              >
                {t("read")}
              </Button>
            </div>
          </Card>
        )}
        {step === "choose" && read !== null && (
          <Card title={t("choose_operations", { count: read.definition.operations.length })}>
            <Notes notes={read.notes} />
            <Choose operations={read.definition.operations} chosen={chosen} onChange={setChosen} />
            <div className="hr-own-foot">
              <Button onClick={() => setStep("source")}>{t("back")}</Button>
              <Button
                type="primary"
                disabled={chosen.size === 0 || chosen.size > CHOSEN_MAX}
                onClick={() => setStep("name")}
                data-testid="btn-next"
              >
                {t("next", { count: chosen.size })}
              </Button>
            </div>
          </Card>
        )}
        {step === "name" && read !== null && (
          <Card title={t("name_it")}>
            <div className="hr-form">
              <Line label={t("name")} value={title} onChange={setTitle} testId="field-title" />
              <Line
                label={t("key")}
                help={t("key_help")}
                value={key}
                onChange={setKey}
                testId="field-key"
                {...(key === "" || KEY.test(key) ? {} : { wrong: t("key_wrong") })}
              />
              <Line
                label={t("base_url")}
                help={t("base_url_help")}
                value={base}
                onChange={setBase}
                testId="field-base_url"
              />
            </div>
            {error !== null && <Trouble error={error} />}
            <div className="hr-own-foot">
              <Button
                onClick={() => setStep(read.definition.operations.length > 0 ? "choose" : "source")}
              >
                {t("back")}
              </Button>
              <Button
                type="primary"
                disabled={!ready}
                loading={busy}
                onClick={make}
                data-testid="btn-make"
              >
                {t("make")}
              </Button>
            </div>
          </Card>
        )}
      </PageBody>
    </>
  );
}

/** A connector that was exported here or elsewhere, in place of a document. */
function ours(document: string): ReadDocument | null {
  try {
    const found = JSON.parse(document) as { headrace?: string; definition?: Definition };
    if (found.headrace !== "connector" || !found.definition) return null;
    return { definition: found.definition, notes: [] as Note[] };
  } catch {
    return null;
  }
}

interface ChooseProps {
  operations: Operation[];
  chosen: ReadonlySet<string>;
  onChange: (chosen: ReadonlySet<string>) => void;
}

function Choose({ operations, chosen, onChange }: ChooseProps) {
  const { t } = useTranslation("own_connectors");
  const { text } = useText();
  const [search, setSearch] = useState("");
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return operations.filter((one) =>
      `${one.method} ${one.path} ${one.name} ${text(one.title)}`.toLowerCase().includes(wanted),
    );
  }, [operations, search, text]);
  const all = shown.every((one) => chosen.has(one.name));
  const toggle = (names: string[], on: boolean) => {
    const next = new Set(chosen);
    for (const name of names) {
      if (on) next.add(name);
      else next.delete(name);
    }
    onChange(next);
  };
  return (
    <>
      <div className="hr-own-tools">
        <SearchField label={t("search_operations")} value={search} onChange={setSearch} />
        <Button
          onClick={() =>
            toggle(
              shown.map((one) => one.name),
              !all,
            )
          }
          data-testid="btn-choose-all"
        >
          {all ? t("choose_none") : t("choose_all", { count: shown.length })}
        </Button>
      </div>
      {chosen.size > CHOSEN_MAX && (
        <p className="hr-field-error" role="alert">
          {t("too_many", { max: CHOSEN_MAX })}
        </p>
      )}
      <ul className="hr-own-choices">
        {shown.map((one) => (
          <li key={one.name}>
            <label>
              <input
                type="checkbox"
                checked={chosen.has(one.name)}
                onChange={(event) => toggle([one.name], event.target.checked)}
                data-testid={`choose-${one.name}`}
              />
              <span className="hr-own-method" data-method={one.method}>
                {one.method}
              </span>
              <span className="hr-own-path">
                <code>{one.path}</code>
                <small className="hr-muted">{text(one.title)}</small>
              </span>
            </label>
          </li>
        ))}
      </ul>
    </>
  );
}

interface LineProps {
  label: string;
  help?: string;
  wrong?: string;
  value: string;
  onChange: (value: string) => void;
  testId: string;
}

function Line({ label, help, wrong, value, onChange, testId }: LineProps) {
  return (
    <div className={wrong ? "hr-field hr-field-wrong" : "hr-field"}>
      <label htmlFor={testId} className="hr-field-label">
        {label}
      </label>
      {help && <p className="hr-field-help">{help}</p>}
      <input
        id={testId}
        className="hr-input"
        autoComplete="off"
        value={value}
        aria-invalid={wrong !== undefined || undefined}
        onChange={(event) => onChange(event.target.value)}
        data-testid={testId}
      />
      {wrong && (
        <p className="hr-field-error" role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}
