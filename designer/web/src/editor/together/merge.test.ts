// Two people in one drawing: nothing of either is lost, and both end with the same drawing.

import fc from "fast-check";
import { expect, test } from "vitest";
import { addNode } from "../commands/addNode";
import { connect } from "../commands/connect";
import { removeSelection } from "../commands/removeSelection";
import { setSettings } from "../commands/setSettings";
import { type FlowDocument, nodeOf, sameValue } from "../document";
import { refundFlow, types } from "../testing";
import { move } from "../walks";
import { chosen, merge } from "./merge";

const base = refundFlow();
const withSetting = (document: FlowDocument, node: string, settings: Record<string, unknown>) =>
  setSettings.run(document, { node, settings }, types);
const approval = base.nodes.find(({ type }) => type === "approval")?.id ?? "";

test("what one alone has changed is taken", () => {
  const settings = nodeOf(base, approval)?.settings ?? {};
  const mine = withSetting(base, approval, { ...settings, title: "Mine" });
  const theirs = withSetting(base, approval, { ...settings, due: "PT4H" });

  const { document, conflicts } = merge(base, mine, theirs, types);

  expect(conflicts).toEqual([]);
  expect(nodeOf(document, approval)?.settings).toEqual({
    ...settings,
    title: "Mine",
    due: "PT4H",
  });
});

test("what both have changed differently is a conflict, and either can be chosen", () => {
  const settings = nodeOf(base, approval)?.settings ?? {};
  const mine = withSetting(base, approval, { ...settings, title: "Mine" });
  const theirs = withSetting(base, approval, { ...settings, title: "Theirs" });

  const { document, conflicts } = merge(base, mine, theirs, types);

  expect(document).toEqual(theirs);
  expect(conflicts).toMatchObject([
    {
      kind: "field",
      path: ["nodes", approval, "settings", "title"],
      mine: "Mine",
      theirs: "Theirs",
    },
  ]);
  const [conflict] = conflicts;
  if (conflict === undefined) throw new Error("expected a conflict");
  expect(sameValue(chosen(document, conflict, conflict.mine), mine)).toBe(true);
  expect(sameValue(chosen(document, conflict, conflict.theirs), theirs)).toBe(true);
});

test("a step one took away and the other changed can be had back with its lines", () => {
  const settings = nodeOf(base, approval)?.settings ?? {};
  const mine = withSetting(base, approval, { ...settings, title: "Mine" });
  const theirs = removeSelection.run(base, { nodes: [approval], edges: [], notes: [] }, types);

  const { document, conflicts } = merge(base, mine, theirs, types);

  expect(nodeOf(document, approval)).toBeUndefined();
  const conflict = conflicts.find(({ kind }) => kind === "gone");
  if (conflict === undefined) throw new Error("expected a conflict");
  expect(conflict.path).toEqual(["nodes", approval]);
  const again = chosen(document, conflict, conflict.mine);
  expect(nodeOf(again, approval)?.settings["title"]).toBe("Mine");
  expect(again.edges.some(({ to }) => to === approval)).toBe(true);
  expect(nodeOf(chosen(again, conflict, conflict.theirs), approval)).toBeUndefined();
});

test("two new steps of one name are two steps, and mine is still meant by what names it", () => {
  const drawn = (title: string) => {
    const next = addNode.run(base, { id: "timer_x", type: "timer" }, types);
    const named = withSetting(next, "timer_x", { note: title });
    return withSetting(named, approval, {
      ...nodeOf(base, approval)?.settings,
      [title]: "timer_x.at",
    });
  };
  const { document } = merge(base, drawn("mine"), drawn("theirs"), types);
  const notes = document.nodes.filter(({ id }) => id.startsWith("timer_x"));

  expect(notes.map(({ settings }) => settings["note"]).sort()).toEqual(["mine", "theirs"]);
  const own = notes.find(({ settings }) => settings["note"] === "mine")?.id;
  expect(own).not.toBe("timer_x");
  expect(nodeOf(document, approval)?.settings["mine"]).toBe(`${own}.at`);
  expect(nodeOf(document, approval)?.settings["theirs"]).toBe("timer_x.at");
});

test("an exit that takes one line keeps one, and the other line can be chosen", () => {
  const free = base.edges[0];
  if (free === undefined) throw new Error("expected a line");
  const open = removeSelection.run(base, { nodes: [], edges: [free.id], notes: [] }, types);
  const targets = base.nodes.filter(({ id, type }) => id !== free.from && type !== "start");
  const [one, two] = targets.map(({ id }) =>
    connect.run(open, { from: free.from, port: free.port, to: id }, types),
  );
  if (one === undefined || two === undefined) throw new Error("expected two targets");

  const { document, conflicts } = merge(open, one, two, types);

  expect(sameValue(document, two)).toBe(true);
  const [conflict] = conflicts;
  if (conflict === undefined) throw new Error("expected a conflict");
  const again = chosen(document, conflict, conflict.mine);
  expect(again.edges.find(({ from, port }) => from === free.from && port === free.port)?.to).toBe(
    targets[0]?.id,
  );
});

test("branches, words and fields are put together, in the order of whoever changed it", () => {
  const fields = (...names: string[]) => ({
    ...base,
    input: {
      type: "object",
      properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])),
      required: names,
    },
  });
  const { document, conflicts } = merge(
    fields("a", "b"),
    fields("a", "b", "mine"),
    fields("b", "theirs"),
    types,
  );

  expect(conflicts).toEqual([]);
  expect(Object.keys(document.input?.properties ?? {}).sort()).toEqual(["b", "mine", "theirs"]);
  expect(document.input?.required).toEqual(["b", "theirs", "mine"]);
});

const walk = fc.array(move, { maxLength: 15 });
const walked = (
  start: FlowDocument,
  moves: ((document: FlowDocument) => [string, FlowDocument])[],
) => moves.reduce((document, each) => each(document)[1], start);

test("a merge is whole, and one who did nothing gets what the other did", () => {
  fc.assert(
    fc.property(walk, walk, (left, right) => {
      const mine = walked(base, left);
      const theirs = walked(base, right);

      expect(merge(base, base, theirs, types)).toEqual({ document: theirs, conflicts: [] });
      expect(sameValue(merge(base, mine, base, types).document, mine)).toBe(true);
      const { document } = merge(base, mine, theirs, types);
      expectSound(document);
      expect(sameValue(merge(base, mine, mine, types).document, mine)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test("nothing of either is lost: it stands in the drawing or in a conflict", () => {
  fc.assert(
    fc.property(walk, walk, (left, right) => {
      const mine = walked(base, left);
      const theirs = walked(base, right);
      const { document, conflicts } = merge(base, mine, theirs, types);
      const here = new Set(document.nodes.map(({ id }) => id));
      const told = new Set(conflicts.map(({ path }) => path[1]));

      for (const node of theirs.nodes) {
        if (nodeOf(mine, node.id) === undefined && nodeOf(base, node.id) !== undefined) continue;
        expect(here.has(node.id) || told.has(node.id), `their ${node.id}`).toBe(true);
      }
      const added = mine.nodes.filter(({ id }) => nodeOf(base, id) === undefined).length;
      const theirAdded = theirs.nodes.filter(({ id }) => nodeOf(base, id) === undefined);
      const both = theirAdded.filter((node) => sameValue(nodeOf(mine, node.id), node)).length;
      const news = document.nodes.filter(({ id }) => nodeOf(base, id) === undefined).length;
      expect(news).toBe(added + theirAdded.length - both);
    }),
    { numRuns: 100 },
  );
});

/** What the server and two browsers do: whoever keeps a draft over somebody else's takes that in first. */
test("two who draw at random end with the same drawing", () => {
  const turn = fc.record({ who: fc.constantFrom(0, 1), move: fc.option(move, { freq: 3 }) });
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 60 }), (turns) => {
      const server = { document: base, mark: 0 };
      const people = [0, 1].map(() => ({ known: base, mark: 0, present: base }));
      const sync = (person: (typeof people)[number]) => {
        if (person.mark !== server.mark) {
          const merged = merge(person.known, person.present, server.document, types);
          Object.assign(person, {
            known: server.document,
            mark: server.mark,
            present: merged.document,
          });
        }
        if (sameValue(person.present, server.document)) return;
        server.document = person.present;
        server.mark += 1;
        person.known = person.present;
        person.mark = server.mark;
      };
      for (const { who, move: each } of turns) {
        const person = people[who];
        if (person === undefined) continue;
        if (each === null) sync(person);
        else person.present = each(person.present)[1];
      }
      for (const person of [...people, ...people]) sync(person);

      const [left, right] = people;
      expect(sameValue(left?.present, right?.present)).toBe(true);
      expect(sameValue(left?.present, server.document)).toBe(true);
      expectSound(server.document);
    }),
    { numRuns: 200 },
  );
});

function expectSound(document: FlowDocument): void {
  const ids = new Set(document.nodes.map(({ id }) => id));
  expect(ids.size).toBe(document.nodes.length);
  expect(new Set(document.edges.map(({ id }) => id)).size).toBe(document.edges.length);
  for (const edge of document.edges) expect(ids.has(edge.from) && ids.has(edge.to)).toBe(true);
}
