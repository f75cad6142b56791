// Departments as a tree: what is shown, what is found, and where a department may go. Pure.

export interface TreeNode {
  id: string;
  name: string;
  parent_id: string | null;
  position: number;
  heads?: { name: string }[];
}

export interface Row<Node extends TreeNode> {
  node: Node;
  level: number;
  children: number;
  open: boolean;
  /** Its place among those beside it, from 1. */
  index: number;
  count: number;
  /** The search found this very one, not only something below it. */
  found: boolean;
}

export interface Place {
  parent_id: string | null;
  position: number;
}

/** Those right below; a parent that is gone counts as none. */
export function childrenOf<Node extends TreeNode>(
  nodes: readonly Node[],
  parent: string | null,
): Node[] {
  const known = new Set(nodes.map(({ id }) => id));
  return nodes
    .filter(
      ({ parent_id: above }) => (above !== null && known.has(above) ? above : null) === parent,
    )
    .sort((a, b) => a.position - b.position || a.name.localeCompare(b.name));
}

export function isBelow(nodes: readonly TreeNode[], id: string, above: string): boolean {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  let here = byId.get(id);
  for (let steps = 0; here !== undefined && steps <= nodes.length; steps += 1) {
    if (here.id === above) return true;
    here = here.parent_id === null ? undefined : byId.get(here.parent_id);
  }
  return false;
}

/** The rows as they are drawn. A search opens what leads to what it finds, and hides the rest. */
export function rowsOf<Node extends TreeNode>(
  nodes: readonly Node[],
  folded: ReadonlySet<string>,
  search = "",
): Row<Node>[] {
  const wanted = search.trim().toLowerCase();
  const found = new Set(nodes.filter((node) => matches(node, wanted)).map(({ id }) => id));
  const shown = (node: Node): boolean =>
    wanted === "" || found.has(node.id) || childrenOf(nodes, node.id).some(shown);
  const rows: Row<Node>[] = [];
  const seen = new Set<string>();
  const add = (parent: string | null, level: number) => {
    const here = childrenOf(nodes, parent).filter(shown);
    here.forEach((node, index) => {
      if (seen.has(node.id)) return;
      seen.add(node.id);
      const children = childrenOf(nodes, node.id).filter(shown).length;
      const open = wanted !== "" || !folded.has(node.id);
      rows.push({
        node,
        level,
        children,
        open,
        index: index + 1,
        count: here.length,
        found: wanted !== "" && found.has(node.id),
      });
      if (open) add(node.id, level + 1);
    });
  };
  add(null, 0);
  return rows;
}

function matches(node: TreeNode, wanted: string): boolean {
  if (wanted === "") return true;
  return [node.name, ...(node.heads ?? []).map(({ name }) => name)].some((each) =>
    each.toLowerCase().includes(wanted),
  );
}

export type Drop = "before" | "inside" | "after";

/** Where a department dropped at another one goes; null where it may not: into itself or what is below it. */
export function placeFor(
  nodes: readonly TreeNode[],
  id: string,
  target: string,
  drop: Drop,
): Place | null {
  const onto = nodes.find((node) => node.id === target);
  if (onto === undefined || isBelow(nodes, target, id)) return null;
  if (drop === "inside") {
    const last = childrenOf(nodes, target).filter((node) => node.id !== id);
    return changed(nodes, id, { parent_id: target, position: last.length });
  }
  const parent = parentIn(nodes, onto);
  const beside = childrenOf(nodes, parent).filter((node) => node.id !== id);
  const at = beside.findIndex((node) => node.id === target) + (drop === "after" ? 1 : 0);
  return changed(nodes, id, { parent_id: parent, position: at });
}

export type Step = "up" | "down" | "in" | "out";

/** The same by keyboard: a step among its neighbours, below the one before, or up a level. */
export function placeAfter(nodes: readonly TreeNode[], id: string, step: Step): Place | null {
  const node = nodes.find((each) => each.id === id);
  if (node === undefined) return null;
  const parent = parentIn(nodes, node);
  const beside = childrenOf(nodes, parent);
  const at = beside.findIndex((each) => each.id === id);
  const before = beside[at - 1];
  switch (step) {
    case "up":
      return before === undefined ? null : { parent_id: parent, position: at - 1 };
    case "down":
      return at >= beside.length - 1 ? null : { parent_id: parent, position: at + 1 };
    case "in":
      return before === undefined
        ? null
        : { parent_id: before.id, position: childrenOf(nodes, before.id).length };
    case "out": {
      const above = nodes.find((each) => each.id === parent);
      if (above === undefined) return null;
      const level = childrenOf(nodes, parentIn(nodes, above));
      return {
        parent_id: parentIn(nodes, above),
        position: level.findIndex((each) => each.id === above.id) + 1,
      };
    }
  }
}

/** The tree after a move, before the server has said so: its neighbours get places of their own. */
export function moved<Node extends TreeNode>(
  nodes: readonly Node[],
  id: string,
  place: Place,
): Node[] {
  const beside = childrenOf(nodes, place.parent_id).filter((node) => node.id !== id);
  const order = beside.map((node) => node.id);
  order.splice(place.position, 0, id);
  return nodes.map((node) => {
    const position = order.indexOf(node.id);
    if (node.id === id) return { ...node, parent_id: place.parent_id, position };
    return position < 0 ? node : { ...node, position };
  });
}

/** Where a department stands now, to put it back. */
export function placeOf(nodes: readonly TreeNode[], id: string): Place | null {
  const node = nodes.find((each) => each.id === id);
  if (node === undefined) return null;
  const parent = parentIn(nodes, node);
  return {
    parent_id: parent,
    position: childrenOf(nodes, parent).findIndex((each) => each.id === id),
  };
}

/** From the top down to this one. */
export function wayTo<Node extends TreeNode>(nodes: readonly Node[], id: string): Node[] {
  const way: Node[] = [];
  let here = nodes.find((node) => node.id === id);
  while (here !== undefined && !way.includes(here)) {
    way.unshift(here);
    const above: string | null = here.parent_id;
    here = nodes.find((node) => node.id === above);
  }
  return way;
}

function parentIn(nodes: readonly TreeNode[], node: TreeNode): string | null {
  return nodes.some(({ id }) => id === node.parent_id) ? node.parent_id : null;
}

function changed(nodes: readonly TreeNode[], id: string, place: Place): Place | null {
  const now = placeOf(nodes, id);
  const same = now?.parent_id === place.parent_id && now.position === place.position;
  return same ? null : place;
}
