// The bar above the canvas: what the flow is called, whether it is saved, and what can be done with it.

import {
  ApartmentOutlined,
  ArrowLeftOutlined,
  CaretRightOutlined,
  CheckOutlined,
  CloudSyncOutlined,
  DisconnectOutlined,
  DownloadOutlined,
  DragOutlined,
  EditOutlined,
  EllipsisOutlined,
  FileDoneOutlined,
  FileTextOutlined,
  HistoryOutlined,
  PictureOutlined,
  QuestionCircleOutlined,
  RedoOutlined,
  RocketOutlined,
  SaveOutlined,
  SearchOutlined,
  SelectOutlined,
  ThunderboltOutlined,
  UndoOutlined,
  UploadOutlined,
} from "@ant-design/icons";
import { useReactFlow } from "@xyflow/react";
import { Button, Dropdown, Tooltip } from "antd";
import { type ReactNode, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "../../api/session";
import type { Flow } from "../../api/types";
import { putNote, tidyUp } from "../../editor/actions";
import { useDialog } from "../../editor/dialog";
import type { DraftControl } from "../../editor/draft";
import { isError } from "../../editor/problems";
import type { Words } from "../../editor/sentence";
import { useDocument, useEditor } from "../../editor/store";
import { OthersHere } from "../../editor/together/OthersHere";
import { lazy } from "../../ui/lazy";
import type { FlowFiles } from "./files";

const PublishDialog = lazy(async () => ({
  default: (await import("./PublishDialog")).PublishDialog,
}));
const StartDialog = lazy(async () => ({ default: (await import("./StartDialog")).StartDialog }));
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
  const { t } = useTranslation(["editor", "canvas", "exchange"]);
  const may = useMay();
  const document = useDocument();
  const readOnly = useEditor((state) => state.readOnly);
  const past = useEditor((state) => state.history.past);
  const future = useEditor((state) => state.history.future);
  const problems = useEditor((state) => state.problems);
  const { undo, redo, show } = useEditor.getState();
  const { screenToFlowPosition } = useReactFlow();
  const [version, setVersion] = useState(flow.published_version);
  const open = useDialog((state) => state.open);
  const { show: setOpen, close } = useDialog.getState();
  const errors = problems.filter(isError).length;
  const named = (name: string | undefined) => (name === undefined ? "" : t(`command.${name}`));
  return (
    <header className="hr-editor-bar">
      <Link to="/flows" className="hr-icon-link" aria-label={t("bar.back")} data-testid="btn-back">
        <ArrowLeftOutlined />
      </Link>
      <div className="hr-editor-name">
        <h1 title={words.text(document.name)}>{words.text(document.name) || document.key}</h1>
        <SaveMark draft={draft} readOnly={readOnly} />
      </div>
      <div className="hr-bar-group">
        <Tool
          icon={<UndoOutlined />}
          label={t("bar.undo", { what: named(past.at(-1)?.label) })}
          keys="Ctrl+Z"
          onClick={undo}
          disabled={past.length === 0 || readOnly}
          testId="btn-undo"
        />
        <Tool
          icon={<RedoOutlined />}
          label={t("bar.redo", { what: named(future[0]?.label) })}
          keys="Ctrl+Y"
          onClick={redo}
          disabled={future.length === 0 || readOnly}
          testId="btn-redo"
        />
        <Tool
          icon={<SaveOutlined />}
          label={t("bar.save")}
          keys="Ctrl+S"
          onClick={() => void draft.save()}
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
          onClick={() => tidyUp()}
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
          onClick={() => setOpen("search")}
          testId="btn-search"
        />
        <Tool
          icon={<QuestionCircleOutlined />}
          label={t("action.shortcuts")}
          keys="?"
          onClick={() => setOpen("help")}
          testId="btn-shortcuts"
        />
        <Tool
          icon={<ThunderboltOutlined />}
          label={t("canvas:commands.title")}
          keys="Ctrl+K"
          onClick={() => setOpen("commands")}
          testId="btn-commands"
        />
        <span className="hr-bar-line" />
        <Tool
          icon={<HistoryOutlined />}
          label={t("bar.versions")}
          onClick={() => setOpen("versions")}
          testId="btn-versions"
        />
        <Dropdown
          trigger={["click"]}
          menu={{
            items: [
              { key: "sop", icon: <FileDoneOutlined />, label: t("canvas:action.sop") },
              { key: "picture", icon: <PictureOutlined />, label: t("canvas:action.picture") },
              { type: "divider" },
              { key: "export", icon: <DownloadOutlined />, label: t("bar.export") },
              { key: "bpmn", icon: <DownloadOutlined />, label: t("exchange:export.bpmn") },
              {
                key: "import",
                icon: <UploadOutlined />,
                label: t("bar.import"),
                disabled: readOnly,
              },
            ],
            onClick: ({ key }) => {
              if (key === "export") files.save();
              else if (key === "bpmn") void draft.save().then((kept) => kept && files.saveBpmn());
              else if (key === "import") files.choose();
              else setOpen(key);
            },
          }}
        >
          <Button
            type="text"
            icon={<EllipsisOutlined />}
            aria-label={t("bar.more")}
            data-testid="btn-more-actions"
          />
        </Dropdown>
        {files.input}
      </div>
      <OthersHere words={words} />
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
    <Tooltip title={keys === undefined ? label : `${label} (${keys})`} mouseEnterDelay={0.4}>
      <Button
        type="text"
        icon={icon}
        aria-label={label}
        onClick={onClick}
        disabled={disabled ?? false}
        data-testid={testId}
      />
    </Tooltip>
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
