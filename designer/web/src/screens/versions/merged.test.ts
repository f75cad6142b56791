import { expect, test } from "vitest";
import type { FlowDocument, NodeTypes } from "../../editor/document";
import { merged } from "./merged";
import type { Difference } from "./versions";

const types: NodeTypes = new Map();

function flow(ids: string[], edges: [string, string, string][]): FlowDocument {
  return {
    format: 1,
    key: "f",
    name: { en: "f" },
    nodes: ids.map((id, index) => ({
      id,
      type: "x",
      name: { en: id },
      position: { x: index * 300, y: 0 },
      settings: {},
    })),
    edges: edges.map(([id, from, to]) => ({ id, from, port: "out", to })),
  } as FlowDocument;
}

function change(kind: Difference["kind"], id: string, what: Difference["change"]): Difference {
  return { kind, id, change: what, quiet: what === "moved", fields: [] };
}

test("what was removed is drawn beside what stands in its place", () => {
  const found = merged(
    flow(["a", "old"], [["e1", "a", "old"]]),
    flow(["a", "new"], [["e2", "a", "new"]]),
    [change("node", "old", "removed"), change("node", "new", "added")],
    types,
    false,
  );

  expect(found.document.nodes.map((node) => node.id)).toEqual(["a", "new", "old"]);
  const [, fresh, gone] = found.document.nodes;
  expect(gone?.position.x).toBe(fresh?.position.x);
  expect(gone?.position.y).toBeGreaterThan(fresh?.position.y ?? 0);
  expect(found.marks.nodes.get("old")).toEqual({ status: "removed" });
});

test("quiet changes are marked only when asked for", () => {
  const same = flow(["a"], []);
  const moved = [change("node", "a", "moved")];

  expect(merged(same, same, moved, types, false).marks.nodes.size).toBe(0);
  expect(merged(same, same, moved, types, true).marks.nodes.size).toBe(1);
});
