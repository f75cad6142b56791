// What is wrong with the flow as it is drawn, asked of the server while one works; and what can be mended at once.

import { useEffect, useMemo } from "react";
import { api, type Problem } from "../api/client";
import { useRoleDialog } from "../directory/roleDialog";
import type { ProblemMark } from "./canvas/elements";
import type { FlowDocument } from "./document";
import { useProblemWords } from "./problemWords";
import { useDocument, useEditor } from "./store";

const QUIET_MS = 400;

/** Keeps `problems` of the store up to date. */
export function useChecking(key: string): void {
  const document = useDocument();
  const setProblems = useEditor((state) => state.setProblems);
  const rolesFilled = useRoleDialog((state) => state.saved);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a role that was filled is another answer to the same drawing
  useEffect(() => {
    if (document.key === "") return;
    const abort = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const answer = await api.post<{ problems: Problem[] }>(
          `/api/flows/${key}/check`,
          { document },
          { signal: abort.signal },
        );
        setProblems(answer.problems.map((problem) => located(problem, document)));
      } catch {
        // Without an answer the earlier problems stay; saving tells about the connection.
      }
    }, QUIET_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [document, key, setProblems, rolesFilled]);
}

/** Which node or line a problem is about, also when only its path says so. */
function located(problem: Problem, document: FlowDocument): Problem {
  const [, list, index] = /^\/?(nodes|edges)\/(\d+)/.exec(problem.path) ?? [];
  if (list === "nodes" && problem.node === undefined) {
    const node = document.nodes[Number(index)];
    if (node !== undefined) return { ...problem, node: node.id };
  }
  if (list === "edges" && problem.edge === undefined) {
    const edge = document.edges[Number(index)];
    if (edge !== undefined) return { ...problem, edge: edge.id };
  }
  return problem;
}

export function isError(problem: Problem): boolean {
  return problem.severity !== "warning";
}

/** The badges of the nodes. */
export function useProblemMarks(): ReadonlyMap<string, ProblemMark> {
  const problemWords = useProblemWords(true);
  const problems = useEditor((state) => state.problems);
  return useMemo(() => {
    const marks = new Map<string, ProblemMark>();
    for (const problem of problems) {
      if (problem.node === undefined) continue;
      const mark = marks.get(problem.node) ?? { severity: "warning", messages: [] };
      const event = /^\/?nodes\/\d+\/events\/(\d+)/.exec(problem.path)?.[1];
      marks.set(problem.node, {
        ...mark,
        ...(event === undefined ? {} : { events: [...(mark.events ?? []), Number(event)] }),
        severity: isError(problem) ? "error" : mark.severity,
        messages: [...mark.messages, problemWords(problem)],
      });
    }
    return marks;
  }, [problems, problemWords]);
}
