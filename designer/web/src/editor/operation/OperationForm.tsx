// The settings of "Ask a platform": the connection says which operations there are, the operation which parameters.

import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import type { Page } from "../../api/types";
import type { JsonSchema } from "../../schema";
import { helpOf, titleOf } from "../../ui/form/kinds";
import type { Text } from "../../ui/text";
import type { Settings } from "../document";
import { CodeInput } from "../form/CodeInput";
import { type SettingsFormProps, useForm } from "../form/context";
import { SettingsForm } from "../form/SettingsForm";
import { MapButton } from "../mapping/MapButton";
import { useProblemWords } from "../problemWords";
import { useConnections } from "../remote";

interface Asked {
  name: string;
  title: Text;
  effect: string;
  params: JsonSchema;
  asked: boolean;
}

interface Offering {
  name: string;
  title: Text;
  own?: boolean;
  operations: Asked[];
}

interface Row {
  name: string;
  value: string;
}

export function OperationForm({ schema, value, onChange }: SettingsFormProps) {
  const { t } = useTranslation("own_connectors");
  const { words, disabled, problems } = useForm();
  const problemWords = useProblemWords();
  const may = useMay()("connections:read");
  const { data } = useQuery({
    enabled: may,
    queryKey: ["/api/connectors", "for-editor"],
    queryFn: () => api.get<Page<Offering>>("/api/connectors"),
  });
  const key = typeof value["connection"] === "string" ? value["connection"] : "";
  const kind = useConnections().find((one) => one.key === key)?.connector;
  const offering = data?.items.find((one) => one.name === kind);
  const chosen = typeof value["operation"] === "string" ? value["operation"] : undefined;
  const offered = (offering?.operations ?? []).filter((one) => one.asked);
  const options = offered.map((one) => ({
    value: `${kind}.${one.name}`,
    label: words.text(one.title) || one.name,
  }));
  const operation = offered.find((one) => `${kind}.${one.name}` === chosen);
  const known = chosen === undefined || options.some((one) => one.value === chosen);
  const choose = (next: string | undefined) => {
    const { effect: _effect, operation: _operation, params: _params, ...others } = value;
    if (next === undefined) return onChange(others);
    const made = offered.find((one) => `${kind}.${one.name}` === next);
    const names = Object.keys(made?.params.properties ?? {});
    const kept = rowsOf(value).filter((row) => names.includes(row.name));
    onChange({
      ...others,
      operation: next,
      ...(kept.length > 0 ? { params: kept } : {}),
      ...(offering?.own && made ? { effect: made.effect } : {}),
    });
  };
  const own = (path: string) => problems.filter((problem) => problem.path === path);
  return (
    <>
      <SettingsForm schema={part(schema, ["connection"])} value={value} onChange={onChange} />
      <fieldset
        className="hr-setting"
        data-path="operation"
        data-wrong={own("operation").length > 0 || undefined}
      >
        <legend>
          {t("field.operation")}
          <span className="hr-setting-required" aria-hidden>
            *
          </span>
        </legend>
        <Select
          className="hr-wide"
          showSearch={{ optionFilterProp: "label" }}
          allowClear
          options={known ? options : [{ value: chosen, label: chosen }, ...options]}
          value={chosen ?? null}
          onChange={(next) => choose(next ?? undefined)}
          disabled={disabled}
          placeholder={t("field.no_operation")}
          notFoundContent={t("field.no_operation")}
          data-testid="field-operation"
          aria-label={t("field.operation")}
        />
        {own("operation").map((problem) => (
          <p key={problem.code} className="hr-setting-problem" role="alert">
            {problemWords(problem)}
          </p>
        ))}
        {!known && offering !== undefined && (
          <p className="hr-setting-help">{t("field.unknown", { name: chosen })}</p>
        )}
      </fieldset>
      {operation !== undefined ? (
        <Params operation={operation} value={value} onChange={onChange} />
      ) : (
        <SettingsForm schema={part(schema, ["params"])} value={value} onChange={onChange} />
      )}
      <SettingsForm
        schema={part(schema, others(schema, offering?.own === true))}
        value={value}
        onChange={onChange}
      />
    </>
  );
}

function Params({
  operation,
  value,
  onChange,
}: {
  operation: Asked;
  value: Settings;
  onChange: (value: Settings) => void;
}) {
  const { t } = useTranslation("own_connectors");
  const { variables, sample, disabled, words, problems } = useForm();
  const problemWords = useProblemWords();
  const rows = rowsOf(value);
  const properties = Object.entries(operation.params.properties ?? {});
  const required = new Set(operation.params.required ?? []);
  const change = (name: string, next: string) => {
    const others = rows.filter((row) => row.name !== name);
    const all = next.trim() === "" ? others : [...others, { name, value: next }];
    const order = properties.map(([each]) => each);
    all.sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
    const { params: _params, ...rest } = value;
    onChange(all.length > 0 ? { ...rest, params: all } : rest);
  };
  const missing = problems.filter((problem) => problem.path === "params");
  return (
    <fieldset className="hr-setting" data-path="params">
      <legend>{t("field.params")}</legend>
      {properties.length === 0 && <p className="hr-setting-help">{t("field.no_params")}</p>}
      {properties.length > 0 && (
        <MapButton
          path="params"
          label={words.text(operation.title) || operation.name}
          names={undefined}
          params={operation.params as JsonSchema}
          value={value["params"]}
          onChange={(params) => {
            const { params: _params, ...rest } = value;
            onChange(params === undefined ? rest : { ...rest, params });
          }}
          own={undefined}
        />
      )}
      {properties.map(([name, schema]) => {
        const at = rows.findIndex((row) => row.name === name);
        const label = titleOf(name, schema, words.text);
        const help = helpOf(schema, words.text);
        const wrong = problems.filter((problem) => problem.path === `params/${at}/value`);
        return (
          <div key={name} className="hr-operation-param" data-path={`params/${at}/value`}>
            <span className="hr-operation-label">
              {label}
              {required.has(name) && (
                <span className="hr-setting-required" aria-hidden>
                  *
                </span>
              )}
              {label !== name && <code className="hr-muted">{name}</code>}
            </span>
            <CodeInput
              kind="expression"
              value={rows[at]?.value ?? ""}
              onChange={(next) => change(name, next)}
              label={label}
              placeholder={schema.type === "string" ? '"…"' : ""}
              variables={variables}
              sample={sample}
              disabled={disabled}
              testId={`field-params.${name}`}
            />
            {wrong.map((problem) => (
              <p key={problem.code} className="hr-setting-problem" role="alert">
                {problemWords(problem)}
              </p>
            ))}
            {help !== "" && help !== name && <p className="hr-setting-help">{help}</p>}
          </div>
        );
      })}
      {missing.map((problem) => (
        <p key={problem.message} className="hr-setting-problem" role="alert">
          {problemWords(problem)}
        </p>
      ))}
    </fieldset>
  );
}

function rowsOf(value: Settings): Row[] {
  return Array.isArray(value["params"]) ? (value["params"] as Row[]) : [];
}

/** The schema with only these settings. */
function part(schema: JsonSchema, names: string[]): JsonSchema {
  const properties = Object.fromEntries(
    names.flatMap((name) => {
      const one = schema.properties?.[name];
      return one === undefined ? [] : [[name, one] as const];
    }),
  );
  return { ...schema, properties };
}

function others(schema: JsonSchema, own: boolean): string[] {
  const shown = ["connection", "operation", "params", ...(own ? [] : ["effect"])];
  return Object.keys(schema.properties ?? {}).filter((name) => !shown.includes(name));
}
