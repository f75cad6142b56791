// Back through the history: a slider over every fact, and the drawing and the data as they stood then.

import { LeftOutlined, RightOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Slider } from "antd";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { type NodeTypes, nodeOf } from "../../editor/document";
import { nameOf } from "../../editor/variables";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { ExactTime } from "../../ui/time";
import { useDelayed } from "../../ui/useDelayed";
import type { InstanceDetail } from "./instance";

export interface Past {
  seq: number;
  at: string;
  event: ({ type: string; node?: string; step?: number } & Record<string, unknown>) | null;
  status: string;
  variables: Record<string, unknown>;
  steps: { id: number; node: string; wait: string; [more: string]: unknown }[];
  tokens: { kind: "step" | "node" | "edge" | "join"; node?: string; edge?: string }[];
}

/** The instance after fact `seq`; nothing while one looks at the present. */
export function usePast(instance: InstanceDetail, seq: number | null): Past | undefined {
  const delayed = useDelayed(seq);
  const { data } = useQuery({
    queryKey: ["instance", instance.id, "at", delayed],
    queryFn: ({ signal }) =>
      api.get<Past>(`/api/instances/${instance.id}/at/${delayed}`, { signal }),
    enabled: delayed !== null && seq !== null,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before) => before,
  });
  return seq === null ? undefined : data;
}

interface TimeTravelProps {
  instance: InstanceDetail;
  types: NodeTypes;
  seq: number | null;
  past: Past | undefined;
  onChange: (seq: number | null) => void;
}

export function TimeTravel({ instance, types, seq, past, onChange }: TimeTravelProps) {
  const { t } = useTranslation("instances");
  const last = instance.seq;
  const value = seq ?? last;
  const go = (to: number) => onChange(to >= last ? null : Math.max(1, to));
  if (last < 2) return null;
  return (
    <div className="hr-travel" data-past={seq !== null || undefined} data-testid="time-travel">
      <div className="hr-travel-slider">
        <Button
          type="text"
          icon={<LeftOutlined />}
          disabled={value <= 1}
          onClick={() => go(value - 1)}
          aria-label={t("travel.back")}
          data-testid="travel-back"
        />
        <Slider
          min={1}
          max={last}
          value={value}
          onChange={go}
          tooltip={{ formatter: (n) => `${n} / ${last}` }}
          ariaLabelForHandle={t("travel.label")}
        />
        <Button
          type="text"
          icon={<RightOutlined />}
          disabled={value >= last}
          onClick={() => go(value + 1)}
          aria-label={t("travel.on")}
          data-testid="travel-on"
        />
        <Button
          size="small"
          disabled={seq === null}
          onClick={() => onChange(null)}
          data-testid="travel-now"
        >
          {t("travel.now")}
        </Button>
      </div>
      <p className="hr-travel-words" role="status">
        {seq === null ? (
          <span className="hr-muted">{t("travel.hint", { count: last })}</span>
        ) : past === undefined ? (
          <span className="hr-muted">…</span>
        ) : (
          <>
            <StatusTag status={past.status} />{" "}
            <Fact instance={instance} types={types} past={past} />{" "}
            <span className="hr-muted">
              <ExactTime at={past.at} /> · {past.seq} / {last}
            </span>
          </>
        )}
      </p>
    </div>
  );
}

function Fact({
  instance,
  types,
  past,
}: {
  instance: InstanceDetail;
  types: NodeTypes;
  past: Past;
}) {
  const { t } = useTranslation("instances");
  const { text } = useText();
  const { event } = past;
  if (event === null) return null;
  const id =
    event.node ??
    instance.steps.find((step) => Number(step.step) === event.step)?.node ??
    undefined;
  const node = nodeOf(instance.document, id ?? "");
  const words = t(`fact_of.${event.type}`, { defaultValue: event.type });
  return (
    <strong>
      {words}
      {node !== undefined && ` · ${nameOf(node, types, text)}`}
    </strong>
  );
}
