// How votes decide: a rule to choose, its number, who weighs more and who may veto; below, the sentence it makes.

import { CloseOutlined } from "@ant-design/icons";
import { Button, InputNumber } from "antd";
import { useTranslation } from "react-i18next";
import { Segments } from "../../ui/Segments";
import type { Settings } from "../document";
import { AssigneeSearch } from "../form/AssigneeSearch";
import { type SettingsFormProps, useForm } from "../form/context";
import { withItem } from "../form/items";
import { assigneeSentence } from "./assignee";
import { Part } from "./Part";
import { MODES, type Mode, modeOf, SHARES, shareWords, voteSentence, weightsOf } from "./vote";

const NUMBERS: Partial<Record<Mode, string[]>> = {
  ratio: ["ratio"],
  count: ["count"],
  weight: ["weights", "pass_weight"],
};

/** Where votes are counted a veto says something; elsewhere the first rejection decides anyway. */
const COUNTED: Mode[] = ["ratio", "count", "weight"];

export function VoteEditor({ schema, value, onChange }: SettingsFormProps) {
  const { t } = useTranslation("editor");
  const { words, disabled } = useForm();
  const offered = schema.properties?.["mode"]?.enum ?? MODES;
  const mode = modeOf(value);
  return (
    <>
      <Part path="mode" title={t("vote.mode")} quiet>
        <div className="hr-modes" data-testid="field-mode">
          {MODES.filter((each) => offered.includes(each)).map((each) => (
            <label key={each} className="hr-mode" data-on={each === mode || undefined}>
              <input
                type="radio"
                name="mode"
                value={each}
                checked={each === mode}
                disabled={disabled}
                onChange={() => onChange(withMode(value, each))}
                data-testid={`field-mode.${each}`}
              />
              <span>
                {t(`vote.${each}.title`)}
                <small>{t(`vote.${each}.help`)}</small>
              </span>
            </label>
          ))}
        </div>
      </Part>
      {mode === "ratio" && <Ratio value={value} onChange={onChange} />}
      {mode === "count" && (
        <Part path="count" title={t("vote.count_label")}>
          <InputNumber
            min={1}
            max={1000}
            precision={0}
            value={(value["count"] as number | undefined) ?? null}
            onChange={(count) => onChange(withItem(value, "count", count ?? undefined))}
            disabled={disabled}
            aria-label={t("vote.count_label")}
            data-testid="field-count"
          />
        </Part>
      )}
      {mode === "weight" && <Weights value={value} onChange={onChange} />}
      {schema.properties?.["veto"] !== undefined && COUNTED.includes(mode) && (
        <Veto value={value} onChange={onChange} />
      )}
      <p className="hr-says" data-testid="vote-sentence">
        {voteSentence(value, words)}
      </p>
    </>
  );
}

/** The numbers of other rules go; a fresh rule begins with what is usual. */
function withMode(settings: Settings, mode: Mode): Settings {
  const others = Object.entries(NUMBERS).flatMap(([name, names]) => (name === mode ? [] : names));
  if (!COUNTED.includes(mode)) others.push("veto");
  const kept = Object.fromEntries(
    Object.entries(settings).filter(([name]) => !others.includes(name)),
  );
  const fresh = { ratio: { ratio: 66.66 }, count: { count: 2 } } as Partial<Record<Mode, Settings>>;
  return { ...(fresh[mode] ?? {}), ...kept, mode };
}

type EditorProps = Pick<SettingsFormProps, "value" | "onChange">;

function Ratio({ value, onChange }: EditorProps) {
  const { t } = useTranslation("editor");
  const { words, disabled } = useForm();
  const ratio = value["ratio"] as number | undefined;
  const set = (next: number | null) => onChange(withItem(value, "ratio", next ?? undefined));
  return (
    <Part path="ratio" title={t("vote.ratio_label")}>
      <div className="hr-row">
        <InputNumber
          min={0.01}
          max={100}
          step={5}
          suffix="%"
          value={ratio ?? null}
          onChange={set}
          disabled={disabled}
          aria-label={t("vote.ratio_label")}
          data-testid="field-ratio"
        />
      </div>
      <div className="hr-quick">
        {SHARES.map(([percent, name]) => (
          <Button
            key={name}
            size="small"
            type={percent === ratio ? "primary" : "default"}
            disabled={disabled}
            onClick={() => set(percent)}
            data-testid={`share-${name}`}
          >
            {shareWords(percent, words)}
          </Button>
        ))}
      </div>
    </Part>
  );
}

function Weights({ value, onChange }: EditorProps) {
  const { t } = useTranslation("editor");
  const { words, disabled } = useForm();
  const rows = weightsOf(value);
  const set = (next: typeof rows) =>
    onChange(withItem(value, "weights", next.length === 0 ? undefined : next));
  return (
    <>
      <Part path="weights" title={t("vote.weights")} help={t("vote.weights_help")}>
        <ul className="hr-weights">
          {rows.map((row, index) => {
            const name = assigneeSentence(row.who, words);
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: the place is the only name of a row
              <li key={index}>
                <span className="hr-assignee-name">{name}</span>
                <InputNumber
                  min={1}
                  max={1000}
                  precision={0}
                  value={row.weight}
                  onChange={(weight) =>
                    set(
                      rows.map((old, at) => (at === index ? { ...old, weight: weight ?? 1 } : old)),
                    )
                  }
                  disabled={disabled}
                  aria-label={t("vote.weight_of", { name })}
                  data-testid={`field-weights.${index}.weight`}
                />
                <Button
                  type="text"
                  size="small"
                  icon={<CloseOutlined />}
                  disabled={disabled}
                  aria-label={`${t("action.remove")} ${name}`}
                  onClick={() => set(rows.filter((_, at) => at !== index))}
                />
              </li>
            );
          })}
        </ul>
        <AssigneeSearch
          label={t("vote.weights")}
          testId="field-weights"
          disabled={disabled}
          onAdd={(who) => set([...rows, { who, weight: 1 }])}
        />
      </Part>
      <Part path="pass_weight" title={t("vote.pass_weight")}>
        <InputNumber
          min={1}
          precision={0}
          value={(value["pass_weight"] as number | undefined) ?? null}
          onChange={(next) => onChange(withItem(value, "pass_weight", next ?? undefined))}
          disabled={disabled}
          aria-label={t("vote.pass_weight")}
          data-testid="field-pass_weight"
        />
      </Part>
    </>
  );
}

function Veto({ value, onChange }: EditorProps) {
  const { t } = useTranslation("editor");
  const { Form } = useForm();
  const veto = value["veto"];
  const who = veto === true ? "everybody" : Array.isArray(veto) ? "some" : "none";
  const set = (next: unknown) => onChange(withItem(value, "veto", next));
  return (
    <Part path="veto" title={t("vote.veto_title")} help={t("vote.veto_help")}>
      <Segments
        label={t("vote.veto_title")}
        options={(["none", "some", "everybody"] as const).map((name) => ({
          value: name,
          title: t(`vote.veto_${name}`),
        }))}
        value={who}
        onChange={(next) => set(next === "everybody" ? true : next === "some" ? [] : undefined)}
        testId="veto"
      />
      {who === "some" && (
        <div className="hr-below">
          <Form
            schema={{
              properties: {
                veto: { title: t("vote.veto_some"), "x-widget": "assignees", minItems: 0 },
              },
            }}
            value={{ veto }}
            onChange={(next) => set(next["veto"] ?? [])}
          />
        </div>
      )}
    </Part>
  );
}
