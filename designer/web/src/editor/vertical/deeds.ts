// What is done in the vertical look, in the words of commands; then the step is selected and has the focus.

import { addBranch } from "../commands/addBranch";
import { copyBlock } from "../commands/copyBlock";
import { moveBlock } from "../commands/moveBlock";
import { removeBlock } from "../commands/removeBlock";
import { removeBranch } from "../commands/removeBranch";
import { removeSelection } from "../commands/removeSelection";
import type { Position } from "../document";
import { useEditor } from "../store";
import { type Gap, placeAfter, placesOf } from "./places";
import {
  blockOf,
  branchNodes,
  type Item,
  itemOf,
  itemsOf,
  meetingOf,
  readTree,
  type Tree,
  type Way,
} from "./tree";

const state = () => useEditor.getState();

function now() {
  const { history, types } = state();
  return { document: history.present, tree: readTree(history.present, types).tree };
}

/** The step before this one in the order it is read, to go to when this one is gone. */
function before(tree: Tree, node: string): string | undefined {
  let last: string | undefined;
  for (const item of itemsOf(tree)) {
    if (item.node === node) return last;
    last = item.node;
  }
  return undefined;
}

export function takeOutStep(node: string): void {
  const { document, tree } = now();
  const item = tree === null ? undefined : itemOf(tree, node);
  const { run, goTo } = state();
  if (tree === null || item === undefined || tree.starts.includes(item)) {
    run(removeSelection, { nodes: [node], edges: [], notes: [] });
    return;
  }
  const last = before(tree, item.node);
  if (run(removeBlock, blockOf(document, item)) && last !== undefined) goTo(last);
}

export function copyStep(node: string): void {
  const { document, tree } = now();
  const item = tree === null ? undefined : itemOf(tree, node);
  const place = item === undefined ? null : placeAfter(item);
  if (item === undefined || place === null) return;
  const known = new Set(document.nodes.map((each) => each.id));
  if (!state().run(copyBlock, { block: blockOf(document, item), place })) return;
  const made = state().history.present.nodes.find((each) => !known.has(each.id));
  if (made !== undefined) state().goTo(made.id);
}

export function moveStepTo(node: string, place: Gap): boolean {
  const { document, tree } = now();
  const item = tree === null ? undefined : itemOf(tree, node);
  if (item === undefined) return false;
  const done = state().run(moveBlock, { block: blockOf(document, item), place });
  if (done) state().goTo(item.node);
  return done;
}

/** To the next place above or below that takes it; in its own lane: onto a side exit one drags it. */
export function moveStep(node: string, by: 1 | -1): void {
  const { document, tree } = now();
  const item = tree === null ? undefined : itemOf(tree, node);
  if (tree === null || item === undefined) return;
  const inside = new Set(blockOf(document, item).nodes);
  const places = placesOf(tree);
  const leads = (place: Gap) =>
    "edges" in place
      ? document.edges.some((edge) => place.edges.includes(edge.id) && edge.to === item.node)
      : false;
  const here = places.findIndex(leads);
  const lane = places[here]?.lane ?? "";
  const own = places.findLastIndex((place) => inside.has(place.after));
  const further =
    by === 1 ? places.slice(Math.max(here, own) + 1) : places.slice(0, Math.max(0, here)).reverse();
  for (const place of further)
    if (place.lane === lane && !inside.has(place.after) && moveStepTo(node, place)) return;
}

export function removeWay(item: Item, way: Way): void {
  const { document } = now();
  const { port, edge } = way.line;
  const done = state().run(removeBranch, {
    node: item.node,
    port,
    edge,
    nodes: branchNodes(document, way),
  });
  if (done && state().history.present.nodes.some((node) => node.id === item.node))
    state().goTo(item.node);
}

/** A choice gets its branch at once; on a split one is asked what the new way begins with. */
export function addWayTo(item: Item, at: Position): void {
  const { document } = now();
  const to = meetingOf(document, item);
  const met = to === undefined ? {} : { to };
  if (item.kind === "parallel")
    state().openMenu({ wish: { kind: "way", node: item.node, ...met }, at });
  else state().run(addBranch, { node: item.node, ...met });
}

/** Asks what comes after a step, or before it. */
export function askBeside(node: string, where: "after" | "before", at: Position): void {
  const { document, tree } = now();
  if (tree === null || state().readOnly) return;
  const item = itemOf(tree, node);
  const place =
    where === "after"
      ? item && placeAfter(item)
      : placesOf(tree).find(
          (each) =>
            "edges" in each &&
            document.edges.some((edge) => each.edges.includes(edge.id) && edge.to === node),
        );
  if (place) state().openMenu({ wish: { kind: "place", place, node }, at });
}
