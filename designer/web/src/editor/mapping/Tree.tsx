// What is available here, at the left: by where it comes from, with samples, to be searched, folded, dragged and chosen.

import { CaretDownOutlined, CaretRightOutlined } from "@ant-design/icons";
import { type KeyboardEvent, type PointerEvent, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { shortSample } from "../variables";
import type { Source } from "./sources";

interface TreeProps {
  sources: readonly Source[];
  folded: ReadonlySet<string>;
  onFold: (key: string, folded: boolean) => void;
  armed: string | null;
  /** Sources that lead somewhere already. */
  used: ReadonlySet<string>;
  disabled: boolean;
  focused: string | null;
  onFocus: (key: string) => void;
  onChoose: (key: string, by: "key" | "press") => void;
  onGrab: (key: string, event: PointerEvent) => void;
}

interface Shown {
  source: Source;
  level: number;
  above: string | null;
}

export function Tree(props: TreeProps) {
  const { sources, folded, onFold, armed, used, disabled, focused } = props;
  const { t } = useTranslation("mapping");
  const shown = useMemo(() => rows(sources, folded), [sources, folded]);
  const box = useRef<HTMLDivElement>(null);
  const stop = shown.some(({ source }) => source.key === focused) ? focused : shown[0]?.source.key;
  const go = (index: number) => {
    const key = shown[Math.max(0, Math.min(shown.length - 1, index))]?.source.key;
    if (key === undefined) return;
    props.onFocus(key);
    box.current?.querySelector<HTMLElement>(`[data-source="${CSS.escape(key)}"]`)?.focus();
  };
  const keys = (event: KeyboardEvent, index: number) => {
    const row = shown[index];
    if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const { source } = row;
    const open = source.children.length > 0 && !folded.has(source.key);
    const moves: Record<string, () => void> = {
      ArrowDown: () => go(index + 1),
      ArrowUp: () => go(index - 1),
      Home: () => go(0),
      End: () => go(shown.length - 1),
      ArrowRight: () => {
        if (open) go(index + 1);
        else if (source.children.length > 0) onFold(source.key, false);
      },
      ArrowLeft: () => {
        if (open) onFold(source.key, true);
        else go(shown.findIndex((each) => each.source.key === row.above));
      },
      Enter: () => choose(source, "key"),
      " ": () => choose(source, "key"),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  };
  const choose = (source: Source, by: "key" | "press") => {
    if (source.kind === "group") onFold(source.key, !folded.has(source.key));
    else if (!disabled) props.onChoose(source.key, by);
  };
  return (
    <div className="hr-map-tree" role="tree" aria-label={t("sources")} ref={box}>
      {shown.map(({ source, level }, index) => {
        const open = !folded.has(source.key);
        const sample = source.kind === "group" ? "" : shortSample(source.sample);
        const parent = source.children.length > 0;
        return (
          <div
            key={source.key}
            role="treeitem"
            aria-level={level}
            aria-selected={armed === source.key}
            {...(parent ? { "aria-expanded": open } : {})}
            tabIndex={source.key === stop ? 0 : -1}
            className="hr-map-source"
            data-source={source.key}
            data-kind={source.kind}
            data-armed={armed === source.key || undefined}
            data-used={used.has(source.key) || undefined}
            data-testid={`map-source-${source.key}`}
            style={{ paddingInlineStart: 6 + (level - 1) * 16 }}
            title={source.kind === "group" ? undefined : source.key}
            onFocus={() => props.onFocus(source.key)}
            onKeyDown={(event) => keys(event, index)}
            onClick={() => choose(source, "press")}
            onPointerDown={(event) => {
              if (source.kind !== "group" && !disabled) props.onGrab(source.key, event);
            }}
          >
            <span
              className="hr-map-fold"
              aria-hidden
              onClick={(event) => {
                if (!parent) return;
                event.stopPropagation();
                onFold(source.key, open);
              }}
            >
              {parent && (open ? <CaretDownOutlined /> : <CaretRightOutlined />)}
            </span>
            <span className="hr-map-name">{source.title}</span>
            {source.kind !== "group" && (
              <>
                <span className="hr-map-kind">
                  {t(source.steps.length > 0 ? "each" : `kind.${source.kind}`)}
                </span>
                <span className="hr-map-sample" title={sample}>
                  {sample}
                </span>
                <span className="hr-map-dot" aria-hidden />
              </>
            )}
          </div>
        );
      })}
      {shown.length === 0 && <p className="hr-map-none">{t("no_source")}</p>}
    </div>
  );
}

function rows(
  sources: readonly Source[],
  folded: ReadonlySet<string>,
  level = 1,
  above: string | null = null,
): Shown[] {
  return sources.flatMap((source) => [
    { source, level, above },
    ...(folded.has(source.key) ? [] : rows(source.children, folded, level + 1, source.key)),
  ]);
}
