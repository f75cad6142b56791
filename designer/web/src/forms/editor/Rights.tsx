// Who may do what: the fields down, the nodes that use the form across.

import { useTranslation } from "react-i18next";
import type { JsonSchema, Right } from "../../schema";
import { titleOf } from "../../ui/form/kinds";
import { useText } from "../../ui/text";
import { type DrawnForm, RIGHTS, rightPlaces } from "./drawing";
import { formKindOf } from "./kinds";

export interface RightsNode {
  id: string;
  title: string;
  use: FormUse;
  onChange: (use: FormUse) => void;
}

export interface FormUse {
  use: string;
  rights?: Record<string, Right>;
  others?: Right;
}

interface RightsProps {
  form: DrawnForm;
  nodes: RightsNode[];
  disabled: boolean;
}

export function Rights({ form, nodes, disabled }: RightsProps) {
  const { t } = useTranslation("forms");
  const { text } = useText();
  const places = rightPlaces(form);
  if (nodes.length === 0) return <p className="hr-fe-note">{t("editor.used_nowhere")}</p>;
  return (
    <div className="hr-fe-rights">
      <p className="hr-muted">{t("editor.rights_hint")}</p>
      <div className="hr-fe-scroll">
        <table data-testid="rights">
          <thead>
            <tr>
              <th scope="col">{t("editor.field")}</th>
              {nodes.map((node) => (
                <th key={node.id} scope="col">
                  {node.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr className="hr-fe-others">
              <th scope="row">{t("editor.others")}</th>
              {nodes.map((node) => (
                <td key={node.id}>
                  <RightChoice
                    label={`${t("editor.others")} · ${node.title}`}
                    value={node.use.others ?? "edit"}
                    choices={RIGHTS}
                    disabled={disabled}
                    testId={`right-${node.id}-others`}
                    onChange={(right) => node.onChange(withOthers(node.use, right))}
                  />
                </td>
              ))}
            </tr>
            {places.map(({ path, schema }) => (
              <tr key={path} data-column={path.includes(".") || undefined}>
                <th scope="row">{titleOf(path.split(".").at(-1) ?? path, schema, text)}</th>
                {nodes.map((node) => (
                  <td key={node.id}>
                    <RightChoice
                      label={`${titleOf(path, schema, text)} · ${node.title}`}
                      value={rightAt(node.use, path)}
                      choices={choicesOf(schema)}
                      disabled={disabled}
                      testId={`right-${node.id}-${path}`}
                      onChange={(right) => node.onChange(withRight(node.use, path, right))}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

interface RightChoiceProps {
  label: string;
  value: Right;
  choices: Right[];
  disabled: boolean;
  testId: string;
  onChange: (right: Right) => void;
}

function RightChoice({ label, value, choices, disabled, testId, onChange }: RightChoiceProps) {
  const { t } = useTranslation("forms");
  return (
    <select
      className="hr-input hr-fe-right"
      data-right={value}
      aria-label={label}
      value={choices.includes(value) ? value : choices[0]}
      disabled={disabled}
      onChange={(event) => onChange(event.target.value as Right)}
      data-testid={testId}
    >
      {choices.map((right) => (
        <option key={right} value={right}>
          {t(`editor.right.${right}`)}
        </option>
      ))}
    </select>
  );
}

/** What is worked out can be seen or not. */
function choicesOf(schema: JsonSchema): Right[] {
  return formKindOf(schema) === "computed" ? ["read", "hidden"] : RIGHTS;
}

/** As the server decides it: a column has the right of its table, where it has none of its own. */
export function rightAt(use: FormUse, path: string): Right {
  const own = use.rights?.[path];
  const [field = ""] = path.split(".");
  const above = use.rights?.[field] ?? use.others ?? "edit";
  if (path === field) return above;
  if (above === "hidden" || above === "read") return own === "hidden" ? own : above;
  return own ?? "edit";
}

function withRight(use: FormUse, path: string, right: Right): FormUse {
  const { [path]: _, ...others } = use.rights ?? {};
  const usual = path.includes(".") ? "edit" : (use.others ?? "edit");
  const rights = right === usual ? others : { ...others, [path]: right };
  const { rights: _rights, ...rest } = use;
  return Object.keys(rights).length > 0 ? { ...rest, rights } : rest;
}

function withOthers(use: FormUse, right: Right): FormUse {
  const { others: _, ...rest } = use;
  return right === "edit" ? rest : { ...rest, others: right };
}
