// The settings of an approval. There are many, and a simple one needs two: the rest is folded, each fold reading back
// as a sentence what it holds.

import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import type { JsonSchema } from "../../schema";
import type { Settings } from "../document";
import { type SettingsFormProps, useForm } from "../form/context";
import { ActionsEditor } from "./ActionsEditor";
import { actionsSentence, copySentence, returnSentence, takeBackSentence } from "./actions";
import { sentenceOf } from "./assignee";
import { DeadlineEditor } from "./DeadlineEditor";
import { deadlinesSentence } from "./deadlines";
import { ReturnEditor } from "./ReturnEditor";
import { VoteEditor } from "./VoteEditor";
import { voteSentence } from "./vote";
import { WhoPanel } from "./WhoPanel";
import "./approval.css";

const SECTIONS = {
  vote: ["mode", "ratio", "count", "weights", "pass_weight", "veto", "late_rejection"],
  look: ["description", "show", "form", "buttons"],
  time: ["due", "days", "warn", "reminder", "escalation", "pause_for_customer"],
  nobody: ["backup", "fallback", "same_initiator", "same_person", "watch"],
  actions: ["allow", "take_back", "withdraw", "exempt"],
  returns: ["return_to", "after_return", "keep_votes", "undo_effects"],
  copies: ["cc", "cc_confirm"],
} as const;
type Section = keyof typeof SECTIONS;

/** What stands open: without it nothing can be asked of anybody. */
const FIRST = ["title", "assignees"];

export default function ApprovalForm({ schema, value, onChange }: SettingsFormProps) {
  const { t } = useTranslation("editor");
  const { words, Form } = useForm();
  const known = new Set<string>([...FIRST, ...Object.values(SECTIONS).flat()]);
  const rest = Object.keys(schema.properties ?? {}).filter((name) => !known.has(name));
  const has = (name: string) => schema.properties?.[name] !== undefined;
  const form = (names: readonly string[]) => {
    const part = only(schema, names);
    return part === null ? null : <Form schema={part} value={value} onChange={onChange} />;
  };
  const editors: Record<Section, () => ReactNode> = {
    vote: () => (
      <>
        <VoteEditor schema={schema} value={value} onChange={onChange} />
        {form(["late_rejection"])}
      </>
    ),
    look: () => form(SECTIONS.look),
    time: () => <DeadlineEditor schema={schema} value={value} onChange={onChange} />,
    nobody: () => form(SECTIONS.nobody),
    actions: () => (
      <>
        {has("allow") && <ActionsEditor value={value} onChange={onChange} />}
        {form(["take_back", "withdraw", "exempt"])}
      </>
    ),
    returns: () => <ReturnEditor schema={schema} value={value} onChange={onChange} />,
    copies: () => form(SECTIONS.copies),
  };
  const sentences: Record<Section, string> = {
    vote: voteSentence(value, words),
    look: lookSentence(value, t),
    time: deadlinesSentence(value, words),
    nobody: nobodySentence(value, words),
    actions: [actionsSentence(value, words), has("take_back") ? takeBackSentence(value, words) : ""]
      .filter(Boolean)
      .join(t("vote.comma")),
    returns: returnSentence(value, words),
    copies: copySentence(value, words),
  };
  return (
    <div className="hr-fields">
      {form(FIRST)}
      <WhoPanel settings={value} />
      <div className="hr-folds">
        {(Object.keys(SECTIONS) as Section[])
          .filter((name) => SECTIONS[name].some(has))
          .map((name) => (
            <Fold
              key={name}
              name={name}
              title={t(`approval.${name}`)}
              sentence={sentences[name] || t("approval.usual")}
              names={SECTIONS[name]}
            >
              {editors[name]()}
            </Fold>
          ))}
        {rest.length > 0 && (
          <Fold name="rest" title={t("approval.rest")} sentence="" names={rest}>
            {form(rest)}
          </Fold>
        )}
      </div>
    </div>
  );
}

interface FoldProps {
  name: string;
  title: string;
  sentence: string;
  names: readonly string[];
  children: ReactNode;
}

function Fold({ name, title, sentence, names, children }: FoldProps) {
  const { problems } = useForm();
  const id = useId();
  const wrong = problems.some(({ path }) => names.includes(path.split("/")[0] ?? ""));
  return (
    <details
      className="hr-fold"
      open={wrong || undefined}
      data-wrong={wrong || undefined}
      data-testid={`fold-${name}`}
    >
      <summary aria-describedby={id}>
        <span className="hr-fold-title">{title}</span>
        {sentence !== "" && (
          <span className="hr-fold-sentence" id={id} data-testid={`fold-${name}.sentence`}>
            {sentence}
          </span>
        )}
      </summary>
      <div className="hr-fields">{children}</div>
    </details>
  );
}

/** The part of a schema with these settings, all of them in sight. */
export function only(schema: JsonSchema, names: readonly string[]): JsonSchema | null {
  const found = names.filter((name) => schema.properties?.[name] !== undefined);
  if (found.length === 0) return null;
  const properties = Object.fromEntries(
    found.map((name) => {
      const { "x-advanced": _, ...own } = schema.properties?.[name] ?? {};
      return [name, own];
    }),
  );
  const required = schema.required?.filter((name) => found.includes(name)) ?? [];
  return { ...schema, properties, required, "x-order": [...found] };
}

type Translate = ReturnType<typeof useTranslation<"editor">>["t"];

function lookSentence(settings: Settings, t: Translate): string {
  const shown = Array.isArray(settings["show"]) ? settings["show"].length : 0;
  const said = [
    settings["description"] ? t("approval.look_text") : "",
    shown > 0 ? t("approval.look_shows", { count: shown }) : "",
    settings["form"] === undefined ? "" : t("approval.look_form"),
    Object.keys((settings["buttons"] as object) ?? {}).length > 0 ? t("approval.look_buttons") : "",
  ].filter(Boolean);
  return said.length === 0 ? t("approval.look_none") : said.join(t("sentence.comma"));
}

function nobodySentence(settings: Settings, words: Parameters<typeof voteSentence>[1]): string {
  const { t } = words;
  const backup = sentenceOf(settings["backup"], words);
  const fallback = sentenceOf(settings["fallback"], words);
  const initiator = settings["same_initiator"];
  const person = settings["same_person"];
  return [
    backup && t("approval.backup_is", { who: backup }),
    fallback && t("approval.fallback_is", { who: fallback }),
    typeof initiator === "string" && initiator !== "allow"
      ? t(`approval.same_initiator_${initiator}` as "approval.same_initiator_skip")
      : "",
    typeof person === "string" && person !== "off"
      ? t(`approval.same_person_${person}` as "approval.same_person_later")
      : "",
  ]
    .filter(Boolean)
    .join(t("vote.comma"));
}
