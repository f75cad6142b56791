// What is wrong with the flow as it is drawn, asked of the server while one works; and what can be mended at once.

import { useEffect, useMemo } from "react";
import { addressOf, api, type Problem } from "../api/client";
import { useRoleDialog } from "../directory/roleDialog";
import type { ProblemMark } from "./canvas/elements";
import { addNode } from "./commands/addNode";
import { connect } from "./commands/connect";
import { disconnect } from "./commands/disconnect";
import { removeSelection } from "./commands/removeSelection";
import { renameNode } from "./commands/renameNode";
import { setEvents } from "./commands/setEvents";
import { setSettings } from "./commands/setSettings";
import { setVisitsMax } from "./commands/setVisitsMax";
import {
  eventsOf,
  type FlowDocument,
  type FlowNode,
  freshName,
  freshNodeId,
  nodeOf,
  openExits,
} from "./document";
import { pathInForm } from "./form/context";
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
  const problemWords = useProblemWords();
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

/** Leads to the place of a problem: its node and field, or its line. */
export function openProblem(problem: Problem): void {
  const { goTo, select, show } = useEditor.getState();
  show("inspector");
  if (problem.node !== undefined) goTo(problem.node, pathInForm(problem) ?? undefined);
  else if (problem.edge !== undefined) select({ edges: [problem.edge] });
  else select({});
}

export interface Fix {
  labelKey: string;
  run: () => void;
}

/** A mend so obvious that one button does it. */
export function fixFor(problem: Problem, document: FlowDocument): Fix | null {
  const { run, goTo, types } = useEditor.getState();
  const node = nodeOf(document, problem.node ?? "");
  const role = problem.params?.["role"];
  if (problem.code === "role_unknown" && typeof role === "string") {
    return { labelKey: "fix.create_role", run: () => void createRole(role) };
  }
  const screen = SCREENS[problem.code];
  if (screen !== undefined) {
    return { labelKey: screen.labelKey, run: () => window.open(addressOf(screen.path), "_blank") };
  }
  const own = node === undefined ? null : fixOfNode(problem, node, document);
  if (own !== null) return own;
  if (/role|backup/.test(problem.code) && typeof role === "string") {
    const backup = /backup/.test(problem.code);
    return {
      labelKey: backup ? "fix.add_backup" : "fix.fill_role",
      run: () => useRoleDialog.getState().ask(role),
    };
  }
  const lacksStart = !document.nodes.some((each) => types.get(each.type)?.starts);
  if (problem.edge !== undefined && problem.node === undefined) {
    const edge = problem.edge;
    return { labelKey: "fix.remove_line", run: () => run(disconnect, { edge }) };
  }
  if (node === undefined) {
    if (lacksStart && /start/.test(problem.code)) {
      return {
        labelKey: "fix.add_start",
        run: () => {
          const id = freshNodeId(document, "start");
          if (run(addNode, { id, type: "start" })) goTo(id);
        },
      };
    }
    if (problem.code === "no_end") return endFix(document);
    return null;
  }
  if (/unreachable|not_reachable/.test(problem.code)) {
    return {
      labelKey: "fix.remove_node",
      run: () => run(removeSelection, { nodes: [node.id], edges: [], notes: [] }),
    };
  }
  const port = portOf(problem, document);
  if (port === undefined || !/port|connected|edge|way/.test(problem.code)) return null;
  const end = document.nodes.find((each) => types.get(each.type)?.ends);
  if (end === undefined) {
    return {
      labelKey: "fix.add_end",
      run: () => {
        const id = freshNodeId(document, "end");
        if (run(addNode, { id, type: "end", after: { node: node.id, port } })) goTo(id);
      },
    };
  }
  return {
    labelKey: "fix.to_end",
    run: () => run(connect, { from: node.id, port, to: end.id }),
  };
}

/** What is missing elsewhere: the screen where it is made, beside the drawing. */
const SCREENS: Record<string, { labelKey: string; path: string }> = {
  decision_unknown: { labelKey: "fix.decision_tables", path: "/decision-tables" },
  decision_unpublished: { labelKey: "fix.decision_tables", path: "/decision-tables" },
  connection_unknown: { labelKey: "fix.connections", path: "/connections" },
  connection_kind_wrong: { labelKey: "fix.connections", path: "/connections" },
};

const VISITS = 10;

/** Mends of one node's settings, each a command and so one step to undo. */
function fixOfNode(problem: Problem, node: FlowNode, document: FlowDocument): Fix | null {
  const { run } = useEditor.getState();
  const { code } = problem;
  if (code === "repeats_freely") {
    const settings = { ...node.settings, effect: "keyed" };
    return { labelKey: "fix.give_key", run: () => run(setSettings, { node: node.id, settings }) };
  }
  if (code === "loop_without_wait") {
    return {
      labelKey: "fix.bound_visits",
      run: () => run(setVisitsMax, { node: node.id, visits_max: VISITS }),
    };
  }
  if (code === "name_twice") {
    const name = freshName(document, node.name ?? {});
    return { labelKey: "fix.other_name", run: () => run(renameNode, { node: node.id, name }) };
  }
  const event = /\/events\/(\d+)/.exec(problem.path)?.[1];
  if (/^event_(never|at_end|shadowed)$/.test(code) && event !== undefined) {
    const events = eventsOf(node).filter((_, index) => index !== Number(event));
    return { labelKey: "fix.remove_event", run: () => run(setEvents, { node: node.id, events }) };
  }
  return null;
}

/** An end behind the first exit that leads nowhere. */
function endFix(document: FlowDocument): Fix | null {
  const { run, goTo, types } = useEditor.getState();
  for (const node of document.nodes) {
    const port = openExits(document, node, types)[0];
    if (port === undefined) continue;
    return {
      labelKey: "fix.add_end",
      run: () => {
        const id = freshNodeId(document, "end");
        if (run(addNode, { id, type: "end", after: { node: node.id, port: port.name } })) goTo(id);
      },
    };
  }
  return null;
}

/** A role by that key, and then the dialog that asks who is in it. Who may not make roles sees that dialog's own words. */
async function createRole(role: string): Promise<void> {
  try {
    await api.post("/api/roles", { key: role, title: { zh: role, en: role } });
  } catch {
    // There already, or not allowed: the dialog says what can be done.
  }
  useRoleDialog.getState().tell();
  useRoleDialog.getState().ask(role);
}

function portOf(problem: Problem, document: FlowDocument): string | undefined {
  const { types } = useEditor.getState();
  const node = nodeOf(document, problem.node ?? "");
  if (node === undefined) return undefined;
  const open = openExits(document, node, types).filter((port) => port.required);
  const named = problem.params?.["port"];
  return (
    open.find((port) => port.name === named)?.name ??
    (named === undefined ? open[0]?.name : undefined)
  );
}
