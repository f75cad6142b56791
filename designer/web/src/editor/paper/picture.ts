// The drawing as one SVG: for a file, for print, for a document. What the canvas shows, without what only a hand needs. Pure.

import { Position as Side } from "@xyflow/react";
import {
  type CanvasEdge,
  type CanvasNode,
  type Drawing,
  edgeElements,
  nodeElements,
  type StepElement,
} from "../canvas/elements";
import { drawnLine, fitting } from "../canvas/lineShape";
import { ENTRY } from "../canvas/route";
import {
  EVENT_FIRST,
  EVENT_STEP,
  type FlowDocument,
  NODE_HEIGHT,
  type NodeTypes,
  PORT_HEIGHT,
  type Position,
} from "../document";
import type { Words } from "../sentence";
import { NOTHING } from "../store";

export interface Picture {
  svg: string;
  width: number;
  height: number;
}

const MARGIN = 40;
const FONT =
  "system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif";
const INK = "#1a2233";
const QUIET = "#5b6675";
const LINE = "#8a96a6";
const COLOURS: Record<string, string> = {
  start: "#12805c",
  control: "#6b3fc0",
  people: "#0958d9",
  time: "#9a5b00",
  data: "#0b7285",
  connect: "#b02a6b",
};
const NOTES = { yellow: "#fff4c2", blue: "#dcecff", green: "#dcf5e4", pink: "#fde3ee" };
const LINES: Record<string, string> = { good: "#12805c", bad: "#c0271d" };

/** The whole flow. `signs` are the pictures of the kinds of nodes, as SVG text by type. */
export function pictureOf(
  document: FlowDocument,
  types: NodeTypes,
  words: Words,
  signs: ReadonlyMap<string, string> = new Map(),
): Picture {
  const drawing: Drawing = {
    document,
    types,
    words,
    problems: new Map(),
    marks: null,
    selection: NOTHING,
    editable: false,
  };
  const nodes = nodeElements(drawing, []);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const lines = edgeElements(drawing, []).map((edge) => lineSvg(edge, byId));
  const boxes = [...nodes.map(boxOf), ...lines.map((line) => line.box)];
  const left = Math.min(0, ...boxes.map((box) => box.left)) - MARGIN;
  const top = Math.min(0, ...boxes.map((box) => box.top)) - MARGIN;
  const width = Math.ceil(Math.max(200, ...boxes.map((box) => box.right)) + MARGIN - left);
  const height = Math.ceil(Math.max(100, ...boxes.map((box) => box.bottom)) + MARGIN - top);
  const behind = nodes.filter((node) => node.type !== "step").map(frameSvg);
  const steps = nodes.flatMap((node) => (node.type === "step" ? [stepSvg(node, signs)] : []));
  const title = escaped(words.text(document.name) || document.key);
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${left} ${top} ${width} ${height}" font-family="${FONT}" font-size="13">`,
    `<title>${title}</title>`,
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="#ffffff"/>`,
    ...behind,
    ...lines.map((line) => line.svg),
    ...steps,
    "</svg>",
  ].join("\n");
  return { svg, width, height };
}

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

function boxOf(node: CanvasNode): Box {
  const { x, y } = node.position;
  return { left: x, top: y, right: x + (node.width ?? 0), bottom: y + (node.height ?? 0) };
}

function lineSvg(
  edge: CanvasEdge,
  nodes: ReadonlyMap<string, CanvasNode>,
): { svg: string; box: Box } {
  const nowhere = { svg: "", box: { left: 0, top: 0, right: 0, bottom: 0 } };
  const from = nodes.get(edge.source);
  const to = nodes.get(edge.target);
  if (from === undefined || to === undefined) return nowhere;
  const start = exitOf(from, edge.sourceHandle ?? "out");
  const end = { x: to.position.x, y: to.position.y + ENTRY };
  const label = edge.data?.label ?? "";
  const drawn = drawnLine(
    {
      sourceX: start.x,
      sourceY: start.y,
      targetX: end.x,
      targetY: end.y,
      sourcePosition: Side.Right,
      targetPosition: Side.Left,
      data: edge.data,
    },
    label !== "",
  );
  const route = edge.data?.route;
  const low = route?.way === "detour" ? route.y : Math.max(start.y, end.y);
  const colour = LINES[edge.data?.kind ?? ""] ?? LINE;
  const dashed = edge.data?.kind === "undoing" ? ' stroke-dasharray="5 4"' : "";
  const point =
    route?.way === "fall"
      ? { x: end.x + (to.width ?? 0) / 2, y: to.position.y, turn: 90 }
      : { ...end, turn: 0 };
  const words =
    label === ""
      ? ""
      : `<text x="${drawn.label.x}" y="${drawn.label.y}" font-size="11" fill="${QUIET}">${escaped(fitting(label, drawn.room))}</text>`;
  return {
    svg: [
      `<path d="${drawn.path}" fill="none" stroke="${colour}" stroke-width="1.6"${dashed}/>`,
      `<path d="M0 0L-8 -4.5V4.5Z" fill="${colour}" transform="translate(${point.x} ${point.y}) rotate(${point.turn})"/>`,
      words,
    ].join(""),
    box: {
      left: Math.min(start.x, end.x) - 60,
      top: Math.min(start.y, end.y),
      right: Math.max(start.x, end.x) + 60,
      bottom: low + 10,
    },
  };
}

function exitOf(node: CanvasNode, port: string): Position {
  const { x, y } = node.position;
  const right = x + (node.width ?? 0);
  if (node.type !== "step") return { x: right, y: y + ENTRY };
  const event = node.data.events.findIndex((each) => each.id === port);
  if (event >= 0) return { x: x + EVENT_FIRST + event * EVENT_STEP, y: y + (node.height ?? 0) };
  const index = node.data.ports.findIndex((each) => each.name === port);
  if (node.data.ports.length < 2) return { x: right, y: y + ENTRY };
  return { x: right, y: y + NODE_HEIGHT + 4 + PORT_HEIGHT * (Math.max(0, index) + 0.5) };
}

function stepSvg(node: StepElement, signs: ReadonlyMap<string, string>): string {
  const { x, y } = node.position;
  const width = node.width ?? 0;
  const height = node.height ?? 0;
  const { title, summary, typeTitle, ports, events, type } = node.data;
  const colour = COLOURS[type?.group ?? "control"] ?? INK;
  const round = type?.starts || type?.ends ? NODE_HEIGHT / 2 : 12;
  const sign = signs.get(node.data.node.type) ?? "";
  const rows = ports.length < 2 ? [] : ports;
  return [
    `<g transform="translate(${x} ${y})">`,
    `<rect width="${width}" height="${height}" rx="${round}" fill="#ffffff" stroke="#b9c2ce"/>`,
    `<rect x="12" y="14" width="36" height="36" rx="9" fill="${colour}" fill-opacity="0.13"/>`,
    `<g transform="translate(21 23)" fill="${colour}">${sign}</g>`,
    `<text x="58" y="29" font-weight="600" fill="${INK}">${escaped(fitting(title, 160))}</text>`,
    `<text x="58" y="47" font-size="11.5" fill="${QUIET}">${escaped(fitting(summary || typeTitle, 165))}</text>`,
    ...rows.map((port, index) => {
      const middle = NODE_HEIGHT + 8 + PORT_HEIGHT * (index + 0.5);
      const when =
        port.when === ""
          ? ""
          : `<text x="12" y="${middle}" font-size="11" fill="${QUIET}">${escaped(fitting(port.when, 110))}</text>`;
      return `${when}<text x="${width - 14}" y="${middle}" font-size="11.5" fill="${QUIET}" text-anchor="end">${escaped(fitting(port.title, 90))}</text><circle cx="${width}" cy="${middle - 4}" r="4" fill="${LINE}"/>`;
    }),
    ...events.map(
      (_, index) =>
        `<circle cx="${EVENT_FIRST + index * EVENT_STEP}" cy="${height}" r="9" fill="#ffffff" stroke="${LINE}"/>`,
    ),
    "</g>",
  ].join("");
}

function frameSvg(node: CanvasNode): string {
  if (node.type === "step") return "";
  const { note } = node.data;
  const { x, y } = node.position;
  const width = node.width ?? 0;
  const height = node.height ?? 0;
  const section = node.type === "section";
  const lines = wrapped(note.text, width - 24).slice(
    0,
    Math.max(1, Math.floor((height - 12) / 18)),
  );
  const words = lines.map(
    (line, index) =>
      `<text x="12" y="${24 + index * 18}" fill="${INK}"${section ? ' font-weight="600"' : ""}>${escaped(line)}</text>`,
  );
  const dashed = section ? ' stroke-dasharray="5 4"' : "";
  const inside = `<rect width="${width}" height="${height}" rx="${section ? 16 : 6}" fill="${NOTES[note.color]}" fill-opacity="${section ? 0.5 : 1}" stroke="#b9c2ce"${dashed}/>`;
  return `<g transform="translate(${x} ${y})">${inside}${words.join("")}</g>`;
}

function wrapped(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => {
    const rows: string[] = [];
    let rest = line;
    while (rest !== "") {
      const shown = fitting(rest, width);
      if (shown === rest) break;
      const cut = Math.max(1, [...shown].length - 1);
      const letters = [...rest];
      rows.push(letters.slice(0, cut).join(""));
      rest = letters.slice(cut).join("");
    }
    return [...rows, rest];
  });
}

export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
