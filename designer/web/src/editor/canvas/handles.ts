// Where the ports of a node are, measured by nobody: canvas.css puts them there, and a test in a browser compares.

import { type NodeHandle, Position } from "@xyflow/react";
import {
  EVENT_FIRST,
  EVENT_STEP,
  eventsOf,
  type FlowNode,
  NODE_HEIGHT,
  NODE_WIDTH,
  type NodeTypes,
  PORT_HEIGHT,
  portsOf,
  sizeOf,
} from "../document";

const SIZE = 12;
const EVENT_SIZE = 24;
const BORDER = 1;
/** Of the first port's middle, below the node's upper edge. */
const FIRST = 32;

export function handlesOf(node: FlowNode, types: NodeTypes): NodeHandle[] {
  const ports = portsOf(node, types);
  const many = ports.length > 1;
  const { height } = sizeOf(node, types);
  const square = { width: SIZE, height: SIZE };
  const round = { width: EVENT_SIZE, height: EVENT_SIZE };
  return [
    ...(types.get(node.type)?.starts
      ? []
      : [
          {
            type: "target" as const,
            position: Position.Left,
            x: BORDER - SIZE / 2,
            y: FIRST - SIZE / 2,
            ...square,
          },
        ]),
    ...ports.map((port, index) => ({
      id: port.name,
      type: "source" as const,
      position: Position.Right,
      x: NODE_WIDTH - BORDER - SIZE / 2,
      y: many ? NODE_HEIGHT + 4 + PORT_HEIGHT * (index + 0.5) - SIZE / 2 : FIRST - SIZE / 2,
      ...square,
    })),
    ...eventsOf(node).map((event, index) => ({
      id: event.id,
      type: "source" as const,
      position: Position.Bottom,
      x: BORDER + EVENT_FIRST + EVENT_STEP * index - EVENT_SIZE / 2,
      y: height - BORDER - EVENT_SIZE / 2,
      ...round,
    })),
  ];
}
