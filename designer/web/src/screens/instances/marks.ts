// Where a case has been and how it stands, as marks on the drawing.

import type { TFunction } from "i18next";
import type { Mark, Marks } from "../../editor/canvas/elements";
import { span } from "../../editor/duration";
import type { InstanceDetail, Step } from "./instance";
import type { Past } from "./TimeTravel";

/** What of several visits is shown: trouble first, then what is going on, then what is done. */
const WEIGHT: Record<string, number> = {
  failed: 5,
  incident: 5,
  running: 4,
  waiting: 3,
  done: 2,
  interrupted: 1,
  skipped: 1,
  cancelled: 0,
};

export function marksOf(instance: InstanceDetail, t: TFunction<"editor">): Marks {
  const nodes = new Map<string, Mark>();
  for (const step of instance.steps) {
    const before = nodes.get(step.node);
    const status = shownStatus(step);
    const heavier = before === undefined || (WEIGHT[status] ?? 0) >= (WEIGHT[before.status] ?? 0);
    const mark: Mark = {
      status: heavier ? status : before.status,
      times: (before?.times ?? 0) + 1,
    };
    const duration = heavier ? durationOf(step.duration_ms, t) : before.duration;
    if (duration !== undefined) mark.duration = duration;
    nodes.set(step.node, mark);
  }
  return { nodes, edges: new Map(Object.entries(instance.edges)) };
}

/** The same for a moment of the past: open steps as they stood, and as done what had ended by then. */
export function marksAt(instance: InstanceDetail, past: Past, t: TFunction<"editor">): Marks {
  const open = new Set(past.steps.map((step) => step.id));
  const newest = Math.max(0, ...open, Number(past.event?.step ?? 0));
  const moment = Date.parse(past.at);
  const done = instance.steps.filter(
    (step) =>
      !open.has(Number(step.step)) &&
      step.ended_at !== null &&
      Date.parse(step.ended_at) <= moment &&
      (Date.parse(step.ended_at) < moment || Number(step.step) <= newest),
  );
  const marks = marksOf({ ...instance, steps: done, edges: {} }, t);
  const nodes = new Map(marks.nodes);
  for (const step of past.steps) {
    const times = (nodes.get(step.node)?.times ?? 0) + 1;
    nodes.set(step.node, { status: step.wait === "job" ? "running" : "waiting", times });
  }
  for (const token of past.tokens) {
    if (token.kind !== "step" && token.node !== undefined && !nodes.has(token.node))
      nodes.set(token.node, { status: "waiting" });
  }
  // Which edges were taken follows from the nodes at both their ends; the exact number is of no use here.
  const edges = new Map(
    Object.entries(instance.edges).map(([id, times]) => {
      const edge = instance.document.edges.find((each) => each.id === id);
      const seen = edge !== undefined && nodes.has(edge.from) && nodes.has(edge.to);
      return [id, seen ? Math.min(1, times) : 0] as const;
    }),
  );
  return { nodes, edges };
}

/** A step that left by its error way went on, but it did not go well. */
export function shownStatus(step: Step): string {
  return step.status === "done" && step.ports.includes("error") ? "failed" : step.status;
}

/** What took no time one could notice says nothing. */
function durationOf(milliseconds: number | null, t: TFunction<"editor">): string | undefined {
  return milliseconds === null || milliseconds < 50 ? undefined : span(milliseconds, t);
}
