// The place where flows are drawn. It turns gestures into commands and decides nothing itself.

import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  type Connection,
  Controls,
  type FinalConnectionState,
  type OnEdgesChange,
  type OnNodesChange,
  ReactFlow,
  SelectionMode,
  useConnection,
  useOnViewportChange,
  useReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import {
  Suspense,
  useCallback,
  useDeferredValue,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { useMode } from "../../theme/mode";
import { lazy } from "../../ui/lazy";
import { connect } from "../commands/connect";
import { insertOnEdge } from "../commands/insertOnEdge";
import { moveNodes } from "../commands/moveNodes";
import { reconnect } from "../commands/reconnect";
import { toggleSection } from "../commands/toggleSection";
import {
  entering,
  leaving,
  NODE_HEIGHT,
  NODE_WIDTH,
  nodeOf,
  notesOf,
  type Position,
} from "../document";
import { giveKeyboard } from "../giveKeyboard";
import { type Reason, whyNotConnect } from "../rules";
import { hiding } from "../sections";
import type { Words } from "../sentence";
import { useDocument, useEditor } from "../store";
import { useOthers } from "../together/others";
import { beginAiming, endAiming, useAiming } from "./aiming";
import { useAriaLabels } from "./ariaLabels";
import "./canvas.css";
import {
  type CanvasEdge,
  type CanvasNode,
  edgeElements,
  type Marks,
  Memory,
  nodeElements,
  type ProblemMark,
} from "./elements";
import { EDGE_DEFAULTS, EDGE_VIEWS, NODE_VIEWS } from "./FlowDrawing";
import { GLIDE_MS, glideBetween, glided } from "./glide";
import { useHand } from "./hand";
import { Overview } from "./Overview";
import { FIT, openingView } from "./openingView";
import { edgeAt, nodeAt, useDrag } from "./paletteDrag";
import { Guides, useGuides } from "./SnapLines";

const OthersLayer = lazy(async () => ({
  default: (await import("../together/OthersLayer")).OthersLayer,
}));

const MANY_NODES = 150;
const FAR = 0.4;
const SNAP: [number, number] = [10, 10];

interface CanvasProps {
  words: Words;
  problems: ReadonlyMap<string, ProblemMark>;
  marks: Marks | null;
  mode: "hand" | "pointer";
  onOpenNode: (node: string) => void;
}

export function Canvas({ words, problems, marks, mode, onOpenNode }: CanvasProps) {
  const { t } = useTranslation("editor");
  const colours = useMode();
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const selection = useEditor((state) => state.selection);
  const readOnly = useEditor((state) => state.readOnly);
  const others = useOthers((state) => state.others.length > 0);
  const { run, select, openMenu } = useEditor.getState();
  const flow = useReactFlow<CanvasNode, CanvasEdge>();
  const frame = useRef<HTMLDivElement>(null);

  const content = useMemo(
    () => ({ document, types, words, problems, marks, editable: !readOnly }),
    [document, types, words, problems, marks, readOnly],
  );
  // What is typed beside the drawing is answered first, the drawing follows; but what is selected is so at once, or the next press
  // would be judged by the selection before.
  const shown = useDeferredValue(content);
  const drawing = useMemo(() => ({ ...shown, selection }), [shown, selection]);
  const [memory] = useState(() => new Memory());
  const [nodes, setNodes] = useState<CanvasNode[]>(() => nodeElements(drawing, [], memory));
  const [edges, setEdges] = useState<CanvasEdge[]>(() => edgeElements(drawing, [], memory));
  const latest = useRef(nodes);
  latest.current = nodes;
  useEffect(() => {
    setEdges((before) => edgeElements(drawing, before, memory));
    const after = nodeElements(drawing, latest.current, memory);
    const glide = reducedMotion() ? null : glideBetween(latest.current, after);
    if (glide === null) {
      const seen = latest.current;
      setNodes((before) => (before === seen ? after : nodeElements(drawing, before, memory)));
      return;
    }
    const began = performance.now();
    let frameId = 0;
    const step = () => {
      const part = Math.min(1, (performance.now() - began) / GLIDE_MS);
      setNodes((before) => glided(nodeElements(drawing, before, memory), glide, part));
      if (part < 1) frameId = requestAnimationFrame(step);
    };
    step();
    return () => cancelAnimationFrame(frameId);
  }, [drawing, memory]);
  const hand = useHand(latest, flow);
  const snap = useGuides((state) => state.snap);

  const onNodesChange: OnNodesChange<CanvasNode> = useCallback(
    (all) => {
      const changes = hand.led(all);
      setNodes((before) => applyNodeChanges(changes, before));
      const chosen = changes.filter((change) => change.type === "select");
      if (chosen.length === 0) return;
      const { selection: old, history, picking } = useEditor.getState();
      if (picking !== null) return;
      const ids = new Set([...old.nodes, ...old.notes]);
      for (const { id, selected } of chosen) selected ? ids.add(id) : ids.delete(id);
      const isNode = (id: string) => nodeOf(history.present, id) !== undefined;
      useEditor.getState().select({
        nodes: [...ids].filter(isNode),
        notes: [...ids].filter((id) => !isNode(id)),
        edges: old.edges,
      });
    },
    [hand],
  );

  const onEdgesChange: OnEdgesChange<CanvasEdge> = useCallback((changes) => {
    const chosen = changes.filter((change) => change.type === "select");
    if (chosen.length === 0) return;
    const { selection: old } = useEditor.getState();
    const ids = new Set(old.edges);
    for (const { id, selected } of chosen) selected ? ids.add(id) : ids.delete(id);
    useEditor.getState().select({ ...old, edges: [...ids] });
  }, []);

  const wishOf = (connection: Connection | CanvasEdge) => ({
    from: connection.source,
    port: connection.sourceHandle ?? "out",
    to: connection.target,
  });

  const connectEnd = (event: MouseEvent | TouchEvent, end: FinalConnectionState) => {
    if (end.isValid || end.fromNode === null || end.fromHandle === null) return;
    const at = pointOf(event);
    const forwards = end.fromHandle.type === "source";
    const over = nodeAt(at);
    if (over !== null) {
      const wish = forwards
        ? { from: end.fromNode.id, port: end.fromHandle.id ?? "out", to: over }
        : null;
      if (wish !== null) run(connect, wish);
      return;
    }
    if (end.toNode !== null || !forwards) return;
    const place = flow.screenToFlowPosition(at);
    openMenu({
      wish: {
        kind: "after",
        node: end.fromNode.id,
        port: end.fromHandle.id ?? "out",
        position: { x: place.x, y: place.y - NODE_HEIGHT / 2 },
      },
      at,
    });
  };

  /** A press on a dot, without drawing a line from it, asks what comes next there. */
  const pressed = (event: React.MouseEvent) => {
    const dot = (event.target as Element).closest?.<HTMLElement>(".react-flow__handle.source");
    const node = dot?.dataset["nodeid"];
    if (readOnly || dot == null || node === undefined) return;
    openMenu({
      wish: { kind: "after", node, port: dot.dataset["handleid"] ?? "out" },
      at: { x: event.clientX + 8, y: event.clientY },
    });
  };

  const dropped = (dragged: CanvasNode[]) => {
    const places = hand.letGo(dragged);
    const [only] = dragged;
    const line = useDrag.getState().edge;
    useDrag.setState({ edge: null });
    if (dragged.length === 1 && only !== undefined && line !== null && mayGoBetween(only)) {
      const type = only.type === "step" ? only.data.node.type : "";
      run(moveNodes, { positions: places });
      run(insertOnEdge, { edge: line, id: only.id, type });
      return;
    }
    run(moveNodes, { positions: places });
  };

  /** A press answers a setting that asks for a node; the node whose setting it is stays selected. */
  const picked = (node: CanvasNode) => {
    const { picking } = useEditor.getState();
    if (picking === null || node.type !== "step") return;
    select({ nodes: [picking.node] });
    if (!picking.fits(node.id)) return;
    picking.take(node.id);
    if (!picking.many) useEditor.setState({ picking: null });
  };

  const mayGoBetween = (node: CanvasNode) =>
    node.type === "step" &&
    entering(document, node.id).length === 0 &&
    leaving(document, node.id).length === 0;

  useOnViewportChange({
    onChange: useCallback(({ zoom }: { zoom: number }) => {
      frame.current?.toggleAttribute("data-far", zoom < FAR);
    }, []),
  });
  useFocusRequest();
  const fits = useEditor((state) => state.fits);
  useEffect(() => {
    if (fits === 0) return;
    const frameId = requestAnimationFrame(() => void flow.fitView(FIT));
    return () => cancelAnimationFrame(frameId);
  }, [fits, flow]);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: by mouse only; A and O are the keys
    <div className="hr-canvas" ref={frame} data-testid="canvas" onClick={pressed}>
      <ReactFlow<CanvasNode, CanvasEdge>
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_VIEWS}
        edgeTypes={EDGE_VIEWS}
        defaultEdgeOptions={EDGE_DEFAULTS}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        onConnect={(connection) => run(connect, wishOf(connection))}
        onConnectStart={(_, { nodeId, handleId, handleType }) => {
          if (nodeId !== null && handleType === "source")
            beginAiming(useEditor.getState().history.present, nodeId, handleId ?? "out", types);
        }}
        onConnectEnd={(event, end) => {
          endAiming();
          connectEnd(event, end);
        }}
        isValidConnection={(connection) =>
          whyNotConnect(document, wishOf(connection as Connection), types) === null
        }
        onReconnect={(edge, connection) => run(reconnect, { edge: edge.id, ...wishOf(connection) })}
        onNodeDragStart={(_event, _node, dragged) => hand.take(dragged)}
        onSelectionDragStart={(_event, dragged) => hand.take(dragged)}
        onNodeDrag={(event, node, dragged) => {
          const free = dragged.length === 1 && mayGoBetween(node);
          if (free) useDrag.setState({ edge: edgeAt(pointOf(event as MouseEvent)) });
        }}
        onNodeDragStop={(_event, _node, dragged) => dropped(dragged)}
        onSelectionDragStop={(_event, dragged) => dropped(dragged)}
        onNodeClick={(event, node) => (isPicking() ? picked(node) : pressedOn(event, node.id))}
        onNodeDoubleClick={(_, node) => node.type === "step" && onOpenNode(node.id)}
        onPaneClick={() => useEditor.getState().picking === null && select({})}
        onPaneContextMenu={(event) => {
          event.preventDefault();
          if (readOnly) return;
          const at = pointOf(event as MouseEvent);
          openMenu({ wish: { kind: "free", position: flow.screenToFlowPosition(at) }, at });
        }}
        colorMode={colours}
        onInit={(opened) => requestAnimationFrame(() => openingView(opened, frame.current))}
        fitViewOptions={FIT}
        minZoom={0.1}
        maxZoom={2}
        snapToGrid={snap}
        snapGrid={SNAP}
        connectionRadius={30}
        nodesDraggable={!readOnly}
        nodesConnectable={!readOnly}
        edgesReconnectable={!readOnly}
        edgesFocusable={false}
        nodesFocusable
        disableKeyboardA11y
        deleteKeyCode={null}
        selectionKeyCode="Shift"
        multiSelectionKeyCode={["Shift", "Meta", "Control"]}
        selectionOnDrag={mode === "pointer"}
        panOnDrag={mode === "hand" ? true : [1, 2]}
        panActivationKeyCode="Space"
        selectionMode={SelectionMode.Partial}
        zoomOnDoubleClick={false}
        nodeDragThreshold={3}
        elevateNodesOnSelect={false}
        connectOnClick={false}
        onlyRenderVisibleElements={document.nodes.length > MANY_NODES}
        ariaLabelConfig={useAriaLabels()}
        proOptions={{ hideAttribution: true }}
      >
        {others && (
          <Suspense fallback={null}>
            <OthersLayer />
          </Suspense>
        )}
        <Background variant={BackgroundVariant.Dots} gap={20} size={1.2} />
        <Guides />
        <Controls showInteractive={false} position="bottom-left" />
        <Overview />
      </ReactFlow>
      {document.nodes.length === 0 && !readOnly && (
        <div className="hr-canvas-empty">{t("canvas.empty")}</div>
      )}
      <WhyNot />
      <Picking />
    </div>
  );
}

const isPicking = () => useEditor.getState().picking !== null;

/**
 * A press chooses just what was pressed. React Flow says only what differs from the selection as it was last drawn: of a press that
 * comes before that is drawn, it may say nothing, or leave chosen what was chosen before.
 */
function pressedOn(event: React.MouseEvent, id: string): void {
  if (event.shiftKey || event.metaKey || event.ctrlKey) return;
  const { history, selection, select } = useEditor.getState();
  const { nodes, notes, edges } = selection;
  const chosen = [...nodes, ...notes, ...edges];
  if (chosen.length === 1 && chosen[0] === id) return;
  select(nodeOf(history.present, id) === undefined ? { notes: [id] } : { nodes: [id] });
}

const stopPicking = () => useEditor.setState({ picking: null });

/** While a setting asks for nodes: what to do, and how to stop. */
function Picking() {
  const { t } = useTranslation("editor");
  const picking = useEditor((state) => state.picking);
  useEffect(() => {
    if (picking === null) return;
    const leave = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      stopPicking();
    };
    window.addEventListener("keydown", leave, { capture: true });
    return () => window.removeEventListener("keydown", leave, { capture: true });
  }, [picking]);
  if (picking === null) return null;
  return (
    <div className="hr-picking" role="status" data-testid="picking">
      <span>{t(picking.many ? "canvas.pick_many" : "canvas.pick_one")}</span>
      <button type="button" onClick={stopPicking}>
        {t("canvas.pick_done")}
      </button>
    </div>
  );
}

/** While a line is drawn over a node it may not lead to: the reason, at the pointer. */
function WhyNot() {
  const { t } = useTranslation("editor");
  const drawing = useConnection((connection) => connection.inProgress);
  const [aim, setAim] = useState<{ at: Position; reason: Reason } | null>(null);
  useEffect(() => {
    if (!drawing) return;
    const moved = (event: PointerEvent) => {
      const at = pointOf(event);
      const reason = useAiming.getState().forbidden.get(nodeAt(at) ?? "");
      setAim(reason === undefined ? null : { at, reason });
    };
    window.addEventListener("pointermove", moved);
    return () => {
      window.removeEventListener("pointermove", moved);
      setAim(null);
    };
  }, [drawing]);
  if (aim === null) return null;
  return (
    <div
      className="hr-why-not"
      role="status"
      data-testid="why-not"
      style={{ left: aim.at.x + 14, top: aim.at.y + 14 }}
    >
      {t(`reason.${aim.reason}`)}
    </div>
  );
}

const FOCUS_MS = 30;
/** After the way there: the browser would jump to what has the keyboard. */
const FOCUS_AWAY_MS = 260;

/** Brings what was asked for into view and gives it the keyboard. */
function useFocusRequest(): void {
  const focus = useEditor((state) => state.focus);
  const flow = useReactFlow();
  useEffect(() => {
    if (focus === null) return;
    const { history, run } = useEditor.getState();
    const section = hiding(history.present).get(focus.node);
    if (section !== undefined) run(toggleSection, { section });
    const node =
      nodeOf(history.present, focus.node) ??
      notesOf(history.present).find((note) => note.id === focus.node);
    if (node === undefined) return;
    const { x, y, zoom } = flow.getViewport();
    const pane = window.document.querySelector(".react-flow")?.getBoundingClientRect();
    const left = node.position.x * zoom + x;
    const top = node.position.y * zoom + y;
    const inside =
      pane !== undefined &&
      left > 10 &&
      top > 10 &&
      left + NODE_WIDTH * zoom < pane.width - 10 &&
      top + NODE_HEIGHT * zoom < pane.height - 10;
    if (!inside) {
      void flow.setCenter(node.position.x + NODE_WIDTH / 2, node.position.y + NODE_HEIGHT / 2, {
        zoom: Math.max(zoom, 0.6),
        duration: reducedMotion() ? 0 : 200,
      });
    }
    if (focus.field !== undefined || focus.inspector) return;
    return giveKeyboard(
      () => {
        // A menu that asks what comes next has the keyboard, and gives it back.
        if (useEditor.getState().menu !== null) return true;
        const there = window.document.querySelector<HTMLElement>(
          `.react-flow__node[data-id="${CSS.escape(focus.node)}"]`,
        );
        // The drawing follows what is typed: what was just added may not be drawn yet.
        there?.focus({ preventScroll: true });
        return there !== null;
      },
      inside ? FOCUS_MS : FOCUS_AWAY_MS,
    );
  }, [focus, flow]);
}

function reducedMotion(): boolean {
  return window.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
}

function pointOf(event: MouseEvent | TouchEvent): Position {
  if ("clientX" in event) return { x: event.clientX, y: event.clientY };
  const touch = event.changedTouches[0] ?? event.touches[0];
  return { x: touch?.clientX ?? 0, y: touch?.clientY ?? 0 };
}
