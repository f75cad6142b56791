// Where a case has been and how it stands, as marks on the drawing.

import type { TFunction } from "i18next";
import type { Mark, Marks } from "../../editor/canvas/elements";
import { span } from "../../editor/duration";
import type { InstanceDetail, Step } from "./instance";

/** What of several visits is shown: trouble first, then what is going on, then what is done. */
const WEIGHT: Record<string, number> = {
  failed: 5,
  incident: 5,
  running: 4,
  waiting: 3,
  done: 2,
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

/** A step that left by its error way went on, but it did not go well. */
export function shownStatus(step: Step): string {
  return step.status === "done" && step.ports.includes("error") ? "failed" : step.status;
}

/** What took no time one could notice says nothing. */
function durationOf(milliseconds: number | null, t: TFunction<"editor">): string | undefined {
  return milliseconds === null || milliseconds < 50 ? undefined : span(milliseconds, t);
}
