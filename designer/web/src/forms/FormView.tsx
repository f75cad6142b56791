// Any form, drawn for one person: sections, columns, rights, line items, totals, attachments. The task's page and the start
// screen use it: `<FormView form={task.form} value={value} onChange={setValue} problems={problems} />`.

import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { JsonSchema } from "../schema";
import { MoreControls } from "../ui/form/Control";
import { helpOf, type JsonObject, titleOf } from "../ui/form/kinds";
import { Field } from "../ui/form/SchemaForm";
import { type FormProblem, pointerPart } from "../ui/form/validate";
import { useText } from "../ui/text";
import { Attachments } from "./Attachments";
import { withComputed } from "./computed";
import { FormContext } from "./context";
import { asForm, isWritable, rightOf, type ShownForm, sectionsOf } from "./form";
import { LineItems } from "./LineItems";
import { DepartmentField, PersonField } from "./PersonField";
import { ReadValue } from "./ReadValue";
import "./forms.css";

export interface FormViewProps {
  /** As the server shows it (`task.form`), or a plain JSON schema. */
  form: ShownForm | JsonSchema;
  value: JsonObject;
  onChange: (value: JsonObject) => void;
  problems?: FormProblem[];
  disabled?: boolean;
  /** Nothing can be changed: how it looked when it was decided. */
  readOnly?: boolean;
  /** The task it belongs to; attachments are looked at through it. */
  taskId?: string;
  /** Attachments are not really sent: the preview of the editor. */
  preview?: boolean;
}

const CONTROLS = {
  attachments: Attachments,
  lines: LineItems,
  person: PersonField,
  department: DepartmentField,
};

export function FormView(props: FormViewProps) {
  const { value, onChange, problems = [], disabled = false, readOnly = false } = props;
  const { taskId = null, preview = false } = props;
  const { t } = useTranslation(["forms", "app"]);
  const { text } = useText();
  const form = asForm(props.form);
  useComputed(form.schema, value, onChange, !readOnly);
  const change = (name: string, item: unknown) => {
    const { [name]: _old, ...others } = value;
    const next = item === undefined ? others : { ...value, [name]: item };
    onChange(withComputed(form.schema, next));
  };
  const field = (name: string) => (
    <FormField
      key={name}
      form={form}
      name={name}
      value={value[name]}
      onChange={(item) => change(name, item)}
      problems={problems}
      disabled={disabled}
      readOnly={readOnly || !isWritable(form, name)}
    />
  );
  const sections = sectionsOf(form, value);
  // Seldom wanted, so folded away; never where something in it is missing.
  const folded = sections.flatMap(({ names }) => names.filter((name) => isFolded(form, name)));
  const foldedWrong = problems.some(({ path }) => folded.includes(firstPart(path)));
  const drawn = sections
    .map(({ title, names }) => ({ title, names: names.filter((name) => !folded.includes(name)) }))
    .filter(({ names }) => names.length > 0);
  return (
    <FormContext.Provider value={{ form, taskId, preview, readOnly }}>
      <MoreControls.Provider value={CONTROLS}>
        <div className="hr-fv" data-columns={form.ui?.columns ?? 1} data-testid="form-view">
          {sections.length === 0 && <p className="hr-muted">{t("nothing")}</p>}
          {drawn.map(({ title, names }) =>
            title === null ? (
              <div key="" className="hr-fv-grid">
                {names.map(field)}
              </div>
            ) : (
              <section key={names.join()} className="hr-fv-section" aria-label={text(title.title)}>
                <h3>{text(title.title)}</h3>
                {text(title.help) && <p className="hr-field-help">{text(title.help)}</p>}
                <div className="hr-fv-grid">{names.map(field)}</div>
              </section>
            ),
          )}
          {folded.length > 0 && (
            <details className="hr-form-advanced" open={foldedWrong || undefined}>
              <summary>{t("app:form.advanced")}</summary>
              <div className="hr-fv-grid">{folded.map(field)}</div>
            </details>
          )}
        </div>
      </MoreControls.Provider>
    </FormContext.Provider>
  );
}

/** Nobody is asked for a field they do not see: what a yes needs is never folded. */
function isFolded(form: ShownForm, name: string): boolean {
  const needed = form.schema.required?.includes(name) || rightOf(form, name) === "required";
  return form.schema.properties?.[name]?.["x-advanced"] === true && !needed;
}

function firstPart(path: string): string {
  return (path.split("/")[1] ?? "").replaceAll("~1", "/").replaceAll("~0", "~");
}

/** What is worked out is there from the start, not only after the first key. */
function useComputed(
  schema: JsonSchema,
  value: JsonObject,
  onChange: (value: JsonObject) => void,
  active: boolean,
): void {
  useEffect(() => {
    if (!active) return;
    const next = withComputed(schema, value);
    if (next !== value) onChange(next);
  }, [schema, value, onChange, active]);
}

interface FormFieldProps {
  form: ShownForm;
  name: string;
  value: unknown;
  onChange: (value: unknown) => void;
  problems: FormProblem[];
  disabled: boolean;
  readOnly: boolean;
}

function FormField({ form, name, value, readOnly, ...field }: FormFieldProps) {
  const { t } = useTranslation("forms");
  const { text } = useText();
  const schema = form.schema.properties?.[name] ?? {};
  const right = rightOf(form, name);
  const required =
    right === "required" || (right === "edit" && (form.schema.required?.includes(name) ?? false));
  const wide =
    schema["x-wide"] || ["lines", "attachments", "textarea"].includes(schema["x-widget"] ?? "");
  const place = `hr-fv-field${wide ? " hr-fv-wide" : ""}`;
  if (readOnly && schema["x-widget"] !== "lines") {
    const help = helpOf(schema, text);
    return (
      <div className={`${place} hr-fv-read`} data-testid={`read-${name}`}>
        <span className="hr-field-label">{titleOf(name, schema, text)}</span>
        {help && schema["x-compute"] === undefined && <p className="hr-field-help">{help}</p>}
        <div className="hr-fv-value" aria-live={schema["x-compute"] ? "polite" : undefined}>
          <ReadValue schema={schema} value={value} />
        </div>
      </div>
    );
  }
  return (
    <div className={place} data-right={right}>
      <Field
        name={name}
        schema={schema}
        required={required}
        value={value}
        path={`/${pointerPart(name)}`}
        {...field}
        disabled={field.disabled || readOnly}
      />
      {form.masked?.includes(name) && value === form.value?.[name] && value !== undefined && (
        <p className="hr-field-help">{t("masked")}</p>
      )}
    </div>
  );
}
