// The lines between the two sides, and what is done on each.

import { type RefObject, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { type Line, useLines } from "./useLines";

interface LinesProps {
  board: RefObject<HTMLDivElement | null>;
  lines: readonly Line[];
  parents: ReadonlyMap<string, string>;
  moved: unknown[];
  active: string | null;
  words: (target: string) => string;
  label: (target: string) => string;
  onPress: (target: string) => void;
  drawing: string | null;
}

export function Lines({
  board,
  lines,
  parents,
  moved,
  active,
  words,
  label,
  onPress,
  drawing,
}: LinesProps) {
  const { t } = useTranslation("mapping");
  // biome-ignore lint/correctness/useExhaustiveDependencies: by value; each is new only when it changed
  const when = useMemo(() => ({}), moved);
  const shapes = useLines(board, lines, parents, when);
  return (
    <div className="hr-map-gutter" data-testid="map-gutter">
      <svg className="hr-map-lines" aria-hidden="true">
        {shapes.map((shape) => (
          <path
            key={shape.key}
            d={shape.path}
            data-faint={shape.faint || undefined}
            data-line={shape.target}
            data-away={shape.away || undefined}
            data-active={active === shape.target || undefined}
          />
        ))}
        {drawing !== null && <path d={drawing} data-drawing />}
      </svg>
      {shapes.map((shape) => {
        const text = words(shape.target);
        if (shape.away || shape.faint || text === "") return null;
        return (
          <button
            key={shape.key}
            type="button"
            tabIndex={-1}
            className="hr-map-chip"
            style={{ left: shape.at.x, top: shape.at.y }}
            aria-label={t("chip", { name: label(shape.target), steps: text })}
            title={text}
            onClick={() => onPress(shape.target)}
          >
            {text}
          </button>
        );
      })}
    </div>
  );
}
