import fc from "fast-check";
import { expect, test } from "vitest";
import type { FlowDocument } from "../document";
import { lines, refundFlow, types } from "../testing";
import { built, drawn, shape } from "./testing";
import { graphOf, readTree, type Sequence, type Tree } from "./tree";

function fitting(document: FlowDocument): Tree {
  const reading = readTree(document, types);
  expect(reading.misfits).toBeNull();
  if (reading.tree === null) throw new Error("no tree");
  expect(graphOf(reading.tree, document)).toEqual({
    nodes: document.nodes.map((node) => node.id).sort(),
    lines: lines(document),
  });
  return reading.tree;
}

/** "a [b | c →x] d": branches in brackets, what hangs beside in braces, → where it goes on elsewhere. */
function told({ items, exit }: Sequence): string {
  const words = items.map((item) => {
    const columns = item.columns.map((column) => told(column.steps)).join(" | ");
    const sides = item.sides.map((side) => `${side.line.port}: ${told(side.steps)}`).join(", ");
    const join = item.join === null ? "" : `=${item.join}`;
    return `${item.node}${item.columns.length > 0 ? `[${columns}]${join}` : ""}${sides && `{${sides}}`}`;
  });
  const end = { end: "", meet: "", open: "?", jump: exit.kind === "jump" ? `→${exit.to}` : "" };
  return [...words, end[exit.kind]].filter(Boolean).join(" ");
}

test("a choice, an approval and an end that both lead to", () => {
  expect(told(fitting(refundFlow()).root)).toBe("check[ask{rejected: →done} | ] done");
});

test("branches that go on at the same time meet at a join, which belongs to them", () => {
  const document = drawn({ s: "start", p: "split", a: "timer", b: "timer", j: "join", e: "end" }, [
    "s.out p",
    "p.out a",
    "p.out b",
    "a.out j",
    "b.out j",
    "j.out e",
  ]);

  expect(told(fitting(document).root)).toBe("p[a | b]=j e");
});

test("a way back, a shared way of refusal, and a branch with an end of its own", () => {
  const document = drawn(
    {
      s: "start",
      c: "condition",
      a: "approval",
      b: "approval",
      no: "timer",
      refused: "end",
      change: "timer",
      pay: "timer",
      done: "end",
      stop: "end",
    },
    [
      "s.out c",
      "c.b0 stop",
      "c.b1 a",
      "c.else b",
      "a.approved pay",
      "b.approved pay",
      "a.rejected no",
      "b.rejected no",
      "no.out refused",
      "a.returned change",
      "change.out c",
      "pay.out done",
    ],
  );

  expect(told(fitting(document).root)).toBe(
    "c[stop | a{rejected: no refused, returned: change →c} | b{rejected: →no}] pay done",
  );
});

test("branches that weave into each other do not fit, and the step is named", () => {
  const document = drawn(
    { s: "start", c: "condition", a: "timer", b: "timer", m: "timer", n: "timer", e: "end" },
    ["s.out c", "c.x a", "c.y b", "c.else n", "a.out m", "b.out m", "m.out n", "n.out e"],
  );

  expect(readTree(document, types)).toEqual({
    tree: null,
    misfits: [{ reason: "crossing", nodes: ["m"] }],
  });
});

test("starts that lead to different steps do not fit; no start neither", () => {
  const apart = drawn({ s: "start", t: "start", a: "timer", b: "end" }, ["s.out a", "t.out b"]);

  expect(readTree(apart, types).misfits).toEqual([{ reason: "starts_apart", nodes: ["s", "t"] }]);
  expect(readTree(drawn({ e: "end" }, []), types).misfits?.[0]?.reason).toBe("no_start");
});

test("what no way leads to is kept aside with its lines", () => {
  const document = drawn({ s: "start", e: "end", x: "timer", y: "timer" }, [
    "s.out e",
    "x.out y",
    "y.out e",
  ]);

  const tree = fitting(document);

  expect([told(tree.root), tree.loose]).toEqual(["e", ["x", "y"]]);
});

test("any flow made of blocks is read as those blocks, and told as the same graph", () => {
  fc.assert(
    fc.property(shape, (items) => {
      const [document, words] = built(items);
      const frozen = structuredClone(document);

      expect(told(fitting(document).root).replace(/→no|: no/g, ": no")).toBe(
        words.replace(/→no|: no/g, ": no"),
      );
      expect(document).toEqual(frozen);
    }),
    { numRuns: 200 },
  );
});
