// Which form a node asks with: none, one of the flow (with rights of this node), or one of its own.

import { FormOutlined, SafetyOutlined } from "@ant-design/icons";
import { Button, Select } from "antd";
import { Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { DrawnForm } from "../../forms/editor/drawing";
import type { FormUi, JsonSchema } from "../../schema";
import { lazy } from "../../ui/lazy";
import { type FlowDocument, formsOf } from "../document";
import { type FieldProps, isObject, testIdOf, useForm } from "../form/context";
import { SchemaEditor } from "../form/SchemaEditor";
import { useDocument, useEditor } from "../store";
import { useWords } from "../words";
import { FlowFormEditor, useNewForm } from "./FlowForms";

const FormEditor = lazy(() =>
  import("../../forms/editor/FormEditor").then((module) => ({ default: module.FormEditor })),
);

const NONE = "";
const OWN = ":own";
const NEW = ":new";

export function FormField({ path, schema, value, onChange, label }: FieldProps) {
  const { t } = useTranslation("forms");
  const { disabled } = useForm();
  const document = useDocument();
  const words = useWords(document);
  const create = useNewForm();
  const [open, setOpen] = useState<"build" | "rights" | null>(null);
  const [own, setOwn] = useState(false);
  const given = isObject(value) ? value : null;
  const used = typeof given?.["use"] === "string" ? given["use"] : null;
  const inline = given !== null && used === null;
  const flowOnly = schema.properties?.["use"] !== undefined; // a start asks with forms of the flow only
  const chosen = used ?? (inline || own ? OWN : NONE);
  const choose = (next: string) => {
    setOwn(next === OWN);
    if (next === NEW) {
      onChange({ use: create() });
      setOpen("build");
    } else if (next === OWN) onChange(inline ? given : undefined);
    else if (next === NONE) onChange(undefined);
    // Who decides reads what others have filled in; what is to be changed is allowed field by field.
    else
      onChange(
        !flowOnly && isFilledIn(document, next) ? { use: next, others: "read" } : { use: next },
      );
  };
  const options = [
    { value: NONE, label: t("section.none") },
    ...Object.entries(formsOf(document)).map(([key, form]) => ({
      value: key,
      label: t("section.of_flow", { name: words.text(form.title) || key }),
    })),
    { value: NEW, label: `+ ${t("section.new")}` },
    ...(flowOnly ? [] : [{ value: OWN, label: t("section.own") }]),
  ];
  return (
    <div className="hr-items">
      <Select
        className="hr-wide"
        value={chosen}
        options={options}
        onChange={choose}
        disabled={disabled}
        aria-label={`${label}: ${t("section.which")}`}
        data-testid={`${testIdOf(path)}.which`}
      />
      {used !== null && (
        <div className="hr-quick">
          <Button
            icon={<FormOutlined />}
            onClick={() => setOpen("build")}
            data-testid={`${testIdOf(path)}.open`}
          >
            {t("section.open")}
          </Button>
          <Button
            icon={<SafetyOutlined />}
            onClick={() => setOpen("rights")}
            data-testid={`${testIdOf(path)}.rights`}
          >
            {t("section.rights")}
          </Button>
        </div>
      )}
      {chosen === OWN && (
        <>
          <SchemaEditor
            value={(given ?? {}) as JsonSchema}
            onChange={(next) => onChange(emptied(next))}
            disabled={disabled}
            testId={testIdOf(path)}
          />
          <Button
            icon={<FormOutlined />}
            onClick={() => setOpen("build")}
            data-testid={`${testIdOf(path)}.open`}
          >
            {t("section.open")}
          </Button>
        </>
      )}
      {open !== null && used !== null && (
        <FlowFormEditor form={used} view={open} onClose={() => setOpen(null)} />
      )}
      {open !== null && used === null && (
        <OwnForm
          schema={(given ?? {}) as JsonSchema}
          onChange={(next) => onChange(emptied(next))}
          onClose={() => setOpen(null)}
          disabled={disabled}
        />
      )}
    </div>
  );
}

/** Is this form filled in at some node already? */
function isFilledIn(document: FlowDocument, key: string): boolean {
  return document.nodes.some(({ settings }) => {
    const form = settings?.["form"];
    return isObject(form) && form["use"] === key;
  });
}

interface OwnFormProps {
  schema: JsonSchema;
  onChange: (schema: JsonSchema) => void;
  onClose: () => void;
  disabled: boolean;
}

/** The form of one node alone keeps its layout in its schema. */
function OwnForm({ schema, onChange, onClose, disabled }: OwnFormProps) {
  const history = useEditor((state) => state.history);
  const { undo, redo } = useEditor.getState();
  const { "x-ui": ui, "x-title": title, ...rest } = schema;
  const form: DrawnForm = { schema: rest, ...(ui ? { ui } : {}), ...(title ? { title } : {}) };
  const change = (next: DrawnForm) =>
    onChange({
      ...next.schema,
      ...(hasLayout(next.ui) ? { "x-ui": next.ui } : {}),
      ...(next.title ? { "x-title": next.title } : {}),
    });
  return (
    <Suspense fallback={null}>
      <FormEditor
        form={form}
        onChange={change}
        onClose={onClose}
        disabled={disabled}
        onUndo={undo}
        onRedo={redo}
        canUndo={history.past.length > 0}
        canRedo={history.future.length > 0}
      />
    </Suspense>
  );
}

function hasLayout(ui: FormUi | undefined): ui is FormUi {
  return ui !== undefined && Object.keys(ui).length > 0;
}

function emptied(schema: JsonSchema): JsonSchema | undefined {
  const known =
    Object.keys(schema.properties ?? {}).length > 0 || schema["x-ui" as keyof JsonSchema];
  return known ? schema : undefined;
}
