// What people may do with a task besides deciding, and where a return leads: as sentences.

import type { Settings } from "../document";
import { durationSentence, type Words } from "../sentence";
import { sentenceOf } from "./assignee";

export const ACTIONS = [
  "add_sign",
  "reduce_sign",
  "transfer",
  "delegate",
  "return",
  "cc",
  "ask",
  "take_back",
  "pause",
  "exempt",
] as const;
export type Action = (typeof ACTIONS)[number];

/** What holds where nothing is said: all but what stops the clock or passes over a decision. */
export const USUAL: readonly Action[] = ACTIONS.filter(
  (each) => !["pause", "exempt"].includes(each),
);

export function allowedOf(settings: Settings): readonly Action[] {
  const list = settings["allow"];
  if (!Array.isArray(list)) return USUAL;
  return ACTIONS.filter((each) => list.includes(each));
}

/** The setting after one switch: undefined again when it is what is usual. */
export function withAction(settings: Settings, action: Action, on: boolean): Action[] | undefined {
  const now = new Set(allowedOf(settings));
  on ? now.add(action) : now.delete(action);
  const next = ACTIONS.filter((each) => now.has(each));
  const usual = next.length === USUAL.length && USUAL.every((each) => now.has(each));
  return usual ? undefined : next;
}

export function actionsSentence(settings: Settings, words: Words): string {
  const { t } = words;
  const allowed = allowedOf(settings);
  const usual = allowed.length === USUAL.length && USUAL.every((each) => allowed.includes(each));
  if (allowed.length === 0) return t("action_rule.none");
  if (usual) return t("action_rule.usual");
  const names = (list: readonly Action[]) =>
    list
      .map((each) => t(`action_rule.${each}.title` as "action_rule.cc.title"))
      .join(t("sentence.comma"));
  const left = USUAL.filter((each) => !allowed.includes(each));
  const more = allowed.filter((each) => !USUAL.includes(each));
  if (left.length > 3) return t("action_rule.only", { list: names(allowed) });
  return [
    left.length === 0 ? "" : t("action_rule.without", { list: names(left) }),
    more.length === 0 ? "" : t("action_rule.also", { list: names(more) }),
  ]
    .filter(Boolean)
    .join(t("vote.comma"));
}

export function returnSentence(settings: Settings, words: Words): string {
  const { t } = words;
  if (!allowedOf(settings).includes("return")) return t("return_rule.never");
  const to = settings["return_to"];
  const where = Array.isArray(to)
    ? t("return_rule.to_nodes", {
        list: to.map((id) => words.nodeOf?.(String(id)) ?? String(id)).join(t("sentence.comma")),
      })
    : t(`return_rule.to_${typeof to === "string" ? to : "any"}` as "return_rule.to_any");
  const after = t(
    `return_rule.after_${String(settings["after_return"] ?? "ask")}` as "return_rule.after_ask",
  );
  const kept = settings["keep_votes"] === true ? t("return_rule.keeps") : "";
  const undone = settings["undo_effects"] === true ? t("return_rule.undoes") : "";
  return [where, after, kept, undone].filter(Boolean).join(t("vote.comma"));
}

export function copySentence(settings: Settings, words: Words): string {
  const who = sentenceOf(settings["cc"], words);
  if (who === "") return "";
  return words.t(settings["cc_confirm"] === true ? "copy_rule.confirmed" : "copy_rule.to", { who });
}

export function takeBackSentence(settings: Settings, words: Words): string {
  const window = settings["take_back"];
  if (window === "PT0S") return words.t("take_back.never");
  return words.t("take_back.within", {
    length: durationSentence(window ?? "PT10M", words.t),
  });
}
