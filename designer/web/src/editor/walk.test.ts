// Nothing is lost: long random walks over every command there is. `HEADRACE_WALK=10000` walks that many steps (`make walk`).

import { readFileSync } from "node:fs";
import { Validator } from "@cfworker/json-schema";
import { expect, test } from "vitest";
import type { Command } from "./command";
import { addBranch } from "./commands/addBranch";
import { addEvent } from "./commands/addEvent";
import { addNode } from "./commands/addNode";
import { addNote } from "./commands/addNote";
import { addSection } from "./commands/addSection";
import { addSteps } from "./commands/addSteps";
import { align } from "./commands/align";
import { autoLayout } from "./commands/autoLayout";
import { connect } from "./commands/connect";
import { copyBlock } from "./commands/copyBlock";
import { disconnect } from "./commands/disconnect";
import { distribute } from "./commands/distribute";
import { extractSubflow } from "./commands/extractSubflow";
import { inlineSubflow } from "./commands/inlineSubflow";
import { insertBefore } from "./commands/insertBefore";
import { insertOnEdge } from "./commands/insertOnEdge";
import { insertStep } from "./commands/insertStep";
import { moveBlock } from "./commands/moveBlock";
import { moveBranch } from "./commands/moveBranch";
import { moveNodes } from "./commands/moveNodes";
import { fragmentOf, paste } from "./commands/paste";
import { reconnect } from "./commands/reconnect";
import { removeBlock } from "./commands/removeBlock";
import { removeBranch } from "./commands/removeBranch";
import { removeSelection } from "./commands/removeSelection";
import { renameNode } from "./commands/renameNode";
import { replaceDocument } from "./commands/replaceDocument";
import { setEvents } from "./commands/setEvents";
import { setFlow } from "./commands/setFlow";
import { setForm } from "./commands/setForm";
import { setInput } from "./commands/setInput";
import { setNote } from "./commands/setNote";
import { setResult } from "./commands/setResult";
import { setSample } from "./commands/setSample";
import { setSettings } from "./commands/setSettings";
import { setVisitsMax } from "./commands/setVisitsMax";
import { toggleSection } from "./commands/toggleSection";
import {
  EVENT_KINDS,
  eventsOf,
  exitsOf,
  type FlowDocument,
  freshEventId,
  freshNodeId,
  freshNoteId,
  notesOf,
} from "./document";
import { begin, HISTORY_MAX, type History, record, redo, undo } from "./history";
import { expectOneEdgeEach, refundFlow, types } from "./testing";
import { placesOf } from "./vertical/places";
import { blockOf, branchNodes, itemsOf, meetingOf, readTree } from "./vertical/tree";

const STEPS = Number(process.env["HEADRACE_WALK"] ?? 1_000);
/** A walk as long as this comes past every command. */
const LONG = 5_000;
/** Needs two people: together/ walks with them. */
const ELSEWHERE = [
  "settle",
  // setSettings under a name of its own, for the history: mapping/ walks with them.
  "changeTransform",
  "clearMapping",
  "mapAutomatically",
  "mapField",
  "unmapField",
];
const NODES_MAX = 40;
const KINDS = ["condition", "approval", "timer", "split", "join", "end", "milestone"];
const schema = JSON.parse(readFileSync("../../engine/flow/flow.schema.json", "utf8"));
const validator = new Validator(schema, "2020-12", false);

/** Steps that can be taken again, from a number. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(1, sides);
  };
}

type Roll = ReturnType<typeof dice>;
type Step = (document: FlowDocument, roll: Roll) => FlowDocument;

const some = <Item>(items: readonly Item[], roll: Roll): Item | undefined =>
  items[roll(items.length)];

const on = <Args>(
  command: Command<Args>,
  args: (document: FlowDocument, roll: Roll) => NoInfer<Args> | null,
): [string, Step] =>
  [
    command.name,
    (document, roll) => {
      const given = args(document, roll);
      return given === null ? document : command.run(document, given, types);
    },
  ] as [string, Step];

const aNode = (document: FlowDocument, roll: Roll) => some(document.nodes, roll)?.id ?? "";
const anEdge = (document: FlowDocument, roll: Roll) => some(document.edges, roll)?.id ?? "";
const aNote = (document: FlowDocument, roll: Roll) => some(notesOf(document), roll)?.id ?? "";
const aKind = (roll: Roll) => some(KINDS, roll) ?? "timer";
const fresh = (document: FlowDocument, kind: string) => freshNodeId(document, kind);
const aPlace = (roll: Roll) => ({ x: roll(300) * 10, y: roll(200) * 10 });
const loose = (id: string) => ({ id, type: "timer", position: { x: 0, y: 0 }, settings: {} });
const items = (document: FlowDocument, roll: Roll) => [
  aNode(document, roll),
  aNode(document, roll),
  aNode(document, roll),
];
const aPort = (document: FlowDocument, id: string, roll: Roll) => {
  const node = document.nodes.find((each) => each.id === id);
  return node === undefined ? "out" : (some(exitsOf(node, types), roll)?.name ?? "out");
};
const aBlock = (document: FlowDocument, roll: Roll) => {
  const { tree } = readTree(document, types);
  if (tree === null) return null;
  const steps = [...itemsOf(tree)].filter((item) => !tree.starts.includes(item));
  const item = some(steps, roll);
  const place = some(placesOf(tree), roll);
  return item === undefined || place === undefined ? null : { item, place };
};
const aSplit = (document: FlowDocument, roll: Roll) => {
  const { tree } = readTree(document, types);
  if (tree === null) return null;
  const item = some(
    [...itemsOf(tree)].filter((each) => each.columns.length > 0),
    roll,
  );
  const column = item && some(item.columns, roll);
  return item === undefined || column === undefined ? null : { item, column };
};

const WALK: [string, Step][] = [
  on(addNode, (document, roll) => {
    const type = aKind(roll);
    const id = fresh(document, type);
    if (roll(3) === 0) return { id, type, position: aPlace(roll) };
    const node = aNode(document, roll);
    return { id, type, after: { node, port: aPort(document, node, roll) } };
  }),
  on(insertOnEdge, (document, roll) => {
    const type = aKind(roll);
    return { edge: anEdge(document, roll), id: fresh(document, type), type };
  }),
  on(insertBefore, (document, roll) => {
    const type = aKind(roll);
    return { node: aNode(document, roll), id: fresh(document, type), type };
  }),
  on(connect, (document, roll) => {
    const from = aNode(document, roll);
    return { from, port: aPort(document, from, roll), to: aNode(document, roll) };
  }),
  on(reconnect, (document, roll) => {
    const from = aNode(document, roll);
    const port = aPort(document, from, roll);
    return { edge: anEdge(document, roll), from, port, to: aNode(document, roll) };
  }),
  on(disconnect, (document, roll) => ({ edge: anEdge(document, roll) })),
  on(removeSelection, (document, roll) => ({
    nodes: [aNode(document, roll)],
    edges: roll(4) === 0 ? [anEdge(document, roll)] : [],
    notes: roll(4) === 0 ? [aNote(document, roll)] : [],
  })),
  on(paste, (document, roll) => ({
    fragment: fragmentOf(document, items(document, roll), [aNote(document, roll)]),
    offset: { x: 40, y: 40 },
  })),
  on(moveNodes, (document, roll) => ({
    positions: { [aNode(document, roll)]: aPlace(roll), [aNote(document, roll)]: aPlace(roll) },
  })),
  on(align, (document, roll) => ({
    items: items(document, roll),
    how: (["left", "center", "right", "top", "middle", "bottom"] as const)[roll(6)] ?? "left",
  })),
  on(distribute, (document, roll) => ({
    items: items(document, roll),
    along: roll(2) === 0 ? ("x" as const) : ("y" as const),
  })),
  on(autoLayout, (document, roll) => {
    const direction = roll(2) === 0 ? ("right" as const) : ("down" as const);
    if (roll(4) > 0) return { only: items(document, roll), direction };
    return { direction };
  }),
  on(addEvent, (document, roll) => {
    const kind = some(EVENT_KINDS, roll) ?? "timer";
    return { node: aNode(document, roll), id: freshEventId(document, kind), kind };
  }),
  on(setEvents, (document, roll) => {
    const node = some(
      document.nodes.filter((each) => eventsOf(each).length > 0),
      roll,
    );
    return node === undefined ? null : { node: node.id, events: eventsOf(node).slice(1) };
  }),
  on(setSettings, (document, roll) => {
    const node = some(document.nodes, roll);
    if (node === undefined) return null;
    return {
      node: node.id,
      settings: roll(3) === 0 ? {} : { ...node.settings, title: `${roll(9)}` },
    };
  }),
  on(renameNode, (document, roll) => ({
    node: aNode(document, roll),
    name: { zh: `步骤 ${roll(50)}`, ...(roll(2) === 0 ? { en: `Step ${roll(50)}` } : {}) },
  })),
  on(setResult, (document, roll) => ({
    node: aNode(document, roll),
    result: roll(2) === 0 ? "" : `found_${roll(20)}`,
  })),
  on(setVisitsMax, (document, roll) => ({
    node: aNode(document, roll),
    visits_max: roll(2) === 0 ? null : 1 + roll(9),
  })),
  on(addNote, (document, roll) =>
    notesOf(document).length > 8
      ? null
      : { id: freshNoteId(document), position: aPlace(roll), text: `Note ${roll(9)}` },
  ),
  on(addSection, (document, roll) =>
    notesOf(document).length > 8
      ? null
      : { id: freshNoteId(document), items: items(document, roll), text: "" },
  ),
  on(toggleSection, (document, roll) => ({ section: aNote(document, roll) })),
  on(setNote, (document, roll) => ({ note: aNote(document, roll), text: `Text ${roll(99)}` })),
  on(setFlow, (_, roll) => ({ description: { en: `About ${roll(9)}` } })),
  on(setInput, (_, roll) => ({
    input: { type: "object", properties: { [`field_${roll(5)}`]: { type: "number" } } },
  })),
  on(setSample, (_, roll) => ({ sample: { amount: roll(900) } })),
  on(setForm, (_, roll) => ({
    key: `form_${roll(3)}`,
    form: roll(3) === 0 ? null : { schema: { type: "object", properties: {} } },
  })),
  on(replaceDocument, (document, roll) =>
    roll(10) === 0 ? { document: { ...refundFlow(), key: document.key } } : null,
  ),
  on(extractSubflow, (document, roll) => ({
    nodes: [aNode(document, roll), aNode(document, roll)],
    id: fresh(document, "subflow"),
    flow: `part-${roll(5)}`,
    name: { en: "Part" },
  })),
  on(inlineSubflow, (document, roll) => {
    const node = some(
      document.nodes.filter((each) => each.type === "subflow"),
      roll,
    );
    return node === undefined ? null : { node: node.id, inner: refundFlow() };
  }),
  on(addSteps, (document, roll) => {
    const first = fresh(document, "timer");
    const kind = aKind(roll);
    const second = fresh({ ...document, nodes: [...document.nodes, loose(first)] }, kind);
    const node = aNode(document, roll);
    const steps = [
      { id: first, type: "timer", name: { en: "Wait" }, settings: { mode: "for" } },
      { id: second, type: kind, name: { en: "Then" }, settings: {} },
    ];
    const to = kind === "end" || roll(2) === 0 ? [] : [{ to: aNode(document, roll) }];
    const from = some(
      [
        { edge: anEdge(document, roll) },
        { node, port: aPort(document, node, roll) },
        { position: aPlace(roll) },
      ],
      roll,
    );
    return from === undefined ? null : { steps: [...steps, ...to], from };
  }),
  on(insertStep, (document, roll) => {
    const found = aBlock(document, roll);
    if (found === null) return null;
    const type = aKind(roll);
    return { place: found.place, id: fresh(document, type), type };
  }),
  on(moveBlock, (document, roll) => {
    const found = aBlock(document, roll);
    return found && { block: blockOf(document, found.item), place: found.place };
  }),
  on(copyBlock, (document, roll) => {
    const found = aBlock(document, roll);
    return found && { block: blockOf(document, found.item), place: found.place };
  }),
  on(removeBlock, (document, roll) => {
    const found = aBlock(document, roll);
    return found && blockOf(document, found.item);
  }),
  on(addBranch, (document, roll) => {
    const found = aSplit(document, roll);
    if (found === null) return null;
    const met = meetingOf(document, found.item);
    const step = { id: fresh(document, "timer"), type: "timer" };
    return { node: found.item.node, step, ...(met === undefined ? {} : { to: met }) };
  }),
  on(removeBranch, (document, roll) => {
    const found = aSplit(document, roll);
    if (found === null) return null;
    const { port, edge } = found.column.line;
    return { node: found.item.node, port, edge, nodes: branchNodes(document, found.column) };
  }),
  on(moveBranch, (document, roll) => {
    const found = aSplit(document, roll);
    if (found === null) return null;
    const { port, edge } = found.column.line;
    const branch = (found.item.kind === "parallel" ? edge : port) ?? "";
    return { node: found.item.node, branch, by: roll(2) === 0 ? (1 as const) : (-1 as const) };
  }),
];

test("the walk knows every command there is", () => {
  const files = Object.keys(import.meta.glob("./commands/*.ts"))
    .filter((file) => !file.endsWith(".test.ts"))
    .map((file) => file.replace(/^.*\/|\.ts$/g, ""))
    .filter((name) => !ELSEWHERE.includes(name));

  expect(WALK.map(([name]) => name).sort()).toEqual(files.sort());
});

test(
  `after ${STEPS} commands nothing is lost`,
  () => {
    const roll = dice(STEPS);
    const done = new Map<string, number>();
    let start = refundFlow();
    for (let at = 0; at < STEPS; ) {
      let history: History = begin(start);
      for (; history.past.length < HISTORY_MAX && at < STEPS; at += 1) {
        const crowded = history.present.nodes.length > NODES_MAX;
        const [label, step] = (crowded ? WALK[6] : some(WALK, roll)) as [string, Step];
        const after = step(history.present, roll);
        if (after === history.present) continue;
        done.set(label, (done.get(label) ?? 0) + 1);
        history = record(history, label, after, at * 5_000);
        const checked = validator.validate(after);
        expect(checked.valid, `${label} at ${at}: ${checked.errors[0]?.error}`).toBe(true);
        expectOneEdgeEach(after);
      }
      const end = history.present;
      const saved = JSON.parse(JSON.stringify(end));
      expect(saved, "save and load give the same").toEqual(end);

      let back = history;
      while (back.past.length > 0) back = undo(back);
      expect(back.present, "undo all is the start").toBe(start);
      let again = back;
      while (again.future.length > 0) again = redo(again);
      expect(again.present, "redo all is the end").toBe(end);
      start = end;
    }
    if (STEPS < LONG) return;
    const never = WALK.map(([name]) => name).filter((name) => !done.has(name));
    expect(never, "every command did something").toEqual([]);
  },
  STEPS * 60 + 20_000,
);
