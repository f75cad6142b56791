// The editor on a desk: tool bar, palette and outline, canvas, side panel.

import { ReactFlowProvider, useReactFlow } from "@xyflow/react";
import useApp from "antd/es/app/useApp";
import { Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useBlocker, useNavigate } from "react-router";
import { useMay } from "../../api/session";
import type { Flow } from "../../api/types";
import { useRoleDialog } from "../../directory/roleDialog";
import type { Desk as DeskHands } from "../../editor/actionList";
import { Canvas } from "../../editor/canvas/Canvas";
import { OpenEnds } from "../../editor/canvas/OpenEnds";
import { useDialog } from "../../editor/dialog";
import type { FlowDocument } from "../../editor/document";
import { QUIET_MS, QUIET_TOGETHER_MS, useDraft } from "../../editor/draft";
import { lazy } from "../../ui/lazy";
import "../../editor/editor.css";
import { Palette } from "../../editor/Palette";
import { isError, useChecking, useProblemMarks } from "../../editor/problems";
import { useShortcuts } from "../../editor/shortcuts";
import { type Panel, useDocument, useEditor } from "../../editor/store";
import { TourOffer } from "../../editor/TourOffer";
import { marksOf } from "../../editor/testMarks";
import { useOthers, useTogether } from "../../editor/together/others";
import { LookSwitch } from "../../editor/vertical/LookSwitch";
import { useLook } from "../../editor/vertical/look";
import { useWords } from "../../editor/words";
import { Loading } from "../../ui/page";
import { Bar } from "./Bar";
import { useFlowFiles } from "./files";

// The drawing comes first; what stands beside it when the browser has nothing else to do, and what is opened when it is opened.
const inspector = async () => ({
  default: (await import("../../editor/Inspector")).Inspector,
});
const Inspector = lazy(inspector);
const Problems = lazy(async () => ({ default: (await import("../../editor/Problems")).Problems }));
const TestPanel = lazy(async () => ({
  default: (await import("../../editor/TestPanel")).TestPanel,
}));
const HistoryPanel = lazy(async () => ({
  default: (await import("../../editor/HistoryPanel")).HistoryPanel,
}));
const Outline = lazy(async () => ({ default: (await import("../../editor/Outline")).Outline }));
const NodeMenu = lazy(async () => ({ default: (await import("../../editor/NodeMenu")).NodeMenu }));
const Conflicts = lazy(async () => ({
  default: (await import("../../editor/together/Conflicts")).Conflicts,
}));
const RoleDialogHost = lazy(async () => ({
  default: (await import("../../directory/RoleDialogHost")).RoleDialogHost,
}));
const SearchNodes = lazy(async () => ({
  default: (await import("../../editor/SearchNodes")).SearchNodes,
}));
const ShortcutSheet = lazy(async () => ({
  default: (await import("../../editor/ShortcutSheet")).ShortcutSheet,
}));
const CommandPalette = lazy(async () => ({
  default: (await import("./CommandPalette")).CommandPalette,
}));
const PictureDialog = lazy(() => import("../../editor/paper/PictureDialog"));
const GroupDialog = lazy(() => import("./GroupDialog"));
const Tour = lazy(() => import("../../editor/Tour"));
const SopDialog = lazy(() => import("../../editor/paper/SopDialog"));
const VerticalView = lazy(() => import("../../editor/vertical/VerticalView"));

export function Desk(props: { flow: Flow; first: FlowDocument }) {
  return (
    <ReactFlowProvider>
      <Inside {...props} />
    </ReactFlowProvider>
  );
}

function Inside({ flow, first }: { flow: Flow; first: FlowDocument }) {
  const { t } = useTranslation("editor");
  const { t: toCanvas } = useTranslation("canvas");
  const { message } = useApp();
  const may = useMay();
  const document = useDocument();
  const words = useWords(document);
  const together = useOthers((state) => state.others.length > 0);
  const quietMs = together ? QUIET_TOGETHER_MS : QUIET_MS;
  const draft = useDraft(flow.key, first, flow.draft.etag, quietMs);
  const problemMarks = useProblemMarks();
  const test = useEditor((state) => state.test);
  const panel = useEditor((state) => state.panel);
  const marks = useMemo(() => (test === null ? null : marksOf(test, t)), [test, t]);
  const [mode, setMode] = useState<"hand" | "pointer">("hand");
  const [left, setLeft] = useState<"palette" | "outline">("palette");
  const dialog = useDialog((state) => state.open);
  const { show: openDialog, close: closeDialog } = useDialog.getState();
  const navigate = useNavigate();
  const canvas = useReactFlow();
  const files = useFlowFiles();
  const [look, setLook] = useLook(flow.key);
  const { show } = useEditor.getState();
  useTogether(flow.key, look, draft.hear);
  const openField = useCallback((node: string, field?: string) => {
    if (field === undefined) return;
    useEditor.getState().show("inspector");
    useEditor.getState().goTo(node, field);
  }, []);

  useChecking(flow.key);
  useSelectionOpensInspector();
  const openInspector = (node?: string) => {
    const { selection } = useEditor.getState();
    const id = node ?? selection.nodes[0];
    if (id === undefined) return;
    show("inspector");
    useEditor.setState({ focus: { node: id, inspector: true } });
  };
  useShortcuts({
    save: () => void draft.save(),
    search: () => openDialog("search"),
    commands: () => openDialog("commands"),
    help: () => openDialog("help"),
    openInspector: () => openInspector(),
    publish: () => {
      if (may("flows:publish")) openDialog("publish");
    },
    setMode,
  });
  const desk: DeskHands = {
    flow: canvas,
    save: () => void draft.save(),
    setMode,
    look,
    setLook,
    openInspector: () => openInspector(),
    exportFile: files.save,
    exportBpmn: () => void draft.save().then((done) => done && files.saveBpmn()),
    importFile: files.choose,
    go: (address) => void navigate(address),
    inline: () => void import("./inline").then(({ inline }) => inline(message, toCanvas)),
  };
  useEffect(() => closeDialog, [closeDialog]);
  useLeavingSaves(draft.save, draft.state === "saved");
  const quiet = useQuiet();
  const menu = useEditor((state) => state.menu !== null);
  const conflicts = useEditor((state) => state.conflicts.length > 0);
  const asked = useRoleDialog((state) => state.role !== null);
  const name = words.text(document.name);
  useEffect(() => {
    window.document.title = name;
  }, [name]);

  return (
    <div className="hr-editor" data-testid="editor">
      <Bar flow={flow} draft={draft} words={words} mode={mode} onMode={setMode} files={files} />
      <div className="hr-editor-body">
        <aside className="hr-left">
          <Tabs
            label={t("left.label")}
            className="hr-left-tabs"
            tabs={[
              ["palette", t("palette.title")],
              ["outline", t("outline.title")],
            ]}
            active={left}
            onChange={setLeft}
          />
          <Suspense fallback={null}>
            {left === "palette" ? <Palette text={words.text} /> : <Outline words={words} />}
          </Suspense>
          <TourOffer />
        </aside>
        <div className="hr-editor-canvas">
          {look === "canvas" ? (
            <Canvas
              words={words}
              problems={problemMarks}
              marks={marks}
              mode={mode}
              onOpenNode={openInspector}
            />
          ) : (
            <Suspense fallback={<Loading rows={6} />}>
              <VerticalView
                words={words}
                problems={problemMarks}
                marks={marks}
                onOpenNode={openField}
                onCanvas={() => setLook("canvas")}
              />
            </Suspense>
          )}
          <LookSwitch look={look} onChange={setLook} />
          {look === "canvas" && <OpenEnds />}
          <Suspense fallback={null}>
            {(quiet || conflicts) && <Conflicts flowKey={flow.key} words={words} />}
          </Suspense>
        </div>
        <aside
          className="hr-e-side"
          onKeyDown={(event) => event.key === "Escape" && backToCanvas(event)}
        >
          <SideTabs panel={panel} />
          <div className="hr-e-side-body">
            <Suspense fallback={<Loading rows={4} />}>
              {panel === "inspector" &&
                (quiet ? <Inspector words={words} /> : <Loading rows={4} />)}
              {panel === "problems" && <Problems words={words} />}
              {panel === "test" && <TestPanel words={words} />}
              {panel === "history" && <HistoryPanel words={words} />}
            </Suspense>
          </div>
        </aside>
      </div>
      <Suspense fallback={null}>
        {(menu || quiet) && <NodeMenu words={words} />}
        {asked && <RoleDialogHost />}
        {dialog === "search" && <SearchNodes words={words} onClose={closeDialog} />}
        {dialog === "commands" && (
          <CommandPalette words={words} desk={desk} onClose={closeDialog} />
        )}
        {dialog === "help" && <ShortcutSheet onClose={closeDialog} />}
        {dialog === "picture" && <PictureDialog words={words} onClose={closeDialog} />}
        {dialog === "group" && <GroupDialog onClose={closeDialog} />}
        {dialog === "tour" && <Tour onClose={closeDialog} />}
        {dialog === "sop" && <SopDialog onClose={closeDialog} />}
      </Suspense>
    </div>
  );
}

function SideTabs({ panel }: { panel: Panel }) {
  const { t } = useTranslation("editor");
  const problems = useEditor((state) => state.problems);
  const errors = problems.filter(isError).length;
  return (
    <Tabs
      label={t("side.label")}
      className="hr-e-side-tabs"
      tabs={[
        ["inspector", t("side.inspector")],
        ["test", t("side.test")],
        [
          "problems",
          <>
            {t("side.problems")}
            {problems.length > 0 && (
              <span className="hr-e-count" data-severity={errors > 0 ? "error" : "warning"}>
                {problems.length}
              </span>
            )}
          </>,
        ],
        ["history", t("side.history")],
      ]}
      active={panel}
      onChange={(next) => useEditor.getState().show(next)}
    />
  );
}

interface TabsProps<Name extends string> {
  label: string;
  className: string;
  tabs: [Name, React.ReactNode][];
  active: Name;
  onChange: (name: Name) => void;
}

function Tabs<Name extends string>({ label, className, tabs, active, onChange }: TabsProps<Name>) {
  return (
    <div className={className} role="tablist" aria-label={label}>
      {tabs.map(([name, title]) => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={name === active}
          onClick={() => onChange(name)}
          data-testid={`tab-${name}`}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

/** Esc in the side panel: back to the node on the canvas. */
function backToCanvas(event: React.KeyboardEvent): void {
  if (event.defaultPrevented || window.document.querySelector(".cm-tooltip-autocomplete")) return;
  const { selection, goTo } = useEditor.getState();
  const [node] = selection.nodes;
  if (node === undefined) return;
  event.preventDefault();
  goTo(node);
}

const QUIET_AT_LAST_MS = 600;
const DRAWN = ".react-flow__node, .hr-vertical";
const FRAMES_AFTER = 4;
const FRAMES_AT_MOST = 30;

/** True when the drawing stands and the browser has time, or as soon as something is selected. */
function useQuiet(): boolean {
  const [quiet, setQuiet] = useState(false);
  const chosen = useEditor(({ selection, focus }) => selection.nodes.length > 0 || focus !== null);
  useEffect(() => {
    if (quiet) return;
    const now = () => setQuiet(true);
    if (chosen) return now();
    let idle = 0;
    const wait = window.requestIdleCallback
      ? () => window.requestIdleCallback(now, { timeout: QUIET_AT_LAST_MS })
      : () => window.setTimeout(now, QUIET_AT_LAST_MS);
    // Some frames after the first node stands, what was drawn can be seen. What has no node has nothing to wait for.
    let left = FRAMES_AFTER;
    let all = FRAMES_AT_MOST;
    const next = () => {
      all -= 1;
      if (all < 0 || window.document.querySelector(DRAWN) !== null) left -= 1;
      if (left > 0) frame = requestAnimationFrame(next);
      else idle = wait();
    };
    let frame = requestAnimationFrame(next);
    return () => {
      cancelAnimationFrame(frame);
      (window.cancelIdleCallback ?? window.clearTimeout)(idle);
    };
  }, [quiet, chosen]);
  return quiet || chosen;
}

/** Whoever selects something wants to see what it is, unless a test run is being read. */
function useSelectionOpensInspector(): void {
  const selection = useEditor((state) => state.selection);
  useEffect(() => {
    const { panel, test, show } = useEditor.getState();
    const chosen = selection.nodes.length + selection.edges.length + selection.notes.length > 0;
    if (chosen && panel !== "inspector" && !(panel === "test" && test !== null)) show("inspector");
  }, [selection]);
}

/** Leaving for another screen waits for the draft; when it cannot be saved, one is asked. */
function useLeavingSaves(save: () => Promise<boolean>, saved: boolean): void {
  const { t } = useTranslation("editor");
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) =>
      !saved && currentLocation.pathname !== nextLocation.pathname,
  );
  useEffect(() => {
    if (blocker.state !== "blocked") return;
    void save().then((done) => {
      if (done || window.confirm(t("leave.unsaved"))) blocker.proceed();
      else blocker.reset();
    });
  }, [blocker, save, t]);
}
