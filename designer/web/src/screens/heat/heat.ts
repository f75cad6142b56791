// What a heat map shows: numbers of nodes, and how warm each one is.

import type { Marks } from "../../editor/canvas/elements";
import type { FlowDocument } from "../../editor/document";

export interface HeatNode {
  node: string;
  visits: number;
  failed: number;
  median_ms: number | null;
  p95_ms: number | null;
  max_ms: number | null;
  total_ms: number;
  waiting: number;
  waiting_since: string | null;
  incidents: number;
}

export interface HeatMap {
  flow_key: string;
  version: number | null;
  drawn: number | null;
  document: FlowDocument | null;
  from: string;
  to: string;
  behind: number;
  counted: number;
  instances: Omit<HeatNode, "node" | "waiting" | "waiting_since" | "incidents">;
  open: number;
  nodes: HeatNode[];
  edges: Record<string, number>;
  versions: number[];
}

export const MEASURES = ["median", "p95", "total", "failed", "waiting"] as const;
export type Measure = (typeof MEASURES)[number];

export const DAYS = [7, 30, 90, 365] as const;

/** The number of a node that the map is drawn by. */
export function measured(row: HeatNode, measure: Measure): number {
  if (measure === "median") return row.median_ms ?? 0;
  if (measure === "p95") return row.p95_ms ?? 0;
  if (measure === "total") return row.total_ms;
  if (measure === "failed") return row.failed + row.incidents;
  return row.waiting;
}

/** 0 to 1 for each node. Times differ by a million, so they are as warm as their length in digits. */
export function warmth(nodes: readonly HeatNode[], measure: Measure): Map<string, number> {
  const long = measure === "median" || measure === "p95" || measure === "total";
  const scaled = (row: HeatNode) => {
    const value = measured(row, measure);
    return long ? Math.log10(1 + value / 1_000) : value;
  };
  const most = Math.max(0, ...nodes.map(scaled));
  return new Map(
    nodes
      .filter((row) => scaled(row) > 0)
      .map((row) => [row.node, most === 0 ? 0 : scaled(row) / most]),
  );
}

/** The words on the nodes and the counts on the lines. */
export function marksOf(map: HeatMap, measure: Measure, words: (row: HeatNode) => string): Marks {
  const nodes = new Map(
    map.nodes
      .filter((row) => row.visits > 0 || measured(row, measure) > 0)
      .map((row) => [row.node, { status: words(row), times: row.visits }]),
  );
  return { nodes, edges: new Map(Object.entries(map.edges)) };
}

/** Only words without a colon or a dot may be looked for among the texts; a number with a point is its own text. */
export function plain(text: string): string {
  return text.replaceAll(":", "꞉");
}
