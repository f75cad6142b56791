// On a phone flows are read, not drawn: the drawing, and names and people to put right.

import { ArrowLeftOutlined } from "@ant-design/icons";
import { Drawer } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Flow } from "../../api/types";
import { FlowDrawing } from "../../editor/canvas/FlowDrawing";
import { renameNode } from "../../editor/commands/renameNode";
import { setSettings } from "../../editor/commands/setSettings";
import { type FlowDocument, type FlowNode, nodeOf, type Schema } from "../../editor/document";
import { useDraft } from "../../editor/draft";
import "../../editor/editor.css";
import { BilingualInput } from "../../editor/form/BilingualField";
import { FormContext } from "../../editor/form/context";
import { SettingsForm } from "../../editor/form/SettingsForm";
import { useNodeForm } from "../../editor/Inspector";
import { Outline } from "../../editor/Outline";
import { nodeSentence, type Words } from "../../editor/sentence";
import { useDocument, useEditor } from "../../editor/store";
import { nameOf } from "../../editor/variables";
import { useWords } from "../../editor/words";
import { SaveMark } from "./Bar";
import { StaleDialog } from "./StaleDialog";

export function Phone({ flow, first }: { flow: Flow; first: FlowDocument }) {
  const { t } = useTranslation("editor");
  const document = useDocument();
  const words = useWords(document);
  const types = useEditor((state) => state.types);
  const readOnly = useEditor((state) => state.readOnly);
  const selected = useEditor((state) => state.selection.nodes[0]);
  const { select } = useEditor.getState();
  const draft = useDraft(flow.key, first, flow.draft.etag);
  const [view, setView] = useState<"drawing" | "outline">("drawing");
  const node = nodeOf(document, selected ?? "");
  return (
    <div className="hr-editor hr-editor-phone" data-testid="editor">
      <header className="hr-editor-bar">
        <Link to="/flows" className="hr-icon-link" aria-label={t("bar.back")}>
          <ArrowLeftOutlined />
        </Link>
        <div className="hr-editor-name">
          <h1>{words.text(document.name)}</h1>
        </div>
        <SaveMark draft={draft} readOnly={readOnly} />
      </header>
      <div className="hr-phone-body">
        <p className="hr-phone-note">{t("phone.note")}</p>
        <div className="hr-left-tabs" role="tablist">
          {(["drawing", "outline"] as const).map((name) => (
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
        <div className="hr-phone-view">
          {view === "drawing" ? (
            <FlowDrawing
              document={document}
              types={types}
              selected={selected ?? null}
              onSelect={(id) => select({ nodes: [id] })}
              label={words.text(document.name)}
            />
          ) : (
            <Outline words={words} />
          )}
        </div>
      </div>
      <Drawer
        open={node !== undefined}
        placement="bottom"
        size="auto"
        title={node && nameOf(node, types, words.text)}
        onClose={() => select({})}
      >
        {node !== undefined && <Little key={node.id} node={node} words={words} />}
      </Drawer>
      {draft.stale !== null && <StaleDialog draft={draft} />}
    </div>
  );
}

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

function peopleOnly(schema: Schema): Schema {
  const properties = Object.fromEntries(
    Object.entries(schema.properties ?? {}).filter(([, each]) => each["x-widget"] === "assignees"),
  );
  return { type: "object", properties, required: schema.required ?? [] };
}
