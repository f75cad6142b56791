// The way a test run took, as marks on the drawing.

import type { TFunction } from "i18next";
import type { TestResult } from "../api/types";
import type { Mark, Marks } from "./canvas/elements";
import { span } from "./duration";

export function marksOf(test: TestResult, t: TFunction<"editor">): Marks {
  const nodes = new Map<string, Mark>();
  for (const step of test.steps) {
    const before = nodes.get(step.node);
    const mark: Mark = { status: step.status, times: (before?.times ?? 0) + 1 };
    if (step.virtual_ms !== undefined && step.virtual_ms > 0)
      mark.duration = span(step.virtual_ms, t);
    nodes.set(step.node, mark);
  }
  const edges = new Map<string, number>();
  for (const edge of test.edges ?? []) edges.set(edge, (edges.get(edge) ?? 0) + 1);
  return { nodes, edges };
}
