// Four questions, and there is a flow: for those who know what should happen, but not yet how one draws it.

import { App, Button, Checkbox, Input, InputNumber, Modal, Radio, Select, Steps } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api } from "../../api/client";
import {
  type Answers,
  BEGINS,
  DECIDES,
  described,
  type Known,
  THENS,
  type Then,
  USUAL,
} from "../../editor/describe";
import { useRoles } from "../../editor/remote";
import { useText } from "../../ui/text";

const QUESTIONS = ["begins", "knows", "decides", "afterwards"] as const;

export default function Describe({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("flows");
  const { text, language } = useText();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const roles = useRoles();
  const [step, setStep] = useState(0);
  const [busy, setBusy] = useState(false);
  const [name, setName] = useState("");
  const [answers, setAnswers] = useState<Omit<Answers, "name">>({
    begins: "form",
    knows: USUAL.slice(0, 2),
    decides: "superior",
    above: 1000,
    afterwards: ["tell"],
  });
  const change = (part: Partial<Answers>) => setAnswers((before) => ({ ...before, ...part }));
  const needsRole = answers.decides === "role" || answers.decides === "both";
  const needsAmount = answers.decides === "both";
  const whole = [
    name.trim() !== "",
    !needsAmount || answers.knows.some((field) => field.name === "amount"),
    !needsRole || answers.role !== undefined,
    true,
  ];

  const draw = async () => {
    setBusy(true);
    const title = { [language]: name.trim() };
    try {
      const { key } = await api.post<{ key: string }>("/api/flows", { name: title });
      await save(key, described(key, { ...answers, name: title }));
      navigate(`/flows/${key}`);
    } catch {
      message.error(t("describe.failed"));
      setBusy(false);
    }
  };

  const parts: Record<(typeof QUESTIONS)[number], ReactNode> = {
    begins: (
      <>
        <label className="hr-describe-name" htmlFor="describe-name">
          <span>{t("describe.name")}</span>
          <Input
            id="describe-name"
            value={name}
            onChange={(event) => setName(event.target.value)}
            placeholder={t("describe.name_example")}
            maxLength={80}
            autoFocus
            data-testid="describe-name"
          />
        </label>
        <Choices
          name="begins"
          value={answers.begins}
          options={BEGINS}
          onChange={(begins) => change({ begins })}
        />
      </>
    ),
    knows: (
      <>
        <Checkbox.Group
          className="hr-describe-list"
          value={answers.knows.map((field) => field.name)}
          options={USUAL.map((field) => ({ value: field.name, label: text(field.title) }))}
          onChange={(chosen) =>
            change({
              knows: [
                ...USUAL.filter((field) => chosen.includes(field.name)),
                ...answers.knows.filter((field) => !USUAL.includes(field)),
              ],
            })
          }
        />
        <Select
          mode="tags"
          className="hr-wide"
          open={false}
          suffixIcon={null}
          placeholder={t("describe.more_fields")}
          aria-label={t("describe.more_fields")}
          value={answers.knows.filter((field) => !USUAL.includes(field)).map((f) => text(f.title))}
          onChange={(titles: string[]) =>
            change({
              knows: [
                ...answers.knows.filter((field) => USUAL.includes(field)),
                ...titles.map((title, index) => ownField(title, index, language)),
              ],
            })
          }
          data-testid="describe-fields"
        />
        {!whole[1] && <p className="hr-describe-wrong">{t("describe.needs_amount")}</p>}
      </>
    ),
    decides: (
      <>
        <Choices
          name="decides"
          value={answers.decides}
          options={DECIDES}
          onChange={(decides) =>
            change({
              decides,
              ...(decides === "both" && !answers.knows.some((field) => field.name === "amount")
                ? { knows: [...USUAL.slice(0, 1), ...answers.knows] }
                : {}),
            })
          }
        />
        {needsRole && (
          <Select
            className="hr-wide"
            showSearch={{ optionFilterProp: "label" }}
            placeholder={t("describe.role")}
            aria-label={t("describe.role")}
            value={answers.role ?? null}
            onChange={(role: string) => change({ role })}
            options={roles.map((role) => ({ value: role.key, label: text(role.title) }))}
            data-testid="describe-role"
          />
        )}
        {needsAmount && (
          <label className="hr-describe-name" htmlFor="describe-above">
            <span>{t("describe.above")}</span>
            <InputNumber
              id="describe-above"
              min={0}
              value={answers.above ?? null}
              onChange={(above) => change({ above: above ?? 0 })}
            />
          </label>
        )}
      </>
    ),
    afterwards: (
      <Checkbox.Group
        className="hr-describe-list"
        value={[...answers.afterwards]}
        options={THENS.map((each) => ({ value: each, label: t(`describe.then_${each}`) }))}
        onChange={(chosen) => change({ afterwards: chosen as Then[] })}
      />
    ),
  };
  const question = QUESTIONS[step] ?? "begins";
  const last = step === QUESTIONS.length - 1;
  return (
    <Modal
      open
      width={640}
      title={t("describe.title")}
      onCancel={onClose}
      footer={[
        <Button
          key="back"
          disabled={step === 0}
          onClick={() => setStep(step - 1)}
          data-testid="btn-describe-back"
        >
          {t("describe.back")}
        </Button>,
        <Button
          key="next"
          type="primary"
          loading={busy}
          disabled={!whole[step]}
          onClick={() => (last ? void draw() : setStep(step + 1))}
          data-testid="btn-describe-next"
        >
          {t(last ? "describe.draw" : "describe.next")}
        </Button>,
      ]}
    >
      <Steps
        size="small"
        current={step}
        items={QUESTIONS.map((each) => ({ title: t(`describe.short_${each}`) }))}
        responsive={false}
      />
      <section className="hr-describe" data-testid={`describe-${question}`}>
        <h3>{t(`describe.${question}`)}</h3>
        {parts[question]}
      </section>
    </Modal>
  );
}

interface ChoicesProps<Value extends string> {
  name: "begins" | "decides";
  value: Value;
  options: readonly Value[];
  onChange: (value: Value) => void;
}

function Choices<Value extends string>({ name, value, options, onChange }: ChoicesProps<Value>) {
  const { t } = useTranslation("flows");
  return (
    <Radio.Group
      className="hr-describe-list"
      value={value}
      onChange={(event) => onChange(event.target.value)}
      options={options.map((each) => ({
        value: each,
        label: (
          <span data-testid={`describe-${name}-${each}`}>
            {t(`describe.${name}_${each}` as "title")}
          </span>
        ),
      }))}
    />
  );
}

function ownField(title: string, index: number, language: "zh" | "en"): Known {
  const plain = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
  const name = /^[a-z]/.test(plain) ? plain.slice(0, 40) : `field_${index + 1}`;
  return { name, title: { [language]: title }, kind: "text" };
}

/** Over the draft that a new flow begins with. */
async function save(key: string, document: object): Promise<void> {
  const { draft } = await api.get<{ draft: { etag: string } }>(`/api/flows/${key}`);
  const etag = /^(W\/)?"/.test(draft.etag) ? draft.etag : `"${draft.etag}"`;
  await api.put(`/api/flows/${key}/draft`, document, { headers: { "If-Match": etag } });
}
