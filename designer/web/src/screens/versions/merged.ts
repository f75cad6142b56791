// Two versions drawn over one another: everything of the newer one, and what it has lost where it stood.

import type { Marks } from "../../editor/canvas/elements";
import { type FlowDocument, type NodeTypes, portsOf, sizeOf } from "../../editor/document";
import type { Change, Difference } from "./versions";

export interface Merged {
  document: FlowDocument;
  marks: Marks;
  /** Edge → how it changed; those not named are the same. */
  edges: Map<string, Change>;
}

const APART = 24;

export function merged(
  before: FlowDocument,
  after: FlowDocument,
  changes: Difference[],
  types: NodeTypes,
  quiet: boolean,
): Merged {
  const shown = changes.filter((one) => quiet || !one.quiet);
  const of = (kind: string) =>
    new Map(shown.filter((one) => one.kind === kind).map((one) => [one.id, one.change]));
  const nodeChanges = of("node");
  const gone = before.nodes.filter((node) => nodeChanges.get(node.id) === "removed");
  const nodes = [...after.nodes];
  for (const node of gone) {
    const { width, height } = sizeOf(node, types);
    let { x, y } = node.position;
    // Not on top of what stands there now.
    while (
      nodes.some((other) => {
        const size = sizeOf(other, types);
        return (
          x < other.position.x + size.width &&
          other.position.x < x + width &&
          y < other.position.y + size.height &&
          other.position.y < y + height
        );
      })
    )
      y += height + APART;
    nodes.push({ ...node, position: { x, y } });
  }
  const known = new Map(nodes.map((node) => [node.id, node]));
  const edgeChanges = of("edge");
  const ids = new Set(after.edges.map((edge) => edge.id));
  const lost = before.edges.filter((edge) => {
    const change = edgeChanges.get(edge.id);
    if (change !== "removed" && change !== "changed") return false;
    const source = known.get(edge.from);
    // An exit that is no longer there cannot be drawn; the list says it.
    return (
      source !== undefined &&
      known.has(edge.to) &&
      portsOf(source, types).some((port) => port.name === edge.port)
    );
  });
  const edges = new Map<string, Change>();
  for (const [id, change] of edgeChanges) if (change !== "removed") edges.set(id, change);
  const old = lost.map((edge) => {
    const id = ids.has(edge.id) ? `${edge.id} (before)` : edge.id;
    edges.set(id, "removed");
    return { ...edge, id };
  });
  const drawn = [...after.edges, ...old];
  return {
    document: { ...after, nodes, edges: drawn },
    marks: {
      nodes: new Map([...nodeChanges].map(([id, status]) => [id, { status }])),
      edges: new Map(drawn.filter((edge) => edges.has(edge.id)).map((edge) => [edge.id, 1])),
    },
    edges,
  };
}
