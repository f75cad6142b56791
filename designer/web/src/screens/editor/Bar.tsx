// The bar above the canvas: what the flow is called, whether it is saved, and what can be done with it.

import {
  ApartmentOutlined,
  ArrowLeftOutlined,
  CaretRightOutlined,
  CheckOutlined,
  CloudSyncOutlined,
  DisconnectOutlined,
  DragOutlined,
  EditOutlined,
  EllipsisOutlined,
  FileTextOutlined,
  HistoryOutlined,
  QuestionCircleOutlined,
  RedoOutlined,
  RocketOutlined,
  SaveOutlined,
  SearchOutlined,
  SelectOutlined,
  ThunderboltOutlined,
  UndoOutlined,
} from "@ant-design/icons";
import { useReactFlow } from "@xyflow/react";
import { Button } from "antd";
import { memo, type ReactNode, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "../../api/session";
import type { Flow } from "../../api/types";
import { putNote, tidyUp } from "../../editor/actions";
import { useDialog } from "../../editor/dialog";
import type { DraftControl } from "../../editor/draft";
import { isError } from "../../editor/problems";
import type { Words } from "../../editor/sentence";
import { useEditor } from "../../editor/store";
import { useOthers } from "../../editor/together/others";
import "../../ui/Hint.css";
import { lazy } from "../../ui/lazy";
import type { FlowFiles } from "./files";

const PublishDialog = lazy(async () => ({
  default: (await import("./PublishDialog")).PublishDialog,
}));
const StartDialog = lazy(async () => ({ default: (await import("./StartDialog")).StartDialog }));
const OthersHere = lazy(async () => ({
  default: (await import("../../editor/together/OthersHere")).OthersHere,
}));
const MoreMenu = lazy(() => import("./MoreMenu"));
const Versions = lazy(async () => ({ default: (await import("./Versions")).Versions }));

interface BarProps {
  flow: Flow;
  draft: DraftControl;
  words: Words;
  mode: "hand" | "pointer";
  onMode: (mode: "hand" | "pointer") => void;
  files: FlowFiles;
}

export function Bar({ flow, draft, words, mode, onMode, files }: BarProps) {
  const { t } = useTranslation("editor");
  const may = useMay();
  const name = useEditor(({ history: { present } }) => words.text(present.name) || present.key);
  const others = useOthers((state) => state.others.length > 0);
  const readOnly = useEditor((state) => state.readOnly);
  const problems = useEditor((state) => state.problems);
  const { show } = useEditor.getState();
  const [version, setVersion] = useState(flow.published_version);
  const open = useDialog((state) => state.open);
  const { show: setOpen, close } = useDialog.getState();
  const errors = problems.filter(isError).length;
  return (
    <header className="hr-editor-bar">
      <Link to="/flows" className="hr-icon-link" aria-label={t("bar.back")} data-testid="btn-back">
        <ArrowLeftOutlined />
      </Link>
      <div className="hr-editor-name">
        <h1 title={name}>{name}</h1>
        <SaveMark draft={draft} readOnly={readOnly} />
      </div>
      <div className="hr-bar-group">
        <Tools mode={mode} onMode={onMode} save={draft.save} />
        <More files={files} save={draft.save} />
        {files.input}
      </div>
      {others && (
        <Suspense fallback={null}>
          <OthersHere words={words} />
        </Suspense>
      )}
      <Button icon={<CaretRightOutlined />} onClick={() => show("test")} data-testid="btn-test">
        {t("bar.test")}
      </Button>
      {version !== null && may("instances:start") && (
        <Button icon={<RocketOutlined />} onClick={() => setOpen("start")} data-testid="btn-start">
          {t("bar.start")}
        </Button>
      )}
      {may("flows:publish") && (
        <Button
          type="primary"
          onClick={() => setOpen("publish")}
          data-testid="btn-publish"
          disabled={readOnly}
        >
          {t("bar.publish")}
          {problems.length > 0 && (
            <span className="hr-e-count" data-severity={errors > 0 ? "error" : "warning"}>
              {problems.length}
            </span>
          )}
        </Button>
      )}
      <Suspense fallback={null}>
        {open === "publish" && (
          <PublishDialog
            flowKey={flow.key}
            version={version}
            draft={draft}
            words={words}
            onPublished={setVersion}
            onClose={close}
          />
        )}
        {open === "versions" && <Versions flowKey={flow.key} words={words} onClose={close} />}
        {open === "start" && <StartDialog flowKey={flow.key} version={version} onClose={close} />}
      </Suspense>
    </header>
  );
}

interface ToolsProps {
  mode: "hand" | "pointer";
  onMode: (mode: "hand" | "pointer") => void;
  save: () => Promise<boolean>;
}

/** The signs. A letter typed into a setting draws none of them again. */
const Tools = memo(function Tools({ mode, onMode, save }: ToolsProps) {
  const { t } = useTranslation(["editor", "canvas"]);
  const readOnly = useEditor((state) => state.readOnly);
  const last = useEditor(({ history }) => history.past.at(-1)?.label);
  const next = useEditor(({ history }) => history.future[0]?.label);
  const { undo, redo } = useEditor.getState();
  const { screenToFlowPosition } = useReactFlow();
  const { show } = useDialog.getState();
  const named = (name: string | undefined) => (name === undefined ? "" : t(`command.${name}`));
  return (
    <>
      <Tool
        icon={<UndoOutlined />}
        label={t("bar.undo", { what: named(last) })}
        keys="Ctrl+Z"
        onClick={undo}
        disabled={last === undefined || readOnly}
        testId="btn-undo"
      />
      <Tool
        icon={<RedoOutlined />}
        label={t("bar.redo", { what: named(next) })}
        keys="Ctrl+Y"
        onClick={redo}
        disabled={next === undefined || readOnly}
        testId="btn-redo"
      />
      <Tool
        icon={<SaveOutlined />}
        label={t("bar.save")}
        keys="Ctrl+S"
        onClick={() => void save()}
        disabled={readOnly}
        testId="btn-save"
      />
      <span className="hr-bar-line" />
      <Tool
        icon={mode === "hand" ? <DragOutlined /> : <SelectOutlined />}
        label={t(mode === "hand" ? "bar.hand" : "bar.pointer")}
        keys="H / V"
        onClick={() => onMode(mode === "hand" ? "pointer" : "hand")}
        testId="btn-mode"
      />
      <Tool
        icon={<ApartmentOutlined />}
        label={t("action.layout")}
        keys="Shift+T"
        onClick={() => void tidyUp()}
        disabled={readOnly}
        testId="btn-layout"
      />
      <Tool
        icon={<FileTextOutlined />}
        label={t("action.note")}
        keys="N"
        onClick={() => putNote(screenToFlowPosition({ x: innerWidth / 2, y: innerHeight / 2 }))}
        disabled={readOnly}
        testId="btn-note"
      />
      <Tool
        icon={<SearchOutlined />}
        label={t("action.search_node")}
        keys="Ctrl+F"
        onClick={() => show("search")}
        testId="btn-search"
      />
      <Tool
        icon={<QuestionCircleOutlined />}
        label={t("action.shortcuts")}
        keys="?"
        onClick={() => show("help")}
        testId="btn-shortcuts"
      />
      <Tool
        icon={<ThunderboltOutlined />}
        label={t("canvas:commands.title")}
        keys="Ctrl+K"
        onClick={() => show("commands")}
        testId="btn-commands"
      />
      <span className="hr-bar-line" />
      <Tool
        icon={<HistoryOutlined />}
        label={t("bar.versions")}
        onClick={() => show("versions")}
        testId="btn-versions"
      />
    </>
  );
});

/** Three dots; their menu comes with the first press. */
function More({ files, save }: { files: FlowFiles; save: () => Promise<boolean> }) {
  const { t } = useTranslation("editor");
  const [asked, setAsked] = useState(false);
  const dots = (
    <Button
      type="text"
      icon={<EllipsisOutlined />}
      aria-label={t("bar.more")}
      aria-haspopup="menu"
      loading={asked}
      onClick={() => setAsked(true)}
      data-testid="btn-more-actions"
    />
  );
  return asked ? (
    <Suspense fallback={dots}>
      <MoreMenu files={files} save={save} />
    </Suspense>
  ) : (
    dots
  );
}

interface ToolProps {
  icon: ReactNode;
  label: string;
  keys?: string;
  onClick: () => void;
  disabled?: boolean;
  testId: string;
}

function Tool({ icon, label, keys, onClick, disabled, testId }: ToolProps) {
  return (
    <span data-hint={keys === undefined ? label : `${label} (${keys})`}>
      <Button
        type="text"
        icon={icon}
        aria-label={label}
        onClick={onClick}
        disabled={disabled ?? false}
        data-testid={testId}
      />
    </span>
  );
}

const SAVE_ICONS = {
  saved: <CheckOutlined />,
  saving: <CloudSyncOutlined spin />,
  unsaved: <EditOutlined />,
  offline: <DisconnectOutlined />,
  refused: <DisconnectOutlined />,
};

export function SaveMark({ draft, readOnly }: { draft: DraftControl; readOnly: boolean }) {
  const { t } = useTranslation("editor");
  if (readOnly) return <span className="hr-save-state">{t("save.read_only")}</span>;
  return (
    <span className="hr-save-state" data-state={draft.state} role="status" data-testid="save-state">
      {SAVE_ICONS[draft.state]}
      {t(`save.${draft.state}`)}
    </span>
  );
}
