// One field of the form, opened: where its value comes from, what is done on the way, or the expression as it is written.

import { AimOutlined } from "@ant-design/icons";
import { Button, Popover } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Segments } from "../../ui/Segments";
import { CodeInput } from "../form/CodeInput";
import { PickMenu } from "../PickMenu";
import { shortSample, type Variable } from "../variables";
import { kindOfLink } from "./connect";
import { textOf } from "./entry";
import type { Found } from "./mapping";
import { ConstantInput, Steps } from "./Steps";
import { flat, itemKey, originOf, type Source } from "./sources";
import type { Step } from "./steps";
import type { Target } from "./targets";

type Way = "link" | "fixed" | "expression";

interface DetailProps {
  target: Target;
  found: Found;
  sources: readonly Source[];
  known: ReadonlyMap<string, Source>;
  variables: readonly Variable[];
  sample: Readonly<Record<string, unknown>>;
  disabled: boolean;
  /** Why this source cannot lead here, or nothing. */
  whyNot: (source: Source) => string | undefined;
  onSource: (key: string) => void;
  onText: (text: string | undefined, typed: boolean) => void;
}

export function Detail(props: DetailProps) {
  const { target, found, sources, known, variables, sample, disabled, onText } = props;
  const { t } = useTranslation("mapping");
  const { entry, text = "", list } = found;
  const own: Way =
    entry === undefined || entry.kind === "link"
      ? "link"
      : entry.kind === "fixed"
        ? "fixed"
        : "expression";
  const [way, setWay] = useState<Way>(own);
  const origin = entry === undefined ? null : originOf(entry, known, list);
  const source = origin === null ? undefined : known.get(origin.key);
  const plucked =
    entry?.kind === "link" && source !== undefined && origin?.exact && source.steps.length > 0;
  const hidden = plucked && entry.steps[0]?.kind === "pluck" ? 1 : 0;
  const steps = entry?.kind === "link" ? entry.steps : [];
  const put = (next: Step[]) => {
    if (entry?.kind !== "link") return;
    onText(textOf({ ...entry, steps: [...steps.slice(0, hidden), ...next] }), true);
  };
  return (
    <section
      className="hr-map-detail"
      aria-label={t("detail", { name: target.title })}
      data-testid={`map-detail-${target.key}`}
    >
      {target.help && <p className="hr-map-hint">{target.help}</p>}
      <Segments<Way>
        label={t("way.label")}
        options={(["link", "fixed", "expression"] as const).map((value) => ({
          value,
          title: t(`way.${value}`),
        }))}
        value={way}
        onChange={setWay}
        testId="map-way"
      />
      {way === "link" && (
        <>
          <PickSource {...props} chosen={source} />
          {entry?.kind === "link" && (
            <Steps
              steps={steps.slice(hidden)}
              from={kindOfLink(entry, source, origin?.exact ?? false, list)}
              target={target}
              disabled={disabled}
              onChange={put}
            />
          )}
          {entry !== undefined && entry.kind !== "link" && (
            <p className="hr-map-hint">{t("replaces", { text })}</p>
          )}
        </>
      )}
      {way === "fixed" && (
        <ConstantInput
          value={entry?.kind === "fixed" ? entry.value : ""}
          target={target}
          disabled={disabled}
          label={t("fixed_of", { name: target.title })}
          testId="map-fixed"
          onChange={(value) => onText(textOf({ kind: "fixed", value }), true)}
        />
      )}
      {way === "expression" && (
        <CodeInput
          kind="expression"
          value={text}
          onChange={(next) => onText(next.trim() === "" ? undefined : next, true)}
          label={t("expression_of", { name: target.title })}
          placeholder={t("expression_hint")}
          variables={list === null ? variables : [...itemsOf(known, list), ...variables]}
          sample={sample}
          disabled={disabled}
          testId="map-expression"
        />
      )}
      {sources.length === 0 && <p className="hr-map-hint">{t("no_source")}</p>}
    </section>
  );
}

/** Inside of a list: what one item has. */
function itemsOf(known: ReadonlyMap<string, Source>, list: string): Variable[] {
  const found = known.get(list);
  return (found?.children ?? []).flatMap((child) => {
    const [step] = child.steps;
    if (step?.kind !== "pluck" || child.key !== itemKey(list, step.field)) return [];
    return [
      { path: `it.${step.field}`, title: child.title, kind: "text", source: found?.title ?? "" },
    ];
  });
}

function PickSource(props: DetailProps & { chosen: Source | undefined }) {
  const { target, sources, chosen, disabled, whyNot, onSource, found } = props;
  const { t } = useTranslation("mapping");
  const [open, setOpen] = useState(false);
  return (
    <Popover
      open={open}
      onOpenChange={setOpen}
      trigger="click"
      placement="bottomLeft"
      arrow={false}
      destroyOnHidden
      styles={{ container: { padding: 0 } }}
      content={
        <PickMenu
          title={t("choose_source", { name: target.title })}
          testId="map-source-menu"
          picks={sources.flatMap((group) =>
            flat(group.children).map((source) => {
              const why = whyNot(source);
              return {
                key: source.key,
                title: source.title,
                hint: [
                  t(`kind.${source.kind}`),
                  source.key === source.title ? "" : source.key,
                  shortSample(source.sample),
                ]
                  .filter(Boolean)
                  .join(" · "),
                group: group.title,
                ...(why === undefined ? {} : { disabled: why }),
              };
            }),
          )}
          onPick={(key) => {
            setOpen(false);
            onSource(key);
          }}
          onClose={() => setOpen(false)}
        />
      }
    >
      <Button
        block
        className="hr-map-pick"
        icon={<AimOutlined />}
        disabled={disabled}
        data-testid="map-pick-source"
      >
        {chosen?.title ??
          (found.entry?.kind === "link" ? found.text : undefined) ??
          t("choose_value")}
      </Button>
    </Popover>
  );
}
