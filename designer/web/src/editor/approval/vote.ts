// How votes decide, read back as a plain sentence: "至少三分之二同意才通过，张三可一票否决".

import type { Settings } from "../document";
import type { Words } from "../sentence";
import { type Assignee, assigneeSentence, sentenceOf } from "./assignee";

export const MODES = ["any", "all", "sequence", "ratio", "count", "weight"] as const;
export type Mode = (typeof MODES)[number];

export interface Weight {
  who: Assignee;
  weight: number;
}

/** Percentages that have a name. More than half is 50.01: with two people it takes both. */
export const SHARES: [percent: number, name: string][] = [
  [33.33, "third"],
  [50, "half"],
  [50.01, "more_than_half"],
  [66.66, "two_thirds"],
  [75, "three_quarters"],
  [80, "four_fifths"],
];

const NEAR = 0.011;

export function modeOf(settings: Settings): Mode {
  const mode = settings["mode"];
  return MODES.find((each) => each === mode) ?? "any";
}

/** "two thirds", or "60 %" where the number has no name. */
export function shareWords(percent: number, words: Words): string {
  const exact = SHARES.find(([value]) => value === percent);
  const near = SHARES.find(([value]) => Math.abs(value - percent) < NEAR && value !== 50.01);
  const named = exact ?? near;
  if (named !== undefined) return words.t(`vote.share_${named[1]}` as "vote.share_half");
  return words.t("vote.share_percent", { percent: trimmed(percent) });
}

export function weightsOf(settings: Settings): Weight[] {
  const list = settings["weights"];
  return Array.isArray(list) ? (list as Weight[]) : [];
}

/** How it is decided, without who it is. */
export function voteSentence(settings: Settings, words: Words): string {
  const { t } = words;
  const veto = vetoSentence(settings["veto"], words);
  return [ruleSentence(settings, words), veto].filter(Boolean).join(t("vote.comma"));
}

function ruleSentence(settings: Settings, words: Words): string {
  const { t } = words;
  switch (modeOf(settings)) {
    case "ratio":
      return shareSentence(settings["ratio"], words);
    case "count": {
      const count = Number(settings["count"] ?? 0);
      return count > 0 ? t("vote.says_count", { count }) : t("vote.lacks_count");
    }
    case "weight":
      return weightSentence(settings, words);
    case "all":
      return t("vote.says_all");
    case "sequence":
      return t("vote.says_sequence");
    default:
      return t("vote.says_any");
  }
}

function shareSentence(ratio: unknown, words: Words): string {
  const percent = Number(ratio ?? 0);
  if (!(percent > 0)) return words.t("vote.lacks_ratio");
  if (percent >= 100) return words.t("vote.says_ratio_all");
  if (percent === 50.01) return words.t("vote.says_more_than_half");
  return words.t("vote.says_ratio", { share: shareWords(percent, words) });
}

function weightSentence(settings: Settings, words: Words): string {
  const { t } = words;
  const needed = Number(settings["pass_weight"] ?? 0);
  const rows = weightsOf(settings).filter((row) => row.weight !== undefined);
  const list = rows
    .map((row) => `${assigneeSentence(row.who, words)} ${row.weight}`)
    .join(t("sentence.comma"));
  if (!(needed > 0)) return t("vote.lacks_weight");
  return list === ""
    ? t("vote.says_weight", { needed })
    : t("vote.says_weight_of", { needed, list });
}

export function vetoSentence(veto: unknown, words: Words): string {
  if (veto === true) return words.t("vote.veto_any");
  const who = sentenceOf(veto, words);
  return who === "" ? "" : words.t("vote.veto", { who });
}

/** A few words for the card on the canvas; nothing where one person decides. */
export function voteInShort(settings: Settings, words: Words): string {
  const { t } = words;
  const mode = modeOf(settings);
  if (mode === "any") return "";
  if (mode === "ratio") {
    const percent = Number(settings["ratio"] ?? 0);
    return percent > 0 ? t("vote.short_ratio", { share: shareWords(percent, words) }) : "";
  }
  if (mode === "count") return t("vote.short_count", { count: Number(settings["count"] ?? 0) });
  return t(`vote.short_${mode}` as "vote.short_all");
}

function trimmed(value: number): string {
  return String(Math.round(value * 100) / 100);
}
