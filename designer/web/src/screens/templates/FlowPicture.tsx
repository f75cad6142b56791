// A still drawing of a flow from its node positions: enough to see what it does before installing it.

import type { FlowDocument, FlowEdge, FlowNode } from "../../api/types";
import { useText } from "../../ui/text";

const WIDTH = 188;
const HEIGHT = 48;
const ACROSS = WIDTH + 28; // from one column to the next
const DOWN = HEIGHT + 36; // from one row to the next
const MARGIN = 16;
const APART_MIN = 40; // nodes nearer than this stand in one line, if not quite
const NAME_MAX = 11; // Chinese characters that fit on one line; Latin letters take half

const TONE: Record<string, string> = {
  start: "ok",
  webhook: "ok",
  schedule: "ok",
  approval: "primary",
  notification: "primary",
  condition: "warn",
  split: "warn",
  join: "warn",
  timer: "warn",
  connector: "accent",
  subflow: "accent",
  end: "text-2",
  placeholder: "error",
};

export function FlowPicture({ document }: { document: FlowDocument }) {
  const { text } = useText();
  const nodes = new Map(downwards(document.nodes).map((node) => [node.id, node]));
  const box = frame([...nodes.values()]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="hr-picture" aria-label={text(document.name)} tabIndex={0}>
      <svg
        viewBox={`${box.x} ${box.y} ${box.width} ${box.height}`}
        style={{ maxWidth: box.width, minWidth: Math.min(box.width * 0.7, 560) }}
        aria-hidden="true"
      >
        <defs>
          <marker
            id="hr-arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="5"
            markerHeight="5"
            orient="auto"
          >
            <path d="M0 0 L8 4 L0 8 z" fill="var(--hr-border-strong)" />
          </marker>
        </defs>
        {document.edges.map((edge) => (
          <Edge key={edge.id} edge={edge} from={nodes.get(edge.from)} to={nodes.get(edge.to)} />
        ))}
        {[...nodes.values()].map((node) => (
          <Node key={node.id} node={node} name={text(node.name) || node.id} />
        ))}
      </svg>
    </section>
  );
}

/** The same drawing from top to bottom and drawn together, so that it can be read on a phone as well. */
function downwards(nodes: FlowNode[]): FlowNode[] {
  const xs = lines(nodes.map((node) => node.position.x));
  const ys = lines(nodes.map((node) => node.position.y));
  const turned = xs.count >= ys.count;
  return nodes.map((node) => {
    const [column, row] = [xs.of(node.position.x), ys.of(node.position.y)];
    const [across, down] = turned ? [row, column] : [column, row];
    return { ...node, position: { x: across * ACROSS, y: down * DOWN } };
  });
}

/** Which line each coordinate belongs to: 0 for the first, 1 for the next. */
function lines(values: number[]): { count: number; of: (value: number) => number } {
  const starts: number[] = [];
  for (const value of [...values].sort((one, other) => one - other)) {
    if (value - (starts.at(-1) ?? Number.NEGATIVE_INFINITY) >= APART_MIN) starts.push(value);
  }
  return { count: starts.length, of: (value) => starts.findLastIndex((start) => start <= value) };
}

function Node({ node, name }: { node: FlowNode; name: string }) {
  const tone = `var(--hr-${TONE[node.type] ?? "text-2"})`;
  const { x, y } = node.position;
  return (
    <g>
      <title>{name}</title>
      <rect
        x={x}
        y={y}
        width={WIDTH}
        height={HEIGHT}
        rx="10"
        fill="var(--hr-surface)"
        stroke="var(--hr-border-strong)"
        strokeDasharray={node.type === "placeholder" ? "6 4" : undefined}
      />
      <rect x={x + 8} y={y + 12} width="4" height={HEIGHT - 24} rx="2" fill={tone} />
      <text x={x + 22} y={y + HEIGHT / 2 + 5} fontSize="14" fill="var(--hr-text)">
        {shortened(name)}
      </text>
    </g>
  );
}

interface EdgeProps {
  edge: FlowEdge;
  from: FlowNode | undefined;
  to: FlowNode | undefined;
}

function Edge({ edge, from, to }: EdgeProps) {
  if (!from || !to) return null;
  return (
    <path
      d={path(from, to)}
      fill="none"
      stroke="var(--hr-border-strong)"
      strokeWidth="2"
      data-port={edge.port}
      markerEnd="url(#hr-arrow)"
    />
  );
}

/** Leads down to the next row; back up, or past a node in between, by the side. */
function path(from: FlowNode, to: FlowNode): string {
  const rows = Math.round((to.position.y - from.position.y) / DOWN);
  const straight = from.position.x === to.position.x;
  if (rows >= 1 && (rows === 1 || !straight)) {
    const [x1, y1] = [from.position.x + WIDTH / 2, from.position.y + HEIGHT];
    const [x2, y2] = [to.position.x + WIDTH / 2, to.position.y];
    const turn = y2 - 18; // runs down its own column and crosses over just before it arrives
    return straight
      ? `M${x1} ${y1} V${y2}`
      : `M${x1} ${y1} V${turn - 12} Q${x1} ${turn} ${x1 + Math.sign(x2 - x1) * 12} ${turn} H${x2 - Math.sign(x2 - x1) * 12} Q${x2} ${turn} ${x2} ${y2}`;
  }
  const side = to.position.x >= from.position.x ? WIDTH : 0;
  const [x1, y1] = [from.position.x + side, from.position.y + HEIGHT / 2];
  const [x2, y2] = [to.position.x + (straight ? side : WIDTH - side), to.position.y + HEIGHT / 2];
  const out = (side ? 1 : -1) * 26;
  return straight
    ? `M${x1} ${y1} C${x1 + out} ${y1} ${x2 + out} ${y2} ${x2} ${y2}`
    : `M${x1} ${y1} C${x1 + out} ${y1} ${x2 - out} ${y2} ${x2} ${y2}`;
}

function frame(nodes: FlowNode[]) {
  const xs = nodes.map((node) => node.position.x);
  const ys = nodes.map((node) => node.position.y);
  const x = Math.min(0, ...xs) - MARGIN;
  const y = Math.min(...(ys.length ? ys : [0])) - MARGIN;
  return {
    x,
    y,
    width: Math.max(0, ...xs) + WIDTH + MARGIN - x,
    height: Math.max(...(ys.length ? ys : [0])) + HEIGHT + MARGIN - y,
  };
}

function shortened(name: string): string {
  let room = NAME_MAX;
  let shown = "";
  for (const letter of name) {
    room -= /[\u2e80-\uffff]/.test(letter) ? 1 : 0.54;
    if (room < 0) return `${shown}…`;
    shown += letter;
  }
  return shown;
}
