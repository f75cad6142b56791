// Whom a flow asks its initiator to choose: each name once, with the step it is for.

import { type Assignee, assigneesOf } from "../editor/approval/assignee";
import type { Text } from "../ui/text";

interface Node {
  id: string;
  name?: Text;
  settings: Record<string, unknown>;
}

export interface Choice {
  name: string;
  /** The step whose people are chosen, and what it is called. */
  node: string;
  title: Text;
  least: number;
  most: number | null;
  among: Assignee[];
}

export function choicesOf(nodes: readonly Node[]): Choice[] {
  const found = new Map<string, Choice>();
  for (const node of nodes) {
    for (const each of assigneesOf(node.settings["assignees"])) {
      if (each.kind !== "chosen" || !each.name) continue;
      const known = found.get(each.name);
      const most = [each.max, known?.most].filter((max) => typeof max === "number");
      found.set(each.name, {
        name: each.name,
        node: known?.node ?? node.id,
        title: known?.title ?? node.name ?? {},
        least: Math.max(each.min ?? 1, known?.least ?? 1),
        most: most.length === 0 ? null : Math.min(...most),
        among: known?.among.length ? known.among : (each.among ?? []),
      });
    }
  }
  return [...found.values()];
}

export type Chosen = Record<string, string[]>;

/** The first choice with too few or too many people. */
export function unanswered(choices: readonly Choice[], chosen: Chosen): Choice | undefined {
  return choices.find(({ name, least, most }) => {
    const count = chosen[name]?.length ?? 0;
    return count < least || (most !== null && count > most);
  });
}

/** The input as it is sent: with the people, where the flow asks for some. */
export function withChosen(
  input: Record<string, unknown>,
  choices: readonly Choice[],
  chosen: Chosen,
): Record<string, unknown> {
  return choices.length === 0 ? input : { ...input, chosen };
}
