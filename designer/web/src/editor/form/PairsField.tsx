// A list of names and values: what is sent, what is set.

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import { CodeInput } from "./CodeInput";
import { type FieldProps, testIdOf, useForm } from "./context";

interface Pair {
  name: string;
  value: string;
}

export function PairsField({ path, schema, value, onChange, label }: FieldProps) {
  const { t } = useTranslation(["editor", "errors"]);
  const { variables, sample, disabled, problems } = useForm();
  const pairs = (Array.isArray(value) ? value : []) as Pair[];
  const kind =
    schema.items?.properties?.["value"]?.format === "template" ? "template" : "expression";
  const change = (index: number, patch: Partial<Pair>) =>
    onChange(pairs.map((pair, at) => (at === index ? { ...pair, ...patch } : pair)));
  const wrong = (at: string) => problems.some((problem) => problem.path === `${path}/${at}`);
  return (
    <div className="hr-pairs" data-testid={testIdOf(path)}>
      {pairs.map((pair, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: names change while they are typed
        <div key={index} className="hr-pair">
          <Input
            value={pair.name ?? ""}
            placeholder={t("field.pair_name")}
            onChange={(event) => change(index, { name: event.target.value })}
            {...(wrong(`${index}/name`) ? { status: "error" as const } : {})}
            disabled={disabled}
            aria-label={`${label} ${index + 1}: ${t("field.pair_name")}`}
            data-testid={`${testIdOf(path)}.${index}.name`}
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
