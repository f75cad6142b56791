// A flow to look at: of a version, of a run. Nothing in it can be changed.

import {
  Background,
  BackgroundVariant,
  Controls,
  MarkerType,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { useEffect, useMemo, useRef } from "react";
import { useMode } from "../../theme/mode";
import type { FlowDocument, NodeTypes } from "../document";
import { readable } from "../readable";
import { NOTHING } from "../store";
import { useWords } from "../words";
import { useAriaLabels } from "./ariaLabels";
import "./canvas.css";
import {
  type CanvasEdge,
  type CanvasNode,
  edgeElements,
  type Marks,
  nodeElements,
} from "./elements";
import { LineView } from "./LineView";
import { NoteView } from "./NoteView";
import { Overview } from "./Overview";
import { FIT, openingView } from "./openingView";
import { SectionView } from "./SectionView";
import { StepView } from "./StepView";

export const NODE_VIEWS = { step: StepView, note: NoteView, section: SectionView };
export const EDGE_VIEWS = { line: LineView };
export const EDGE_DEFAULTS = {
  markerEnd: {
    type: MarkerType.ArrowClosed,
    width: 22,
    height: 22,
    color: "var(--hr-line)",
    markerUnits: "userSpaceOnUse",
  },
};

interface FlowDrawingProps {
  document: FlowDocument;
  types: NodeTypes;
  marks?: Marks | null;
  selected?: string | null;
  onSelect?: (node: string) => void;
  label: string;
  /** What to show first when the whole is too wide to be read. */
  first?: string | null;
}

export function FlowDrawing(props: FlowDrawingProps) {
  return (
    <ReactFlowProvider>
      <Drawing {...props} />
    </ReactFlowProvider>
  );
}

function Drawing(props: FlowDrawingProps) {
  const { types, marks = null, selected, onSelect, label } = props;
  const document = useMemo(() => readable(props.document, types), [props.document, types]);
  const words = useWords(document);
  const mode = useMode();
  const { fitView, getNode } = useReactFlow<CanvasNode, CanvasEdge>();
  const frame = useRef<HTMLElement>(null);
  const drawing = useMemo(
    () => ({
      document,
      types,
      words,
      marks,
      problems: new Map(),
      selection: selected ? { ...NOTHING, nodes: [selected] } : NOTHING,
      editable: false,
    }),
    [document, types, words, marks, selected],
  );
  const nodes = useMemo(() => nodeElements(drawing, []), [drawing]);
  const edges = useMemo(() => edgeElements(drawing, []), [drawing]);
  useEffect(() => {
    if (selected && getNode(selected))
      void fitView({ nodes: [{ id: selected }], duration: 200, maxZoom: 1, padding: 0.6 });
  }, [selected, fitView, getNode]);
  return (
    <figure ref={frame} className="hr-canvas" data-testid="drawing" aria-label={label}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_VIEWS}
        edgeTypes={EDGE_VIEWS}
        defaultEdgeOptions={EDGE_DEFAULTS}
        colorMode={mode}
        onInit={(opened) =>
          requestAnimationFrame(() => openingView(opened, frame.current, props.first))
        }
        fitViewOptions={FIT}
        minZoom={0.1}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        edgesReconnectable={false}
        disableKeyboardA11y
        deleteKeyCode={null}
        onlyRenderVisibleElements={nodes.length > 150}
        onNodeClick={(_, node) => node.type === "step" && onSelect?.(node.id)}
        ariaLabelConfig={useAriaLabels()}
        proOptions={{ hideAttribution: true }}
        preventScrolling={false}
      >
        <Background variant={BackgroundVariant.Dots} gap={20} size={1} />
        <Controls showInteractive={false} />
        {nodes.length > 12 && <Overview />}
      </ReactFlow>
    </figure>
  );
}
