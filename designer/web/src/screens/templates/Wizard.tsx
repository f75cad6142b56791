// Installing a template step by step: what it brings, what it may be mapped to, what would differ, how far it is, what next.

import {
  CheckCircleOutlined,
  CloseCircleOutlined,
  LoadingOutlined,
  MinusCircleOutlined,
} from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Checkbox, Select, Steps } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "../../api/client";
import type { PlanItem, Problem, Template, TemplatePart, TemplatePlan } from "../../api/types";
import { popupIn } from "../../screens/tables/table";
import { Loading } from "../../ui/page";
import { Sheet } from "../../ui/Sheet";
import { Tag } from "../../ui/StatusTag";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";

export const PARTS: TemplatePart[] = [
  "roles",
  "own_connectors",
  "connections",
  "tables",
  "decision_tables",
  "flows",
  "sources",
];
const MAPPABLE: TemplatePart[] = PARTS.filter((part) => part !== "flows");

/** How the names of connectors begin that were drawn in a workspace. */
const OWN = "own-";

type Mapping = Partial<Record<TemplatePart, Record<string, string>>>;

export interface Installed {
  flows: string[];
  created: string[];
  kept: string[];
  replaced: string[];
  problems: (Problem & { flow: string })[];
}

interface WizardProps {
  template: Template;
  onClose: () => void;
  onDone: (installed: Installed) => void;
}

export function Wizard({ template, onClose, onDone }: WizardProps) {
  const { t } = useTranslation(["wizard", "app"]);
  const { text } = useText();
  const [step, setStep] = useState(0);
  const [mapping, setMapping] = useState<Mapping>({});
  const [replace, setReplace] = useState<string[]>([]);
  const plan = useQuery({
    queryKey: ["/api/templates", template.key, "plan", mapping],
    queryFn: () => api.post<TemplatePlan>(`/api/templates/${template.key}/plan`, { mapping }),
    placeholderData: (before) => before,
  });
  const running = useRunning(template, mapping, replace, onDone);
  const items = plan.data?.items ?? [];
  const mappable = items.some((item) => MAPPABLE.includes(item.kind));
  const names = [t("step.brings"), t("step.map"), t("step.look"), t("step.install")];
  const go = () => {
    if (step === 2) {
      setStep(3);
      void running.run();
    } else setStep(step === 0 && !mappable ? 2 : step + 1);
  };
  return (
    <Sheet
      wide
      title={t("title", { name: text(template.name) })}
      onClose={running.busy ? () => undefined : onClose}
      testId="wizard"
      foot={
        <>
          {step > 0 && step < 3 && (
            <Button onClick={() => setStep(step - 1)} data-testid="btn-wizard-back">
              {t("back")}
            </Button>
          )}
          {step < 3 ? (
            <Button
              type="primary"
              disabled={plan.data === undefined || (step === 2 && !plan.data.ready)}
              onClick={go}
              data-testid="btn-wizard-next"
            >
              {t(step === 2 ? "install" : "next")}
            </Button>
          ) : running.error !== null ? (
            <Button type="primary" onClick={running.run} data-testid="btn-wizard-retry">
              {t("retry")}
            </Button>
          ) : (
            <Button
              type="primary"
              disabled={running.busy}
              onClick={onClose}
              data-testid="btn-wizard-close"
            >
              {t("finish")}
            </Button>
          )}
        </>
      }
    >
      <div className="hr-stack">
        <Steps
          className="hr-wizard-steps"
          size="small"
          current={step}
          items={names.map((title) => ({ title }))}
          responsive={false}
        />
        {plan.error && <Trouble error={plan.error} />}
        {plan.data === undefined ? (
          !plan.error && <Loading />
        ) : step === 0 ? (
          <Brings items={items} template={template} />
        ) : step === 1 ? (
          <MapStep plan={plan.data} template={template} mapping={mapping} onChange={setMapping} />
        ) : step === 2 ? (
          <Look items={items} replace={replace} onReplace={setReplace} />
        ) : (
          <Progress running={running} items={items} />
        )}
      </div>
    </Sheet>
  );
}

// --- the steps -----------------------------------------------------------------------------------

function Brings({ items, template }: { items: PlanItem[]; template: Template }) {
  const { t } = useTranslation("wizard");
  const { text } = useText();
  const filling = items.filter((item) => item.fill.length > 0);
  return (
    <>
      <p>{t("brings_text")}</p>
      <Grouped items={items} />
      {filling.length > 0 && (
        <section className="hr-wizard-fill">
          <strong>{t("to_fill")}</strong>
          <ul>
            {filling.map((item) => (
              <li key={`${item.kind} ${item.key}`}>
                {text(item.title)}
                {" — "}
                {item.fill.map((what) => t(`fill.${what}`)).join(" · ")}
                {item.kind === "connections" && (
                  <span className="hr-muted">
                    {" "}
                    {text(template.connections.find((one) => one.key === item.key)?.note)}
                  </span>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Grouped({ items }: { items: PlanItem[] }) {
  const { t } = useTranslation("wizard");
  const { text } = useText();
  return (
    <dl className="hr-brings">
      {PARTS.map((part) => {
        const own = items.filter((item) => item.kind === part);
        return own.length === 0 ? null : (
          <div key={part}>
            <dt>{t(`part.${part}`)}</dt>
            <dd className="hr-row">
              {own.map((item) => (
                <Tag key={item.key}>{text(item.title) || item.key}</Tag>
              ))}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

interface MapProps {
  plan: TemplatePlan;
  template: Template;
  mapping: Mapping;
  onChange: (mapping: Mapping) => void;
}

function MapStep({ plan, template, mapping, onChange }: MapProps) {
  const { t } = useTranslation("wizard");
  const { text } = useText();
  const change = (item: PlanItem, here: string) => {
    const { [item.key]: _, ...rest } = mapping[item.kind] ?? {};
    const own = here === item.key ? rest : { ...rest, [item.key]: here };
    onChange({ ...mapping, [item.kind]: own });
  };
  const connectorOf = (key: string) => {
    const connector = template.connections.find((one) => one.key === key)?.connector;
    const drawn = connector?.startsWith(OWN) ? connector.slice(OWN.length) : undefined;
    const here = drawn === undefined ? undefined : mapping.own_connectors?.[drawn];
    return here === undefined ? connector : OWN + here;
  };
  // An account fits only one of its own kind, a source only one of its own platform.
  const kindOf = (item: PlanItem) =>
    item.kind === "connections"
      ? connectorOf(item.key)
      : item.kind === "sources"
        ? template.sources?.find((one) => one.key === item.key)?.channel
        : undefined;
  return (
    <>
      <p>{t("map_text")}</p>
      {MAPPABLE.map((part) => {
        const own = plan.items.filter((item) => item.kind === part);
        return own.length === 0 ? null : (
          <section key={part}>
            <h3 className="hr-wizard-part">{t(`part.${part}`)}</h3>
            <ul className="hr-wizard-map">
              {own.map((item) => {
                const there = (plan.choices[part] ?? []).some((one) => one.key === item.key);
                const kind = kindOf(item);
                const others = (plan.choices[part] ?? []).filter(
                  (one) =>
                    one.key !== item.key &&
                    (kind === undefined || (one.connector ?? one.channel) === kind),
                );
                return (
                  <li key={item.key}>
                    <span id={`map-${part}-${item.key}`}>{text(item.title) || item.key}</span>
                    <Select
                      aria-labelledby={`map-${part}-${item.key}`}
                      data-testid={`map-${part}-${item.key}`}
                      value={item.here}
                      showSearch
                      optionFilterProp="label"
                      getPopupContainer={popupIn}
                      status={item.state === "unfit" || item.state === "missing" ? "error" : ""}
                      onChange={(here: string) => change(item, here)}
                      options={[
                        { value: item.key, label: t(there ? "keep_there" : "make_new") },
                        ...others.map((one) => ({
                          value: one.key,
                          label: t("use", { name: text(one.title) || one.key }),
                        })),
                      ]}
                    />
                    {item.state === "unfit" && <span className="hr-tone-error">{t("unfit")}</span>}
                  </li>
                );
              })}
            </ul>
          </section>
        );
      })}
    </>
  );
}

interface LookProps {
  items: PlanItem[];
  replace: string[];
  onReplace: (replace: string[]) => void;
}

const WORDS: Partial<Record<TemplatePart, string>> = {
  flows: "flow",
  decision_tables: "decision table",
  sources: "source",
};

function Look({ items, replace, onReplace }: LookProps) {
  const { t } = useTranslation("wizard");
  const { text } = useText();
  const counts = useMemo(() => {
    const found: Partial<Record<PlanItem["state"], number>> = {};
    for (const item of items) found[item.state] = (found[item.state] ?? 0) + 1;
    return found;
  }, [items]);
  const shown = items.filter((item) => item.state !== "new" && item.state !== "same");
  return (
    <>
      <p role="status">
        {(["new", "same", "differs", "mapped", "missing", "unfit"] as const)
          .filter((state) => counts[state])
          .map((state) => t(`count.${state}`, { count: counts[state] ?? 0 }))
          .join(" · ")}
      </p>
      <p className="hr-muted">{t("look_text")}</p>
      <ul className="hr-wizard-look" data-testid="wizard-plan">
        {items.map((item) => (
          <li key={`${item.kind} ${item.key}`}>
            <span className="hr-spread">
              <span>
                <span className="hr-muted">{t(`one.${item.kind}`)}</span> {text(item.title)}
                {item.here !== item.key && <span className="hr-muted"> → {item.here}</span>}
              </span>
              <Tag tone={TONES[item.state]}>{t(`state.${item.state}`)}</Tag>
            </span>
            {item.state === "differs" && (
              <Differences
                item={item}
                {...(WORDS[item.kind]
                  ? {
                      name: `${WORDS[item.kind]} ${item.here}`,
                      chosen: replace.includes(`${WORDS[item.kind]} ${item.here}`),
                      onChoose: (name: string, on: boolean) =>
                        onReplace(on ? [...replace, name] : replace.filter((one) => one !== name)),
                    }
                  : {})}
              />
            )}
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p className="hr-muted">{t("nothing_touched")}</p>}
    </>
  );
}

const TONES = {
  new: "ok",
  same: "neutral",
  differs: "warn",
  mapped: "accent",
  missing: "error",
  unfit: "error",
} as const;

interface DifferencesProps {
  item: PlanItem;
  name?: string;
  chosen?: boolean;
  onChoose?: (name: string, on: boolean) => void;
}

function Differences({ item, name, chosen, onChoose }: DifferencesProps) {
  const { t } = useTranslation("wizard");
  return (
    <div className="hr-wizard-differs">
      <details>
        <summary>{t("differences", { count: item.differences.length })}</summary>
        <ul>
          {item.differences.slice(0, 20).map((one, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a list that never changes its order
            <li key={index}>
              <code>{shortly(one)}</code>
            </li>
          ))}
        </ul>
      </details>
      {name !== undefined && onChoose !== undefined && (
        <Checkbox
          checked={chosen ?? false}
          onChange={(event) => onChoose(name, event.target.checked)}
          data-testid={`replace-${item.key}`}
        >
          {t(item.kind === "sources" ? "replace_source" : "replace")}
        </Checkbox>
      )}
    </div>
  );
}

/** A difference in a line: what it is and where. */
export function shortly(one: Record<string, unknown>): string {
  const words = ["what", "kind", "change", "where", "field", "id", "row", "column", "path"]
    .map((name) => one[name])
    .filter((value) => typeof value === "string" || typeof value === "number");
  return words.length > 0 ? words.join(" ") : JSON.stringify(one).slice(0, 160);
}

// --- installing ----------------------------------------------------------------------------------

type PartState = "waiting" | "running" | "done" | "failed";

interface Running {
  run: () => Promise<void>;
  busy: boolean;
  error: unknown;
  states: Record<string, PartState>;
  installed: Installed | null;
}

function useRunning(
  template: Template,
  mapping: Mapping,
  replace: string[],
  onDone: (installed: Installed) => void,
): Running {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [states, setStates] = useState<Record<string, PartState>>({});
  const [installed, setInstalled] = useState<Installed | null>(null);
  const run = async () => {
    setBusy(true);
    setError(null);
    const all: Installed = { flows: [], created: [], kept: [], replaced: [], problems: [] };
    let part: TemplatePart = "roles";
    try {
      for (part of PARTS) {
        const now = part;
        setStates((before) => ({ ...before, [now]: "running" }));
        const body = { mapping, replace, parts: [now] };
        const made = await api.post<Installed>(`/api/templates/${template.key}/install`, body);
        all.flows = made.flows;
        all.created.push(...made.created);
        all.kept.push(...made.kept);
        all.replaced.push(...made.replaced);
        all.problems.push(...made.problems);
        setStates((before) => ({ ...before, [now]: "done" }));
      }
      setInstalled(all);
      onDone(all);
      await queries.invalidateQueries({
        predicate: ({ queryKey }) =>
          typeof queryKey[0] === "string" &&
          /^\/api\/(templates|flows|roles|connectors|own-connectors|connections|tables|decision-tables|sources)/.test(
            queryKey[0],
          ),
      });
    } catch (reason) {
      const failed = part;
      setStates((before) => ({ ...before, [failed]: "failed" }));
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return { run, busy, error, states, installed };
}

const ICONS = {
  waiting: <MinusCircleOutlined aria-hidden className="hr-muted" />,
  running: <LoadingOutlined aria-hidden />,
  done: <CheckCircleOutlined aria-hidden className="hr-tone-ok" />,
  failed: <CloseCircleOutlined aria-hidden className="hr-tone-error" />,
};

function Progress({ running, items }: { running: Running; items: PlanItem[] }) {
  const { t } = useTranslation("wizard");
  const parts = PARTS.filter((part) => items.some((item) => item.kind === part));
  return (
    <>
      <ul className="hr-wizard-progress" aria-live="polite">
        {parts.map((part) => {
          const state = running.states[part] ?? "waiting";
          return (
            <li key={part}>
              {ICONS[state]} {t(`part.${part}`)}{" "}
              <span className="hr-muted">{t(`progress.${state}`)}</span>
            </li>
          );
        })}
      </ul>
      {running.error !== null && (
        <>
          <Trouble error={running.error} title={t("failed")} />
          <p className="hr-muted">{t("failed_text")}</p>
        </>
      )}
      {running.installed && <Next installed={running.installed} items={items} />}
    </>
  );
}

/** What a person does now, each with the way there. */
function Next({ installed, items }: { installed: Installed; items: PlanItem[] }) {
  const { t } = useTranslation("wizard");
  const { text } = useText();
  const wants = (what: PlanItem["fill"][number]) => items.filter((one) => one.fill.includes(what));
  const errors = installed.problems.filter((one) => one.severity === "error");
  return (
    <section className="hr-stack" data-testid="wizard-next">
      <strong>{t("done", { count: installed.created.length })}</strong>
      {installed.kept.length > 0 && (
        <p className="hr-muted">{t("kept", { count: installed.kept.length })}</p>
      )}
      <ol className="hr-wizard-next">
        {wants("people").length > 0 && (
          <li>
            <Link to="/roles">{t("next_people")}</Link>{" "}
            <span className="hr-muted">
              {wants("people")
                .map((one) => text(one.title))
                .join("、")}
            </span>
          </li>
        )}
        {wants("account").length > 0 && (
          <li>
            <Link to="/connections">{t("next_accounts")}</Link>{" "}
            <span className="hr-muted">
              {wants("account")
                .map((one) => text(one.title))
                .join("、")}
            </span>
          </li>
        )}
        {wants("switch_on").length > 0 && (
          <li>
            <Link to="/sources" data-testid="next-sources">
              {t("next_sources")}
            </Link>{" "}
            <span className="hr-muted">
              {wants("switch_on")
                .map((one) => text(one.title))
                .join("、")}
            </span>
          </li>
        )}
        {installed.flows.map((key) => {
          const stopped = errors.some((one) => one.flow === key);
          const item = items.find((one) => one.kind === "flows" && one.key === key);
          return (
            <li key={key}>
              <Link to={`/flows/${key}`} data-testid={`open-${key}`}>
                {t(stopped ? "next_publish" : "next_open", { name: text(item?.title) || key })}
              </Link>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
