// A still drawing of a flow from its node positions: enough to see what it does before installing it.

import type { FlowDocument, FlowEdge, FlowNode } from "../../api/types";
import { useText } from "../../ui/text";

const WIDTH = 176;
const HEIGHT = 52;
const MARGIN = 24;
const NAME_MAX = 12; // Chinese characters that fit on one line; Latin letters take half

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
};

export function FlowPicture({ document }: { document: FlowDocument }) {
  const { text } = useText();
  const nodes = new Map(document.nodes.map((node) => [node.id, node]));
  const box = frame(document.nodes);
  return (
    <div className="hr-picture">
      <svg
        viewBox={`${box.x} ${box.y} ${box.width} ${box.height}`}
        style={{ maxWidth: box.width * 1.1 }}
        role="img"
        aria-label={text(document.name)}
      >
        {document.edges.map((edge) => (
          <Edge key={edge.id} edge={edge} from={nodes.get(edge.from)} to={nodes.get(edge.to)} />
        ))}
        {document.nodes.map((node) => (
          <Node key={node.id} node={node} name={text(node.name) || node.id} />
        ))}
      </svg>
    </div>
  );
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
      />
      <rect x={x + 8} y={y + 14} width="4" height={HEIGHT - 28} rx="2" fill={tone} />
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
    />
  );
}

/** Leaves at the side that looks towards the other node: to the right, below, or back around. */
function path(from: FlowNode, to: FlowNode): string {
  const beside = to.position.x >= from.position.x + WIDTH;
  if (beside) {
    const [x1, y1] = [from.position.x + WIDTH, from.position.y + HEIGHT / 2];
    const [x2, y2] = [to.position.x, to.position.y + HEIGHT / 2];
    const bend = Math.max(24, (x2 - x1) / 2);
    return `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  }
  const below = to.position.y >= from.position.y;
  const [x1, y1] = [from.position.x + WIDTH / 2, from.position.y + (below ? HEIGHT : 0)];
  const [x2, y2] = [to.position.x + WIDTH / 2, to.position.y + (below ? 0 : HEIGHT)];
  const bend = (below ? 1 : -1) * Math.max(20, Math.abs(y2 - y1) / 2);
  return `M${x1} ${y1} C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
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
  let room = NAME_MAX - 2;
  let shown = "";
  for (const letter of name) {
    room -= /[\u2e80-\uffff]/.test(letter) ? 1 : 0.55;
    if (room < 0) return `${shown}…`;
    shown += letter;
  }
  return shown;
}
