// What two versions differ in: drawn over one another in colours, and field by field.

import { useQuery } from "@tanstack/react-query";
import { Select, Switch } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { api, query } from "../../api/client";
import type { Flow } from "../../api/types";
import { FlowDrawing } from "../../editor/canvas/FlowDrawing";
import type { FlowDocument } from "../../editor/document";
import { useNodeTypes } from "../../editor/remote";
import { EmptyState, ErrorState, Loading } from "../../ui/page";
import { Tag, type Tone } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { merged } from "./merged";
import type { Change, Difference, Version } from "./versions";

const TONES: Record<Change, Tone> = {
  added: "ok",
  removed: "error",
  changed: "warn",
  moved: "neutral",
};
const COLOURS: Record<Change, string> = {
  added: "var(--hr-ok)",
  removed: "var(--hr-error)",
  changed: "var(--hr-warn)",
  moved: "var(--hr-text-2)",
};
const DRAFT = 0;

export function Compare({ flowKey, versions }: { flowKey: string; versions: Version[] }) {
  const { t } = useTranslation("versions");
  const [params, setParams] = useSearchParams();
  const [newest, older] = versions;
  const from = Number(params.get("from") ?? older?.version ?? newest?.version ?? DRAFT);
  const to = Number(params.get("to") ?? (older === undefined ? DRAFT : newest?.version));
  const choose = (name: string, value: number) => {
    const next = new URLSearchParams(params);
    next.set("from", String(from));
    next.set("to", String(to));
    next.set(name, String(value));
    setParams(next, { replace: true });
  };
  const options = [
    ...versions.map((row) => ({
      value: row.version,
      label: t("number", { version: row.version }),
    })),
    { value: DRAFT, label: t("draft") },
  ];
  return (
    <>
      <div className="hr-bar hr-diff-bar">
        <Select
          value={from}
          options={options}
          aria-label={t("diff.from")}
          onChange={(value) => choose("from", value)}
          data-testid="diff-from"
        />
        <span aria-hidden>→</span>
        <Select
          value={to}
          options={options}
          aria-label={t("diff.to")}
          onChange={(value) => choose("to", value)}
          data-testid="diff-to"
        />
      </div>
      <Shown key={`${from}-${to}`} flowKey={flowKey} from={from} to={to} />
    </>
  );
}

function Shown({ flowKey, from, to }: { flowKey: string; from: number; to: number }) {
  const { t } = useTranslation("versions");
  const { types } = useNodeTypes();
  const [quiet, setQuiet] = useState(false);
  const [selected, setSelected] = useState<string | null>(null);
  const before = useDocument(flowKey, from);
  const after = useDocument(flowKey, to);
  const diff = useQuery({
    queryKey: ["diff", flowKey, from, to],
    queryFn: () =>
      api.get<{ changes: Difference[] }>(
        `/api/flows/${flowKey}/diff${query({ from: from || null, to: to || null })}`,
      ),
  });
  const changes = diff.data?.changes;
  const drawn = useMemo(
    () =>
      before.data && after.data && changes && types
        ? merged(before.data, after.data, changes, types, quiet)
        : null,
    [before.data, after.data, changes, types, quiet],
  );
  const error = before.error ?? after.error ?? diff.error;
  if (error) return <ErrorState error={error} onRetry={() => void diff.refetch()} />;
  if (drawn === null || changes === undefined || types === undefined) return <Loading rows={5} />;
  if (changes.length === 0) return <EmptyState title={t("diff.same")} text={t("diff.same_text")} />;
  const shown = changes.filter((one) => quiet || !one.quiet);
  const hidden = changes.length - changes.filter((one) => !one.quiet).length;
  return (
    <div className="hr-diff" data-testid="diff">
      {/* The drawing knows edges by id only; these are the colours of this one. */}
      <style>
        {[...drawn.edges]
          .map(
            ([id, change]) =>
              `.hr-diff [data-testid="${CSS.escape(`edge-${id}`).replaceAll("\\", "\\\\")}"] path.react-flow__edge-path,` +
              `.hr-diff g[data-testid=${JSON.stringify(`edge-${id}`)}] path.react-flow__edge-path` +
              `{stroke:${COLOURS[change]};${change === "removed" ? "stroke-dasharray:6 5" : ""}}`,
          )
          .join("\n")}
      </style>
      <div className="hr-diff-drawing">
        <FlowDrawing
          document={drawn.document}
          types={types}
          marks={drawn.marks}
          selected={selected}
          onSelect={setSelected}
          first={shown.find((one) => one.kind === "node")?.id ?? null}
          label={t("diff.drawing", { from, to })}
        />
      </div>
      <section className="hr-diff-list" aria-label={t("diff.list")}>
        <div className="hr-diff-head">
          <span className="hr-row">
            {(["added", "removed", "changed"] as const).map((change) => (
              <Tag key={change} tone={TONES[change]}>
                {t(`diff.${change}`)} {shown.filter((one) => one.change === change).length}
              </Tag>
            ))}
          </span>
          {hidden > 0 && (
            // biome-ignore lint/a11y/noLabelWithoutControl: antd's switch is a button inside
            <label className="hr-row">
              <Switch size="small" checked={quiet} onChange={setQuiet} data-testid="diff-quiet" />
              {t("diff.quiet", { count: hidden })}
            </label>
          )}
        </div>
        {shown.length === 0 && <p className="hr-muted">{t("diff.only_quiet")}</p>}
        <ul>
          {shown.map((one) => (
            <Row
              key={`${one.kind}-${one.id}`}
              one={one}
              documents={[after.data, before.data]}
              active={selected === one.id}
              onSelect={() => setSelected(one.kind === "node" ? one.id : null)}
            />
          ))}
        </ul>
      </section>
    </div>
  );
}

interface RowProps {
  one: Difference;
  documents: (FlowDocument | undefined)[];
  active: boolean;
  onSelect: () => void;
}

function Row({ one, documents, active, onSelect }: RowProps) {
  const { t } = useTranslation("versions");
  const { text } = useText();
  const name = nameOf(one, documents, text);
  return (
    <li data-change={one.change} data-active={active || undefined} data-testid={`diff-${one.id}`}>
      <button type="button" onClick={onSelect} disabled={one.kind !== "node"}>
        <Tag tone={TONES[one.change]}>{t(`diff.${one.change}`)}</Tag>
        <span>
          <span className="hr-muted">{t(`diff.kind.${one.kind}`)}</span> {name}
        </span>
      </button>
      {one.fields.length > 0 && (
        <dl>
          {one.fields.map((field) => (
            <div key={field.path}>
              <dt>{field.path}</dt>
              <dd>
                {field.change !== "added" && <del>{shortly(field.before)}</del>}
                {field.change !== "removed" && <ins>{shortly(field.after)}</ins>}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}

function nameOf(
  one: Difference,
  documents: (FlowDocument | undefined)[],
  text: ReturnType<typeof useText>["text"],
): string {
  for (const document of documents) {
    const names = new Map(document?.nodes.map((node) => [node.id, text(node.name) || node.id]));
    if (one.kind === "node" && names.has(one.id)) return names.get(one.id) ?? one.id;
    const edge = document?.edges.find((found) => found.id === one.id);
    if (one.kind === "edge" && edge !== undefined)
      return `${names.get(edge.from) ?? edge.from} → ${names.get(edge.to) ?? edge.to}`;
  }
  return one.id;
}

const SHORT = 200;

function shortly(value: unknown): string {
  const told = typeof value === "string" ? value : JSON.stringify(value);
  return told.length > SHORT ? `${told.slice(0, SHORT)}…` : told;
}

function useDocument(flowKey: string, version: number) {
  return useQuery({
    queryKey: ["document", flowKey, version],
    queryFn: async () =>
      version === DRAFT
        ? ((await api.get<Flow>(`/api/flows/${flowKey}`)).draft.document as unknown as FlowDocument)
        : (await api.get<{ document: FlowDocument }>(`/api/flows/${flowKey}/versions/${version}`))
            .document,
  });
}
