// The green channel: on a great day let waiting approvals pass by a rule, as one audited batch. What would pass is counted
// before, why is asked, and every task keeps who released it.

import { CarryOutOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, query } from "../../api/client";
import { useList } from "../../api/list";
import type { Flow, FlowSummary, Role } from "../../api/types";
import { type Batch, isGoing, useBatch } from "../../batches/batch";
import { Items } from "../../batches/Items";
import { Progress } from "../../batches/Progress";
import { Card, EmptyState, Loading, PageBody, PageHeader } from "../../ui/page";
import { Sheet } from "../../ui/Sheet";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { useDelayed } from "../../ui/useDelayed";
import { EMPTY, type Wanted, wantedOf } from "./wanted";
import "../../ui/form/SchemaForm.css";
import "./release.css";

interface Preview {
  count: number;
  more: boolean;
  kept: number;
  sample: {
    id: string;
    title: string;
    business_key: string | null;
    instance_id: string;
    created_at: string;
  }[];
}

export default function Release() {
  const { t } = useTranslation(["release", "app"]);
  const [wanted, setWanted] = useState<Wanted>(EMPTY);
  const [asking, setAsking] = useState(false);
  const [begun, setBegun] = useState<Batch | null>(null);
  const filter = wantedOf(wanted);
  const rested = useDelayed(JSON.stringify(filter));
  const some = Object.keys(filter).length > 0;
  const preview = useQuery({
    queryKey: ["/api/tasks/release/preview", rested],
    queryFn: ({ signal }) =>
      api.get<Preview>(`/api/tasks/release/preview${query(JSON.parse(rested))}`, { signal }),
    enabled: some && rested !== "{}",
  });
  return (
    <>
      <PageHeader title={t("title")} subtitle={t("subtitle")} />
      <PageBody>
        <div className="hr-release">
          <Card title={t("which")}>
            <Which wanted={wanted} onChange={setWanted} />
          </Card>
          <Card title={t("preview")} testId="release-preview">
            {!some ? (
              <EmptyState
                icon={<CarryOutOutlined />}
                title={t("nothing_chosen")}
                text={t("nothing_chosen_text")}
              />
            ) : preview.error ? (
              <Trouble error={preview.error} />
            ) : preview.data === undefined ? (
              <Loading rows={3} />
            ) : (
              <Found preview={preview.data} onRelease={() => setAsking(true)} />
            )}
          </Card>
        </div>
        {begun !== null && <Done batch={begun} />}
      </PageBody>
      {asking && preview.data && (
        <Ask
          filter={filter}
          count={preview.data.count}
          onClose={() => setAsking(false)}
          onBegun={(batch) => {
            setAsking(false);
            setBegun(batch);
            setWanted(EMPTY);
          }}
        />
      )}
    </>
  );
}

function Which({ wanted, onChange }: { wanted: Wanted; onChange: (wanted: Wanted) => void }) {
  const { t } = useTranslation("release");
  const { text } = useText();
  const id = useId();
  const flows = useList<FlowSummary>("/api/flows").rows ?? [];
  const roles = useList<Role>("/api/roles").rows ?? [];
  const { data: flow } = useQuery({
    queryKey: ["flow", wanted.flow, "nodes"],
    queryFn: ({ signal }) => api.get<Flow>(`/api/flows/${wanted.flow}`, { signal }),
    enabled: wanted.flow !== "",
  });
  const nodes = (flow?.draft.document.nodes ?? []).filter((node) => node.type === "approval");
  const set = (part: Partial<Wanted>) => onChange({ ...wanted, ...part });
  return (
    <div className="hr-form">
      <Choice
        label={t("flow")}
        value={wanted.flow}
        onChange={(value) => set({ flow: value, node: "" })}
        options={flows.map((each) => [each.key, text(each.name)])}
        testId="release-flow"
      />
      {wanted.flow !== "" && (
        <Choice
          label={t("node")}
          value={wanted.node}
          onChange={(node) => set({ node })}
          options={nodes.map((node) => [node.id, text(node.name) || node.id])}
          testId="release-node"
        />
      )}
      <Choice
        label={t("role")}
        value={wanted.role}
        onChange={(role) => set({ role })}
        options={roles.filter((role) => !role.system).map((role) => [role.key, text(role.title)])}
        testId="release-role"
      />
      <fieldset className="hr-field">
        <legend className="hr-field-label">{t("older")}</legend>
        <div className="hr-row">
          <input
            className="hr-input hr-input-number"
            inputMode="numeric"
            aria-label={t("older_number")}
            value={wanted.older}
            onChange={(event) => set({ older: event.target.value.replaceAll(/\D/g, "") })}
            data-testid="release-older"
          />
          <select
            className="hr-input hr-input-unit"
            aria-label={t("older_unit")}
            value={wanted.unit}
            onChange={(event) => set({ unit: event.target.value as Wanted["unit"] })}
          >
            {(["minutes", "hours", "days"] as const).map((unit) => (
              <option key={unit} value={unit}>
                {t(`unit.${unit}`)}
              </option>
            ))}
          </select>
        </div>
      </fieldset>
      <div className="hr-field">
        <label className="hr-field-label" htmlFor={`${id}-values`}>
          {t("values")}
        </label>
        <p className="hr-field-help">{t("values_help")}</p>
        <input
          id={`${id}-values`}
          className="hr-input"
          autoComplete="off"
          spellCheck={false}
          placeholder="amount < 500"
          value={wanted.values}
          onChange={(event) => set({ values: event.target.value })}
          data-testid="release-values"
        />
      </div>
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  options: [value: string, title: string][];
  testId: string;
}

function Choice({ label, value, onChange, options, testId }: ChoiceProps) {
  const { t } = useTranslation("release");
  const id = useId();
  return (
    <div className="hr-field">
      <label className="hr-field-label" htmlFor={id}>
        {label}
      </label>
      <select
        id={id}
        className="hr-input"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        data-testid={testId}
      >
        <option value="">{t("any")}</option>
        {options.map(([key, title]) => (
          <option key={key} value={key}>
            {title}
          </option>
        ))}
      </select>
    </div>
  );
}

function Found({ preview, onRelease }: { preview: Preview; onRelease: () => void }) {
  const { t } = useTranslation("release");
  const number = preview.more ? `${preview.count}+` : String(preview.count);
  return (
    <>
      <p className="hr-release-count" data-testid="release-count">
        <strong>{number}</strong> {t("would_pass", { count: preview.count })}
      </p>
      <p className="hr-muted">{t("would_stay", { count: preview.kept })}</p>
      <ul className="hr-release-sample">
        {preview.sample.map((task) => (
          <li key={task.id}>
            <Link to={`/tasks/${task.id}`}>{task.title}</Link>
            <span className="hr-muted hr-small">
              {task.business_key && <code>{task.business_key}</code>}{" "}
              <RelativeTime at={task.created_at} />
            </span>
          </li>
        ))}
        {preview.count > preview.sample.length && (
          <li className="hr-muted">
            {t("and_more", { count: preview.count - preview.sample.length })}
          </li>
        )}
      </ul>
      <Button
        type="primary"
        size="large"
        block
        disabled={preview.count === 0}
        onClick={onRelease}
        data-testid="btn-release"
      >
        {t("release", { count: preview.count, number })}
      </Button>
    </>
  );
}

interface AskProps {
  filter: Record<string, string>;
  count: number;
  onClose: () => void;
  onBegun: (batch: Batch) => void;
}

function Ask({ filter, count, onClose, onBegun }: AskProps) {
  const { t } = useTranslation(["release", "app"]);
  const id = useId();
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const begin = async () => {
    setBusy(true);
    setError(null);
    try {
      onBegun(await api.post<Batch>("/api/tasks/release", { filter, reason: reason.trim() }));
    } catch (found) {
      setError(found);
      setBusy(false);
    }
  };
  return (
    <Sheet
      title={t("ask", { count })}
      onClose={onClose}
      testId="release-sheet"
      foot={
        <>
          <Button onClick={onClose}>{t("app:action.cancel")}</Button>
          <Button
            type="primary"
            danger
            loading={busy}
            disabled={reason.trim() === ""}
            onClick={() => void begin()}
            data-testid="btn-release-begin"
          >
            {t("release", { count, number: count })}
          </Button>
        </>
      }
    >
      <p>{t("ask_text", { count })}</p>
      <div className="hr-field">
        <label className="hr-field-label" htmlFor={`${id}-reason`}>
          {t("reason")} <span className="hr-field-required">*</span>
        </label>
        <textarea
          id={`${id}-reason`}
          className="hr-input"
          rows={3}
          maxLength={2_000}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          data-testid="release-reason"
        />
      </div>
      {error !== null && <Trouble error={error} />}
    </Sheet>
  );
}

function Done({ batch: begun }: { batch: Batch }) {
  const { t } = useTranslation("release");
  const queries = useQueryClient();
  const { data } = useBatch(begun.id);
  const batch = data ?? begun;
  const going = isGoing(batch);
  useEffect(() => {
    if (!going) void queries.invalidateQueries({ queryKey: ["/api/tasks/release/preview"] });
  }, [going, queries]);
  return (
    <Card title={t("became")} testId="release-done">
      <div className="hr-stack">
        <Progress batch={batch} />
        <Items batch={batch} />
        <Link to={`/operations/batches/${batch.id}`}>{t("see_batch")}</Link>
      </div>
    </Card>
  );
}
