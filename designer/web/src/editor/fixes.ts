// What of a problem can be mended at once, and where it is.

import { addressOf, api, type Problem } from "../api/client";
import { useRoleDialog } from "../directory/roleDialog";
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
import { useEditor } from "./store";

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
