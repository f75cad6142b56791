// @vitest-environment jsdom
import { beforeEach, expect, test } from "vitest";
import { addFromPalette } from "./actions";
import { nodeOf } from "./document";
import { useEditor } from "./store";
import { refundFlow, types } from "./testing";

const CENTRE = { x: 0, y: 0 };
const edges = () =>
  useEditor.getState().history.present.edges.map(({ from, to }) => `${from} ${to}`);

beforeEach(() => {
  localStorage.clear();
  useEditor.getState().open(refundFlow(), types, false);
});

test("behind a node whose only way out is taken, a node from the palette lands in the line", () => {
  const [only] = useEditor.getState().history.present.edges.filter(({ from }) => from === "start");
  useEditor.setState({ selection: { nodes: ["start"], edges: [], notes: [] } });

  const id = addFromPalette("approval", CENTRE) ?? "";

  expect(edges()).toContain(`start ${id}`);
  expect(edges()).toContain(`${id} ${only?.to}`);
  expect(edges()).not.toContain(`start ${only?.to}`);
});

test("an end, and what is added while nothing is selected, stands free", () => {
  const before = edges();
  useEditor.setState({ selection: { nodes: ["start"], edges: [], notes: [] } });

  const end = addFromPalette("end", CENTRE) ?? "";
  useEditor.setState({ selection: { nodes: [], edges: [], notes: [] } });
  const alone = addFromPalette("approval", CENTRE) ?? "";

  expect(edges()).toEqual(before);
  expect(nodeOf(useEditor.getState().history.present, end)).toBeDefined();
  expect(nodeOf(useEditor.getState().history.present, alone)).toBeDefined();
});
