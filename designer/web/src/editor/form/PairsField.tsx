// A list of names and values: what is sent, what is set.

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { MapButton } from "../mapping/MapButton";
import { CodeInput } from "./CodeInput";
import { type FieldProps, testIdOf, useForm } from "./context";
import { OfferedName } from "./TableFields";
import { useNames } from "./tables";

interface Pair {
  name: string;
  value: string;
}

export function PairsField({ path, schema, value, onChange, label }: FieldProps) {
  const { t } = useTranslation(["editor", "errors"]);
  const { variables, sample, disabled, problems, settings } = useForm();
  const names = useNames(schema["x-names"], settings["table"]);
  const pairs = (Array.isArray(value) ? value : []) as Pair[];
  const kind =
    schema.items?.properties?.["value"]?.format === "template" ? "template" : "expression";
  const change = (index: number, patch: Partial<Pair>) =>
    onChange(pairs.map((pair, at) => (at === index ? { ...pair, ...patch } : pair)));
  const taken = new Set(pairs.map(({ name }) => name));
  const free = names.filter(({ name }) => !taken.has(name));
  const missing = schema["x-names"] === "decision" ? free.filter((each) => !each.optional) : [];
  const known = new Set(variables.map(({ path: variable }) => variable));
  const wrong = (at: string) => problems.some((problem) => problem.path === `${path}/${at}`);
  return (
    <div className="hr-pairs" data-testid={testIdOf(path)}>
      {pairs.map((pair, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: names change while they are typed
        <div key={index} className="hr-pair">
          <OfferedName
            value={pair.name ?? ""}
            placeholder={t("field.pair_name")}
            onChange={(name) => change(index, { name })}
            offered={names.filter(({ name }) => name === pair.name || !taken.has(name))}
            wrong={wrong(`${index}/name`)}
            disabled={disabled}
            label={`${label} ${index + 1}: ${t("field.pair_name")}`}
            testId={`${testIdOf(path)}.${index}.name`}
          />
          <CodeInput
            kind={kind}
            value={pair.value ?? ""}
            onChange={(next) => change(index, { value: next })}
            label={`${label} ${index + 1}: ${t("field.pair_value")}`}
            placeholder={kind === "template" ? "{{ order_no }}" : "amount * 2"}
            variables={variables}
            sample={sample}
            disabled={disabled}
            testId={`${testIdOf(path)}.${index}.value`}
          />
          <Button
            type="text"
            icon={<DeleteOutlined />}
            aria-label={`${t("action.remove")} ${index + 1}`}
            disabled={disabled}
            onClick={() =>
              onChange(pairs.length === 1 ? [] : pairs.filter((_, at) => at !== index))
            }
          />
        </div>
      ))}
      {missing.length > 0 && !disabled && (
        <Button
          block
          onClick={() =>
            onChange([
              ...pairs.filter(({ name, value: given }) => name !== "" || given !== ""),
              ...missing.map(({ name }) => ({ name, value: known.has(name) ? name : "" })),
            ])
          }
          data-testid={`${testIdOf(path)}.fill`}
        >
          {t("field.fill_names", { count: missing.length })}
        </Button>
      )}
      {kind === "expression" && (
        <MapButton
          path={path}
          label={label}
          names={schema["x-names"]}
          value={pairs}
          onChange={onChange}
          own={schema["x-names"] === "decision" ? undefined : namesOf(schema)}
        />
      )}
      <Button
        type="dashed"
        block
        icon={<PlusOutlined />}
        disabled={disabled}
        onClick={() => onChange([...pairs, { name: "", value: "" }])}
        data-testid={`${testIdOf(path)}.add`}
      >
        {t("action.add_row")}
      </Button>
    </div>
  );
}

/** What a name must be, as the schema of a row says. */
function namesOf(schema: FieldProps["schema"]): RegExp {
  return new RegExp(schema.items?.properties?.["name"]?.pattern ?? "^.+$", "u");
}
