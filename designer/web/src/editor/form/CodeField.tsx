// A setting that is an expression, or a text with {{ … }} in it.

import { MapButton } from "../mapping/MapButton";
import { CodeInput } from "./CodeInput";
import { type FieldProps, testIdOf, useForm } from "./context";

const LONG_FROM = 1_000;

export function CodeField({ path, schema, value, onChange, label }: FieldProps) {
  const { variables, sample, disabled, example } = useForm();
  const kind = schema.format === "template" ? "template" : "expression";
  const hint = example[path];
  const long = kind === "template" && (schema.maxLength ?? 0) > LONG_FROM;
  const input = (
    <CodeInput
      kind={kind}
      value={typeof value === "string" ? value : ""}
      onChange={(next) => onChange(next === "" ? undefined : next)}
      label={label}
      placeholder={typeof hint === "string" ? hint : ""}
      variables={variables}
      sample={sample}
      disabled={disabled}
      long={long}
      testId={testIdOf(path)}
    />
  );
  if (schema["x-names"] !== "record") return input;
  return (
    <div className="hr-fields-tight">
      {input}
      <MapButton
        path={path}
        label={label}
        names="record"
        value={value}
        onChange={onChange}
        own={/^[^.[\]]{1,100}$/u}
      />
    </div>
  );
}
