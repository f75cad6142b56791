// The forms of the flow: a list to open them from, and the editor on one of them, every change a command that can be undone.

import { DeleteOutlined, FormOutlined, PlusOutlined } from "@ant-design/icons";
import { App, Button } from "antd";
import { Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { DrawnForm } from "../../forms/editor/drawing";
import type { FormUse } from "../../forms/editor/Rights";
import { lazy } from "../../ui/lazy";
import { setForm } from "../commands/setForm";
import { setSettings } from "../commands/setSettings";
import { type FlowDocument, type FlowForm, formsOf, usersOf } from "../document";
import { useDocument, useEditor } from "../store";
import { nameOf } from "../variables";
import { useWords } from "../words";

const FormEditor = lazy(() =>
  import("../../forms/editor/FormEditor").then((module) => ({ default: module.FormEditor })),
);

/** A key no form and no node has: both are variables. */
export function freshFormKey(document: FlowDocument): string {
  const taken = new Set([
    ...Object.keys(formsOf(document)),
    ...Object.keys(document.input?.properties ?? {}),
    ...document.nodes.flatMap((node) => [node.id, node.result ?? node.id]),
  ]);
  let number = 1;
  while (taken.has(`form_${number}`)) number += 1;
  return `form_${number}`;
}

export function newForm(zh: string, en: string): FlowForm {
  return { title: { zh, en }, schema: { type: "object", properties: {} }, ui: { columns: 1 } };
}

/** Makes a form and answers its key. */
export function useNewForm(): () => string {
  const { i18n } = useTranslation("forms");
  useEffect(() => {
    void i18n.loadLanguages(["zh", "en"]); // a new form is named in both
  }, [i18n]);
  return () => {
    const { run, history } = useEditor.getState();
    const key = freshFormKey(history.present);
    const number = { number: Object.keys(formsOf(history.present)).length + 1 };
    const title = (language: string) =>
      i18n.getFixedT(language, "forms")("section.default_name", number);
    run(setForm, { key, form: newForm(title("zh"), title("en")) });
    return key;
  };
}

export function FlowForms() {
  const { t } = useTranslation("forms");
  const { modal } = App.useApp();
  const document = useDocument();
  const words = useWords(document);
  const readOnly = useEditor((state) => state.readOnly);
  const [open, setOpen] = useState<string | null>(null);
  const create = useNewForm();
  const { run } = useEditor.getState();
  const forms = Object.entries(formsOf(document));
  const remove = (key: string, name: string) =>
    modal.confirm({
      title: t("section.remove", { name }),
      content: usersOf(document, key).length > 0 ? t("section.remove_text") : undefined,
      okButtonProps: { danger: true },
      onOk: () => run(setForm, { key, form: null }),
    });
  return (
    <fieldset className="hr-setting" data-path="$forms">
      <legend>{t("section.title")}</legend>
      <p className="hr-setting-help hr-help-above">{t("section.hint")}</p>
      <ul className="hr-form-list">
        {forms.map(([key, form]) => {
          const name = words.text(form.title) || key;
          return (
            <li key={key}>
              <Button
                icon={<FormOutlined />}
                onClick={() => setOpen(key)}
                data-testid={`form-${key}`}
              >
                {name}
              </Button>
              <Button
                type="text"
                icon={<DeleteOutlined />}
                disabled={readOnly}
                aria-label={t("section.remove", { name })}
                onClick={() => remove(key, name)}
              />
            </li>
          );
        })}
      </ul>
      <Button
        type="dashed"
        block
        icon={<PlusOutlined />}
        disabled={readOnly}
        onClick={() => setOpen(create())}
        data-testid="new-form"
      >
        {t("section.new")}
      </Button>
      {open !== null && <FlowFormEditor form={open} onClose={() => setOpen(null)} />}
    </fieldset>
  );
}

interface FlowFormEditorProps {
  form: string;
  onClose: () => void;
  view?: "build" | "rights";
}

/** The editor on a form of the flow; closes by itself when undoing takes the form away. */
export function FlowFormEditor({ form: key, onClose, view = "build" }: FlowFormEditorProps) {
  const document = useDocument();
  const words = useWords(document);
  const types = useEditor((state) => state.types);
  const readOnly = useEditor((state) => state.readOnly);
  const history = useEditor((state) => state.history);
  const { run, undo, redo } = useEditor.getState();
  const form = formsOf(document)[key];
  if (form === undefined) return null;
  const nodes = usersOf(document, key).map((node) => ({
    id: node.id,
    title: nameOf(node, types, words.text),
    use: node.settings["form"] as unknown as FormUse,
    onChange: (use: FormUse) =>
      run(setSettings, { node: node.id, settings: { ...node.settings, form: use } }),
  }));
  return (
    <Suspense fallback={null}>
      <FormEditor
        form={form as DrawnForm}
        onChange={(next) => run(setForm, { key, form: next as FlowForm })}
        onClose={onClose}
        disabled={readOnly}
        nodes={nodes}
        onUndo={undo}
        onRedo={redo}
        canUndo={history.past.length > 0}
        canRedo={history.future.length > 0}
        view={view}
      />
    </Suspense>
  );
}
