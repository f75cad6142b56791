// What a join waits for, as a picture of its lines and one sentence.

import { useTranslation } from "react-i18next";
import { entering, type FlowNode } from "./document";
import { joinSentence } from "./sentence";
import { useDocument } from "./store";

const LINES_MAX = 6;
const LINE = 16;

export function JoinPicture({ node }: { node: FlowNode }) {
  const { t } = useTranslation("editor");
  const edges = entering(useDocument(), node.id).length;
  const { mode = "all", rest = "ignore" } = node.settings;
  const lines = Math.max(2, Math.min(edges, LINES_MAX));
  const needed = neededOf(node, Math.max(2, edges));
  const rests = ["first", "count", "percent"].includes(String(mode));
  return (
    <figure className="hr-join" data-testid="join-picture">
      <Lines lines={lines} needed={Math.min(needed, lines)} mode={String(mode)} />
      <figcaption>
        {joinSentence(node.settings, t)}
        {rests && ` ${t(`join.rest_${rest as "ignore"}`)}`}
        {edges > 0 && <small>{t("join.edges", { count: edges })}</small>}
      </figcaption>
    </figure>
  );
}

function neededOf({ settings }: FlowNode, edges: number): number {
  const n = Number(settings["n"] ?? 1);
  switch (settings["mode"]) {
    case "first":
      return 1;
    case "count":
    case "tokens":
      return Math.max(1, Math.min(n, edges));
    case "percent":
      return Math.max(1, Math.ceil((edges * Number(settings["percent"] ?? 100)) / 100));
    default:
      return edges;
  }
}

/** Full dots are waited for. In an inclusive join only those that can still come are. */
function Lines({ lines, needed, mode }: { lines: number; needed: number; mode: string }) {
  const height = lines * LINE + 8;
  const middle = height / 2;
  return (
    <svg viewBox={`0 0 96 ${height}`} width={96} height={height} aria-hidden focusable="false">
      <title>{mode}</title>
      {Array.from({ length: lines }, (_, index) => {
        const y = 12 + index * LINE;
        const waited = mode === "inclusive" ? index < lines - 1 : index < needed;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all the same
          <g key={index} data-waited={waited || undefined}>
            <path d={`M8,${y} C34,${y} 34,${middle} 60,${middle}`} />
            <circle cx={8} cy={y} r={4.5} />
          </g>
        );
      })}
      <path d={`M60,${middle} H90`} className="hr-join-out" />
      <path d={`M84,${middle - 4} L90,${middle} L84,${middle + 4}`} className="hr-join-out" />
    </svg>
  );
}
