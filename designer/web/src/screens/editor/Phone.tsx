// On a phone flows are drawn in the vertical look; what does not fit it is read, and names and people put right.

import {
  ArrowLeftOutlined,
  CaretRightOutlined,
  RedoOutlined,
  SettingOutlined,
  UndoOutlined,
} from "@ant-design/icons";
import { Button, Drawer } from "antd";
import { Suspense, useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "../../api/session";
import type { Flow } from "../../api/types";
import { RoleDialogHost } from "../../directory/RoleDialogHost";
import { FlowDrawing } from "../../editor/canvas/FlowDrawing";
import { renameNode } from "../../editor/commands/renameNode";
import { setSettings } from "../../editor/commands/setSettings";
import { type FlowDocument, type FlowNode, nodeOf } from "../../editor/document";
import { QUIET_MS, QUIET_TOGETHER_MS, useDraft } from "../../editor/draft";
import type { JsonSchema } from "../../schema";
import { lazy } from "../../ui/lazy";
import "../../editor/editor.css";
import "./phone.css";
import { BilingualInput } from "../../editor/form/BilingualField";
import { FormContext } from "../../editor/form/context";
import { SettingsForm } from "../../editor/form/SettingsForm";
import { Inspector, useNodeForm } from "../../editor/Inspector";
import { NodeMenu } from "../../editor/NodeMenu";
import { Outline } from "../../editor/Outline";
import { Problems } from "../../editor/Problems";
import { isError, useChecking, useProblemMarks } from "../../editor/problems";
import { nodeSentence, type Words } from "../../editor/sentence";
import { useDocument, useEditor } from "../../editor/store";
import { marksOf } from "../../editor/testMarks";
import { Conflicts } from "../../editor/together/Conflicts";
import { OthersHere } from "../../editor/together/OthersHere";
import { useOthers, useTogether } from "../../editor/together/others";
import { nameOf } from "../../editor/variables";
import { readTree } from "../../editor/vertical/tree";
import { useWords } from "../../editor/words";
import { Loading } from "../../ui/page";
import { SaveMark } from "./Bar";
import { PublishDialog } from "./PublishDialog";
import { StartDialog } from "./StartDialog";

const VerticalView = lazy(() => import("../../editor/vertical/VerticalView"));
const PhoneTest = lazy(() => import("./PhoneTest"));

export function Phone({ flow, first }: { flow: Flow; first: FlowDocument }) {
  const { t } = useTranslation("editor");
  const document = useDocument();
  const words = useWords(document);
  const types = useEditor((state) => state.types);
  const readOnly = useEditor((state) => state.readOnly);
  const selected = useEditor((state) => state.selection.nodes[0]);
  const { select } = useEditor.getState();
  const together = useOthers((state) => state.others.length > 0);
  const quietMs = together ? QUIET_TOGETHER_MS : QUIET_MS;
  const draft = useDraft(flow.key, first, flow.draft.etag, quietMs);
  useTogether(flow.key, "vertical", draft.hear);
  const may = useMay();
  const fits = useMemo(() => readTree(document, types).tree !== null, [document, types]);
  const [chosen, setView] = useState<View | null>(null);
  const view = chosen ?? (fits ? "vertical" : "drawing");
  const [open, setOpen] = useState<Open | null>(null);
  const [tried, setTried] = useState(false);
  const [version, setVersion] = useState(flow.published_version);
  const problemMarks = useProblemMarks();
  const problems = useEditor((state) => state.problems);
  const past = useEditor((state) => state.history.past);
  const future = useEditor((state) => state.history.future);
  const menu = useEditor((state) => state.menu);
  const [reading, setReading] = useState<string | null>(null);
  const { undo, redo, goTo } = useEditor.getState();
  useChecking(flow.key);
  const openNode = useCallback((id: string, field?: string) => {
    setReading(id);
    if (field !== undefined) useEditor.getState().goTo(id, field);
  }, []);
  const draws = view === "vertical";
  const test = useEditor((state) => state.test);
  const marks = useMemo(() => (test === null ? null : marksOf(test, t)), [test, t]);
  const chosenNode = draws ? reading : selected;
  const node = open === "test" ? undefined : nodeOf(document, chosenNode ?? "");
  const named = (label: string | undefined) => (label === undefined ? "" : t(`command.${label}`));
  const close = () => {
    setReading(null);
    if (draws && node !== undefined) goTo(node.id);
    else select({});
  };
  return (
    <div className="hr-editor hr-editor-phone" data-testid="editor">
      <header className="hr-editor-bar">
        <Link to="/flows" className="hr-icon-link" aria-label={t("bar.back")}>
          <ArrowLeftOutlined />
        </Link>
        <div className="hr-editor-name">
          <h1>{words.text(document.name)}</h1>
        </div>
        <OthersHere words={words} />
        <SaveMark draft={draft} readOnly={readOnly} />
      </header>
      <div className="hr-phone-body">
        {!draws && <p className="hr-phone-note">{t("phone.note")}</p>}
        <div className="hr-left-tabs" role="tablist">
          {(["vertical", "drawing", "outline"] as const).map((name) => (
            <button
              key={name}
              type="button"
              role="tab"
              aria-selected={view === name}
              onClick={() => setView(name)}
              data-testid={`tab-${name}`}
            >
              {t(`phone.${name}`)}
            </button>
          ))}
        </div>
        {tried && (
          <Suspense fallback={<Loading rows={1} />}>
            <PhoneTest
              words={words}
              open={open === "test"}
              onOpen={() => setOpen("test")}
              onClose={() => {
                select({});
                setOpen(null);
              }}
            />
          </Suspense>
        )}
        <div className="hr-phone-view">
          <Conflicts flowKey={flow.key} words={words} />
          {draws ? (
            <Suspense fallback={<Loading rows={6} />}>
              <VerticalView
                words={words}
                problems={problemMarks}
                marks={marks}
                narrow
                onOpenNode={openNode}
                onCanvas={() => setView("drawing")}
              />
            </Suspense>
          ) : view === "drawing" ? (
            <FlowDrawing
              document={document}
              types={types}
              marks={marks}
              selected={selected ?? null}
              onSelect={(id) => select({ nodes: [id] })}
              label={words.text(document.name)}
            />
          ) : (
            <Outline words={words} />
          )}
        </div>
      </div>
      <footer className="hr-phone-bar">
        {!readOnly && (
          <>
            <Button
              type="text"
              icon={<UndoOutlined />}
              aria-label={t("bar.undo", { what: named(past.at(-1)?.label) })}
              disabled={past.length === 0}
              onClick={undo}
              data-testid="btn-undo"
            />
            <Button
              type="text"
              icon={<RedoOutlined />}
              aria-label={t("bar.redo", { what: named(future[0]?.label) })}
              disabled={future.length === 0}
              onClick={redo}
              data-testid="btn-redo"
            />
            <Button
              type="text"
              icon={<SettingOutlined />}
              aria-label={t("vertical.settings")}
              onClick={() => {
                select({});
                setOpen("settings");
              }}
              data-testid="btn-settings"
            />
            {problems.length > 0 && (
              <Button
                type="text"
                className="hr-phone-problems"
                onClick={() => setOpen("problems")}
                data-testid="tab-problems"
              >
                {t("side.problems")}
                <span
                  className="hr-e-count"
                  data-severity={problems.some(isError) ? "error" : "warning"}
                >
                  {problems.length}
                </span>
              </Button>
            )}
          </>
        )}
        <span className="hr-phone-bar-rest" />
        <Button
          type="text"
          icon={<CaretRightOutlined />}
          onClick={() => {
            setReading(null);
            setTried(true);
            setOpen("test");
          }}
          data-testid="btn-test"
        >
          {t("bar.test")}
        </Button>
        {!readOnly && version !== null && may("instances:start") && (
          <Button onClick={() => setOpen("start")} data-testid="btn-start">
            {t("app:nav.start")}
          </Button>
        )}
        {!readOnly && may("flows:publish") && (
          <Button type="primary" onClick={() => setOpen("publish")} data-testid="btn-publish">
            {t("bar.publish")}
          </Button>
        )}
      </footer>
      <Drawer
        open={node !== undefined || open === "settings"}
        placement="bottom"
        size={draws ? "82%" : "auto"}
        title={node === undefined ? t("flow.title") : nameOf(node, types, words.text)}
        onClose={() => {
          if (open === "settings") setOpen(null);
          close();
        }}
        data-testid="phone-inspector"
      >
        {draws ? (
          <div className="hr-phone-inspector">
            <Inspector words={words} />
          </div>
        ) : (
          node !== undefined && <Little key={node.id} node={node} words={words} />
        )}
      </Drawer>
      <Drawer
        open={open === "problems"}
        placement="bottom"
        size="60%"
        title={t("side.problems")}
        onClose={() => setOpen(null)}
      >
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: the buttons inside answer keys; this only closes */}
        {/* biome-ignore lint/a11y/noStaticElementInteractions: as above */}
        <div
          onClick={() => {
            setOpen(null);
            setReading(useEditor.getState().selection.nodes[0] ?? null);
          }}
        >
          <Problems words={words} />
        </div>
      </Drawer>
      {menu !== null && <NodeMenu words={words} />}
      <RoleDialogHost />
      {open === "publish" && (
        <PublishDialog
          flowKey={flow.key}
          version={version}
          draft={draft}
          words={words}
          onPublished={setVersion}
          onClose={() => setOpen(null)}
        />
      )}
      {open === "start" && (
        <StartDialog flowKey={flow.key} version={version} onClose={() => setOpen(null)} />
      )}
    </div>
  );
}

type View = "vertical" | "drawing" | "outline";
type Open = "publish" | "start" | "problems" | "settings" | "test";

/** The part of a node one may want to put right on the way: its name, and who decides. */
function Little({ node, words }: { node: FlowNode; words: Words }) {
  const { t } = useTranslation("editor");
  const types = useEditor((state) => state.types);
  const readOnly = useEditor((state) => state.readOnly);
  const { run } = useEditor.getState();
  const form = useNodeForm(node, words);
  const people = peopleOnly(types.get(node.type)?.settings ?? {});
  return (
    <div className="hr-fields" data-testid="inspector">
      <p className="hr-muted-text">{nodeSentence(node, types, words)}</p>
      <fieldset className="hr-setting">
        <legend>{t("field.name")}</legend>
        <BilingualInput
          testId="field-name"
          label={t("field.name")}
          value={node.name ?? {}}
          onChange={(name) => run(renameNode, { node: node.id, name })}
          disabled={readOnly}
        />
      </fieldset>
      <FormContext.Provider value={form}>
        <SettingsForm
          schema={people}
          value={node.settings}
          onChange={(settings) => run(setSettings, { node: node.id, settings })}
        />
      </FormContext.Provider>
    </div>
  );
}

function peopleOnly(schema: JsonSchema): JsonSchema {
  const properties = Object.fromEntries(
    Object.entries(schema.properties ?? {}).filter(([, each]) => each["x-widget"] === "assignees"),
  );
  return { type: "object", properties, required: schema.required ?? [] };
}
