// The form at the right: a row a field, with what fills it and what comes of that; the one that is opened shows all about it.

import { CloseOutlined, DownOutlined, RightOutlined } from "@ant-design/icons";
import { Button } from "antd";
import type { KeyboardEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { problemText } from "../../ui/errorText";
import { shortSample } from "../variables";
import type { Why } from "./connect";
import { at, type Fields } from "./mapping";
import { originOf, type Source } from "./sources";
import type { Step } from "./steps";
import type { Target } from "./targets";
import { type Preview, previewOf, type Worked } from "./usePreview";

export type Fitting = { ok: true; steps: readonly Step[] } | { ok: false; why: Why };

export interface RowsProps {
  targets: readonly Target[];
  fields: Fields;
  known: ReadonlyMap<string, Source>;
  preview: Preview;
  opened: string | null;
  over: string | null;
  /** While a source is chosen or dragged: whether it fits each field. */
  fitting: ReadonlyMap<string, Fitting> | null;
  disabled: boolean;
  onPress: (target: Target) => void;
  onClear: (target: Target) => void;
  onKeys: (event: KeyboardEvent, target: Target) => void;
  detail: (target: Target) => ReactNode;
}

export function Rows(props: RowsProps) {
  return (
    <ul className="hr-map-rows">
      {props.targets.map((target) => (
        <Row key={target.key} target={target} {...props} />
      ))}
    </ul>
  );
}

function Row({ target, ...props }: RowsProps & { target: Target }) {
  const { fields, known, preview, opened, over, fitting, disabled } = props;
  const { t } = useTranslation(["mapping", "errors"]);
  const words = useEntryWords(known);
  const whyWords = useWhyWords();
  const found = at(fields, target.path);
  const worked = found.entry === undefined ? undefined : previewOf(preview, target);
  const fit = fitting?.get(target.key);
  const name = String(target.path.at(-1));
  const open = opened === target.key;
  const parent = target.children.length > 0;
  const inside = parent && (found.entry?.kind === "record" || found.entry?.kind === "each");
  const from =
    found.covered !== undefined
      ? t("covered")
      : found.entry === undefined
        ? ""
        : words(found.text ?? "", found.entry, found.list);
  const wrong = worked !== undefined && !worked.ok && worked.error?.params?.kind !== "undefined";
  const comes = worked === undefined ? "" : outcome(worked, t);
  const state = fit === undefined ? "" : fit.ok ? fitWords(fit, t) : whyWords(fit.why);
  return (
    <li>
      <div
        className="hr-map-target"
        data-target={target.key}
        data-filled={found.entry !== undefined || undefined}
        data-missing={(target.required && found.entry === undefined && !found.covered) || undefined}
        data-fit={fit === undefined ? undefined : fit.ok ? "yes" : "no"}
        data-over={over === target.key || undefined}
        data-open={open || undefined}
        style={{ marginInlineStart: (target.path.length - 1) * 18 }}
      >
        <span className="hr-map-port" aria-hidden />
        <button
          type="button"
          className="hr-map-row"
          {...(fit?.ok === false ? { "aria-disabled": true } : {})}
          aria-expanded={open}
          data-testid={`map-target-${target.key}`}
          onClick={() => props.onPress(target)}
          onKeyDown={(event) => props.onKeys(event, target)}
        >
          <span className="hr-map-head">
            <span className="hr-map-name">
              {target.title}
              {target.required && (
                <span className="hr-setting-required" aria-hidden>
                  *
                </span>
              )}
            </span>
            <Pause />
            {target.title !== name && (
              <>
                <code className="hr-map-code-name">{name}</code>
                <Pause />
              </>
            )}
            <span className="hr-map-kind">
              {t(target.kind === "list" && parent ? "each_of" : `kind.${target.kind}`)}
            </span>
            <Pause />
          </span>
          {state !== "" ? (
            <span className="hr-map-state" data-fit={fit?.ok ? "yes" : "no"}>
              {state}
            </span>
          ) : (
            <span className="hr-map-from" data-empty={from === "" || undefined}>
              {from === "" ? t("empty") : from}
            </span>
          )}
          {comes !== "" && !inside && (
            <>
              <Pause />
              <span className="hr-map-comes" data-wrong={wrong || undefined}>
                = {comes}
              </span>
            </>
          )}
          {target.required && (
            <span className="hr-hidden">
              {", "}
              {t("required")}
            </span>
          )}
          <span className="hr-map-turn" aria-hidden>
            {open ? <DownOutlined /> : <RightOutlined />}
          </span>
        </button>
        {found.entry !== undefined && !disabled && (
          <Button
            type="text"
            size="small"
            className="hr-map-clear"
            icon={<CloseOutlined />}
            aria-label={t("unmap", { name: target.title })}
            title={t("unmap", { name: target.title })}
            onClick={() => props.onClear(target)}
            data-testid={`map-clear-${target.key}`}
          />
        )}
        {open && props.detail(target)}
      </div>
      {parent && <Rows {...props} targets={target.children} />}
    </li>
  );
}

/** Between what is heard one after the other; the eye has room there. */
function Pause() {
  return <span className="hr-hidden">, </span>;
}

type T = ReturnType<typeof useTranslation<["mapping", "errors"]>>["t"];

function outcome(worked: Worked, t: T): string {
  if (worked.ok) {
    if (worked.value === true) return t("yes");
    if (worked.value === false) return t("no");
    if (worked.value === null) return t("nothing");
    return worked.value === undefined ? "" : shortSample(worked.value) || '""';
  }
  if (worked.error?.params?.kind === "undefined") return t("no_sample");
  return problemText(t as never, worked.error ?? {});
}

function fitWords(fit: { steps: readonly Step[] }, t: T): string {
  if (fit.steps.length === 0) return t("fits");
  return t("fits_with", {
    steps: fit.steps.map((step) => t(`step.${step.kind}.name`)).join(t("comma")),
  });
}

export function useWhyWords(): (why: Why) => string {
  const { t } = useTranslation("mapping");
  return (why) =>
    why.code === "kind"
      ? t(why.from === "object" ? "why.record" : "why.kind", {
          from: t(`kind.${why.from}`),
          to: t(`kind.${why.to}`),
        })
      : t(`why.${why.code}`);
}

/** What fills a field, in words: "Order number → upper case". */
export function useEntryWords(known: ReadonlyMap<string, Source>) {
  const { t } = useTranslation("mapping");
  return (
    text: string,
    entry: NonNullable<ReturnType<typeof at>["entry"]>,
    list: string | null,
  ): string => {
    switch (entry.kind) {
      case "fixed":
        return t("fixed", { value: entry.value === null ? t("nothing") : String(entry.value) });
      case "record":
        return t("by_fields", { count: entry.fields.length });
      case "expression":
        return text;
      default: {
        const origin = originOf(entry, known, list);
        const source = origin === null ? undefined : known.get(origin.key);
        const exact = source !== undefined && origin?.exact === true;
        const name = exact ? source.title : text;
        if (entry.kind === "each") return t("for_each", { name });
        if (!exact) return text;
        const hidden = source.steps.length > 0 && entry.steps[0]?.kind === "pluck" ? 1 : 0;
        const steps = entry.steps.slice(hidden).map((step) => t(`step.${step.kind}.name`));
        return [name, ...steps].join(" → ");
      }
    }
  };
}
