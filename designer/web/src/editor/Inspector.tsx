// What is selected, to read and change: a node, a line, several things, or (nothing selected) the flow itself.

import {
  ApartmentOutlined,
  CopyOutlined,
  DeleteOutlined,
  PlusOutlined,
  QuestionCircleOutlined,
} from "@ant-design/icons";
import { Button, Input, InputNumber, Popover } from "antd";
import { type ReactNode, useCallback, useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { SchemaForm } from "../ui/form/SchemaForm";
import { Arrange } from "./Arrange";
import {
  frameSelected,
  pasteFragment,
  removeNode,
  removeSelected,
  selectedFragment,
  tidyUp,
} from "./actions";
import type { Command } from "./command";
import { changeTransform } from "./commands/changeTransform";
import { clearMapping } from "./commands/clearMapping";
import { disconnect } from "./commands/disconnect";
import { mapAutomatically } from "./commands/mapAutomatically";
import { mapField } from "./commands/mapField";
import { renameNode } from "./commands/renameNode";
import { setFlow } from "./commands/setFlow";
import { setInput } from "./commands/setInput";
import { setResult } from "./commands/setResult";
import { setSample } from "./commands/setSample";
import { type SetSettings, setSettings } from "./commands/setSettings";
import { setVisitsMax } from "./commands/setVisitsMax";
import { unmapField } from "./commands/unmapField";
import { useDialog } from "./dialog";
import { edgeOf, type FlowEdge, type FlowNode, inputOf, nodeOf } from "./document";
import { EventsSection } from "./EventsSection";
import { BilingualInput } from "./form/BilingualField";
import { FormContext, pathInForm } from "./form/context";
import { NodeSettings } from "./form/NodeSettings";
import { SchemaEditor } from "./form/SchemaEditor";
import { SettingsForm } from "./form/SettingsForm";
import { FlowForms } from "./forms/FlowForms";
import { giveKeyboard } from "./giveKeyboard";
import { NodeIcon } from "./icons";
import { JoinPicture } from "./JoinPicture";
import { edgeSentence, type Words } from "./sentence";
import { useDocument, useEditor } from "./store";
import { nameOf, variablesAt } from "./variables";

export function Inspector({ words }: { words: Words }) {
  const document = useDocument();
  const selection = useEditor((state) => state.selection);
  const count = selection.nodes.length + selection.notes.length;
  const node = nodeOf(document, selection.nodes[0] ?? "");
  const edge = edgeOf(document, selection.edges[0] ?? "");
  if (count > 1) return <Several count={count} />;
  if (node !== undefined) return <OfNode key={node.id} node={node} words={words} />;
  if (edge !== undefined && count === 0) return <OfEdge edge={edge} words={words} />;
  if (selection.notes.length === 1) return <Several count={1} />;
  return <OfFlow />;
}

interface FrameProps {
  head: ReactNode;
  children: ReactNode;
}

function Frame({ head, children }: FrameProps) {
  return (
    <section className="hr-inspector" data-testid="inspector">
      <div className="hr-inspector-head">{head}</div>
      {children}
    </section>
  );
}

function OfNode({ node, words }: { node: FlowNode; words: Words }) {
  const { t } = useTranslation("editor");
  const types = useEditor((state) => state.types);
  const readOnly = useEditor((state) => state.readOnly);
  const { run } = useEditor.getState();
  const type = types.get(node.type);
  const { form, command } = useNamed(useNodeForm(node, words));
  const body = useRef<HTMLDivElement>(null);
  useFieldFocus(node.id, body);
  if (type === undefined) {
    return (
      <Frame head={<h3>{node.id}</h3>}>
        <p className="hr-muted-text">{t("inspector.unknown_type", { type: node.type })}</p>
      </Frame>
    );
  }
  return (
    <Frame
      head={
        <>
          <span className="hr-palette-icon" data-group={type.group}>
            <NodeIcon icon={type.icon} type={type.name} />
          </span>
          <div className="hr-inspector-title">
            <h3>{nameOf(node, types, words.text)}</h3>
            <span className="hr-muted-text">{words.text(type.title)}</span>
          </div>
          {type.help && (
            <Popover
              content={<div className="hr-help-text">{words.text(type.help)}</div>}
              trigger={["click", "hover"]}
              placement="bottomRight"
            >
              <Button
                type="text"
                icon={<QuestionCircleOutlined />}
                aria-label={t("inspector.help")}
              />
            </Popover>
          )}
          <Button
            type="text"
            danger
            icon={<DeleteOutlined />}
            aria-label={t("action.delete")}
            title={t("action.delete")}
            disabled={readOnly}
            onClick={() => removeNode(node.id)}
            data-testid="btn-delete-node"
          />
        </>
      }
    >
      <div ref={body} className="hr-fields">
        <fieldset className="hr-setting" data-path="$name">
          <legend>{t("field.name")}</legend>
          <BilingualInput
            testId="field-name"
            label={t("field.name")}
            value={node.name ?? {}}
            onChange={(name) => run(renameNode, { node: node.id, name })}
            disabled={readOnly}
          />
        </fieldset>
        {type.joins && <JoinPicture node={node} />}
        <FormContext.Provider value={form}>
          <NodeSettings
            type={type.name}
            schema={type.settings}
            value={node.settings}
            onChange={(settings) => run(command.current, { node: node.id, settings })}
          />
          <EventsSection node={node} words={words} />
        </FormContext.Provider>
        {!type.ends && !type.starts && (
          <details
            className="hr-advanced"
            open={node.result !== undefined || node.visits_max !== undefined || undefined}
          >
            <summary>{t("inspector.advanced")}</summary>
            <div className="hr-fields">
              <fieldset className="hr-setting" data-path="$result">
                <legend>{t("field.result")}</legend>
                <Input
                  className="hr-mono"
                  value={node.result ?? ""}
                  placeholder={node.id}
                  disabled={readOnly}
                  onChange={(event) =>
                    run(setResult, { node: node.id, result: event.target.value.trim() })
                  }
                  aria-label={t("field.result")}
                  data-testid="field-result-name"
                />
                <p className="hr-setting-help">{t("field.result_help")}</p>
              </fieldset>
              <VisitsMax node={node} readOnly={readOnly} />
              <p className="hr-muted-text">
                {t("inspector.id")} <code>{node.id}</code>
              </p>
            </div>
          </details>
        )}
      </div>
    </Frame>
  );
}

const NAMED: Record<string, Command<SetSettings>> = {
  changeTransform,
  clearMapping,
  mapAutomatically,
  mapField,
  unmapField,
};

/** The form, whose changes may have a name of their own in the history. */
function useNamed<Form extends object>(form: Form) {
  const command = useRef<Command<SetSettings>>(setSettings);
  const named = useCallback((deed: string, change: () => void) => {
    command.current = NAMED[deed] ?? setSettings;
    try {
      change();
    } finally {
      command.current = setSettings;
    }
  }, []);
  return { form: useMemo(() => ({ ...form, named }), [form, named]), command };
}

function VisitsMax({ node, readOnly }: { node: FlowNode; readOnly: boolean }) {
  const { t } = useTranslation("editor");
  const { run } = useEditor.getState();
  return (
    <fieldset className="hr-setting" data-path="$visits_max">
      <legend>{t("field.visits_max")}</legend>
      <InputNumber
        className="hr-wide"
        min={1}
        max={100_000}
        precision={0}
        value={node.visits_max ?? null}
        placeholder={t("field.visits_any")}
        disabled={readOnly}
        onChange={(visits_max) => run(setVisitsMax, { node: node.id, visits_max })}
        aria-label={t("field.visits_max")}
        data-testid="field-visits-max"
      />
      <p className="hr-setting-help">{t("field.visits_max_help")}</p>
    </fieldset>
  );
}

const SAMPLE_NOW = new Date().toISOString();
const SAMPLE_INSTANCE = {
  id: "ins_sample",
  business_key: "A-1001",
  started_at: SAMPLE_NOW,
  initiator: "usr_sample",
};

/** Examples in the reader's language, where those of the node type are in another or there is none. */
function useExamples(type: string): Record<string, string> {
  const { t } = useTranslation("canvas");
  return useMemo(() => {
    const found = t(`example.${type}` as "example.approval", {
      returnObjects: true,
      skipInterpolation: true,
      defaultValue: {},
    });
    return typeof found === "object" ? (found as Record<string, string>) : {};
  }, [t, type]);
}

/** What the fields of this node's form may use. */
export function useNodeForm(node: FlowNode, words: Words) {
  const { t } = useTranslation("editor");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const readOnly = useEditor((state) => state.readOnly);
  const problems = useEditor((state) => state.problems);
  const tried = useEditor((state) => state.test?.variables);
  const examples = useExamples(node.type);
  return useMemo(
    () => ({
      variables: variablesAt(document, node.id, types, t, words.text, tried),
      words,
      sample: { instance: SAMPLE_INSTANCE, now: SAMPLE_NOW, ...document.sample, ...tried },
      problems: problems.flatMap((problem) => {
        const path = problem.node === node.id ? pathInForm(problem) : null;
        return path === null ? [] : [{ ...problem, path }];
      }),
      example: { ...types.get(node.type)?.example, ...examples },
      settings: node.settings,
      disabled: readOnly,
      title: nameOf(node, types, words.text),
      Form: SettingsForm,
    }),
    [document, node, types, t, words, problems, tried, readOnly, examples],
  );
}

/** Enter on a node comes here; a problem leads to its very field. */
function useFieldFocus(node: string, body: React.RefObject<HTMLDivElement | null>): void {
  const focus = useEditor((state) => state.focus);
  useEffect(() => {
    if (focus?.node !== node || (focus.field === undefined && !focus.inspector)) return;
    let tries = FIELD_TRIES;
    return giveKeyboard(() => {
      tries -= 1;
      // Parts of a form come when they are needed; the field may not be there at once.
      if (!isDrawn(body.current, focus.field) && tries > 0) return false;
      const place = fieldPlace(body.current, focus.field);
      const control = place?.querySelector<HTMLElement>(CONTROLS);
      place?.closest("details")?.setAttribute("open", "");
      (control ?? place)?.scrollIntoView({ block: "center" });
      control?.focus();
      return true;
    }, FIELD_MS);
  }, [focus, node, body]);
}

const CONTROLS = "input:not([type=hidden]), textarea, .cm-content, button";

const FIELD_MS = 60;
const FIELD_TRIES = 25;

function isDrawn(body: HTMLElement | null, field: string | undefined): boolean {
  if (field === undefined) return true;
  const [first = ""] = field.split("/");
  return body?.querySelector(`[data-path="${CSS.escape(first)}"]`) != null;
}

/** The field, or the nearest one around it that is drawn. */
function fieldPlace(body: HTMLElement | null, field: string | undefined): HTMLElement | null {
  if (body === null || field === undefined) return body;
  for (let path = field; path !== ""; path = path.split("/").slice(0, -1).join("/")) {
    const found = body.querySelector<HTMLElement>(`[data-path="${CSS.escape(path)}"]`);
    if (found !== null) return found;
  }
  return body;
}

function OfEdge({ edge, words }: { edge: FlowEdge; words: Words }) {
  const { t } = useTranslation("editor");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const readOnly = useEditor((state) => state.readOnly);
  const { run, goTo, openMenu } = useEditor.getState();
  const from = nodeOf(document, edge.from);
  const to = nodeOf(document, edge.to);
  const sentence = edgeSentence(document, edge, types, words);
  const button = (node: FlowNode | undefined) =>
    node !== undefined && (
      <Button type="link" onClick={() => goTo(node.id)}>
        {nameOf(node, types, words.text)}
      </Button>
    );
  return (
    <Frame head={<h3>{t("inspector.line")}</h3>}>
      <dl className="hr-e-facts">
        <dt>{t("inspector.from")}</dt>
        <dd>{button(from)}</dd>
        <dt>{t("inspector.to")}</dt>
        <dd>{button(to)}</dd>
        {sentence !== "" && (
          <>
            <dt>{t("inspector.when")}</dt>
            <dd>{sentence}</dd>
          </>
        )}
      </dl>
      <div className="hr-quick">
        <Button
          icon={<PlusOutlined />}
          disabled={readOnly}
          onClick={(event) =>
            openMenu({
              wish: { kind: "edge", edge: edge.id },
              at: { x: event.clientX, y: event.clientY },
            })
          }
        >
          {t("action.insert_here")}
        </Button>
        <Button
          danger
          icon={<DeleteOutlined />}
          disabled={readOnly}
          onClick={() => run(disconnect, { edge: edge.id })}
          data-testid="btn-delete-edge"
        >
          {t("action.delete")}
        </Button>
      </div>
    </Frame>
  );
}

function Several({ count }: { count: number }) {
  const { t } = useTranslation(["editor", "canvas"]);
  const readOnly = useEditor((state) => state.readOnly);
  const duplicate = () => {
    const fragment = selectedFragment();
    if (fragment !== null) pasteFragment(fragment);
  };
  return (
    <Frame head={<h3>{t("inspector.several", { count })}</h3>}>
      <div className="hr-quick">
        <Button icon={<CopyOutlined />} onClick={duplicate} disabled={readOnly}>
          {t("action.duplicate")}
        </Button>
        {count > 1 && <Arrange count={count} />}
        <Button onClick={frameSelected} disabled={readOnly} data-testid="btn-frame">
          {t("canvas:action.section")}
        </Button>
        <Button
          onClick={() => useDialog.getState().show("group")}
          disabled={readOnly}
          data-testid="btn-group"
        >
          {t("canvas:action.subflow")}
        </Button>
        {count > 1 && (
          <Button icon={<ApartmentOutlined />} onClick={() => void tidyUp()} disabled={readOnly}>
            {t("action.layout")}
          </Button>
        )}
        <Button danger icon={<DeleteOutlined />} onClick={removeSelected} disabled={readOnly}>
          {t("action.delete")}
        </Button>
      </div>
    </Frame>
  );
}

function OfFlow() {
  const { t } = useTranslation("editor");
  const document = useDocument();
  const readOnly = useEditor((state) => state.readOnly);
  const { run } = useEditor.getState();
  const hasInput = Object.keys(inputOf(document).properties ?? {}).length > 0;
  return (
    <Frame
      head={
        <div className="hr-inspector-title">
          <h3>{t("flow.title")}</h3>
          <span className="hr-muted-text">{t("flow.hint")}</span>
        </div>
      }
    >
      <div className="hr-fields">
        <fieldset className="hr-setting">
          <legend>{t("flow.name")}</legend>
          <BilingualInput
            testId="flow-name"
            label={t("flow.name")}
            value={document.name}
            onChange={(name) => run(setFlow, { name })}
            disabled={readOnly}
          />
        </fieldset>
        <fieldset className="hr-setting">
          <legend>{t("flow.description")}</legend>
          <BilingualInput
            testId="flow-description"
            label={t("flow.description")}
            value={document.description ?? {}}
            onChange={(description) => run(setFlow, { description })}
            disabled={readOnly}
            long
          />
        </fieldset>
        <fieldset className="hr-setting">
          <legend>{t("flow.input")}</legend>
          <p className="hr-setting-help hr-help-above">{t("flow.input_help")}</p>
          <SchemaEditor
            value={inputOf(document)}
            onChange={(input) => run(setInput, { input })}
            onOnce={(name) => {
              const start = document.nodes.find(({ type }) => type === "start");
              const settings = { ...start?.settings, dedup_key: name, business_key: name };
              if (start !== undefined) run(setSettings, { node: start.id, settings });
            }}
            disabled={readOnly}
            testId="flow-input"
            searchable
          />
        </fieldset>
        <FlowForms />
        {hasInput && (
          <fieldset className="hr-setting">
            <legend>{t("flow.sample")}</legend>
            <p className="hr-setting-help hr-help-above">{t("flow.sample_help")}</p>
            <SchemaForm
              schema={inputOf(document)}
              value={document.sample ?? {}}
              onChange={(sample) => run(setSample, { sample })}
              disabled={readOnly}
              path="/sample"
            />
          </fieldset>
        )}
      </div>
    </Frame>
  );
}
