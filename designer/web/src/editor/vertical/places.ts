// Where a step may be put in: between any two steps, and behind every exit that leads nowhere yet. Pure.

import type { Place } from "../blocks";
import { type Item, type Line, linesAfter, type Sequence, type Tree, type Way } from "./tree";

/** A place, the step it comes after, and the lane it lies in: the flow itself ("") or a side exit, as `node/port`. */
export type Gap = Place & { after: string; lane: string };

/** The place these lines make; null where there is none. */
export function placeFor(lines: readonly Line[]): Place | null {
  const edges = lines.flatMap((line) => line.edge ?? []);
  if (edges.length > 0) return { edges };
  const [open] = lines;
  return open === undefined ? null : { node: open.from, port: open.port };
}

/** The place behind a step. */
export function placeAfter(item: Item): Place | null {
  if (item.kind !== null && item.join === null && item.columns.length === 0)
    return { node: item.node, port: "out" };
  return placeFor(linesAfter(item));
}

/** The first place on a way. */
export function placeOn(way: Way): Place {
  return placeFor([way.line]) ?? { node: way.line.from, port: way.line.port };
}

/** All places, from the top down. */
export function placesOf(tree: Tree): Gap[] {
  const found: Gap[] = [];
  const add = (place: Place | null, after: string, lane: string) => {
    if (place !== null) found.push({ ...place, after, lane });
  };
  const [first] = tree.starts;
  if (first !== undefined)
    add(placeFor(tree.starts.flatMap((start) => start.line ?? [])), first.node, "");
  const through = (way: Way, lane: string) => {
    add(placeOn(way), way.line.from, lane);
    sequence(way.steps, lane);
  };
  const laneOf = (side: Way) => `${side.line.from}/${side.line.port}`;
  const sequence = ({ items }: Sequence, lane: string) => {
    for (const item of items) {
      for (const way of item.columns) through(way, lane);
      for (const side of item.sides) through(side, laneOf(side));
      add(placeAfter(item), item.node, lane);
    }
  };
  for (const start of tree.starts)
    for (const side of start.sides) sequence(side.steps, laneOf(side));
  sequence(tree.root, "");
  return found;
}
