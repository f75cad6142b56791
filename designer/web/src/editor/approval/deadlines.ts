// When people are reminded, when it is too late, and what happens then: as sentences, and as points on a line.

import type { Settings } from "../document";
import { durationParts, durationSentence, type Words } from "../sentence";
import { type Assignee, sentenceOf } from "./assignee";

export const DOINGS = ["remind", "backup", "superior", "transfer", "approve", "reject"] as const;
export type Doing = (typeof DOINGS)[number];

/** A length of time counted from the beginning, or the moment it is due. */
export interface Escalation {
  after: string;
  do: Doing;
  to?: Assignee[];
  every?: string;
  times?: number;
  sms?: boolean;
}

export function escalationsOf(settings: Settings): Escalation[] {
  const list = settings["escalation"];
  return Array.isArray(list) ? (list as Escalation[]) : [];
}

export function warnsOf(settings: Settings): number[] {
  const list = settings["warn"];
  return Array.isArray(list) ? list.map(Number).filter((each) => each > 0) : [];
}

const UNIT_MS = { W: 604_800_000, D: 86_400_000, H: 3_600_000, M: 60_000, S: 1_000 } as const;

/** Wall-clock milliseconds, good enough to put things in order. */
export function lengthMs(duration: unknown): number {
  const parts = durationParts(duration) ?? [];
  return parts.reduce((sum, [count, unit]) => sum + count * UNIT_MS[unit], 0);
}

export interface Point {
  kind: "warn" | "due" | "escalation" | "reminder";
  /** From the beginning, in milliseconds; null where nobody says when it is due. */
  at: number | null;
  index: number;
}

/** Everything that happens while nobody decides, in the order it happens. */
export function pointsOf(settings: Settings): Point[] {
  const due = settings["due"] === undefined ? null : lengthMs(settings["due"]);
  const points: Point[] = warnsOf(settings).map((percent, index) => ({
    kind: "warn",
    at: due === null ? null : (due * percent) / 100,
    index,
  }));
  const reminder = settings["reminder"] as { after?: string } | undefined;
  if (reminder?.after !== undefined) {
    points.push({ kind: "reminder", at: lengthMs(reminder.after), index: 0 });
  }
  if (due !== null) points.push({ kind: "due", at: due, index: 0 });
  escalationsOf(settings).forEach((each, index) => {
    points.push({
      kind: "escalation",
      at: each.after === "due" ? due : lengthMs(each.after),
      index,
    });
  });
  const late = Number.POSITIVE_INFINITY;
  return points
    .map((point, order) => ({ point, order }))
    .sort((a, b) => (a.point.at ?? late) - (b.point.at ?? late) || a.order - b.order)
    .map(({ point }) => point);
}

/** "Due after 1 day", "half of the time has passed: remind", "when it is due: hand over to the superior". */
export function pointSentence(point: Point, settings: Settings, words: Words): string {
  const { t } = words;
  const length = (duration: unknown) => durationSentence(duration, t);
  switch (point.kind) {
    case "warn":
      return t("deadline.says_warn", { percent: warnsOf(settings)[point.index] });
    case "due":
      return t(
        settings["days"] === "business" ? "deadline.says_due_business" : "deadline.says_due",
        { length: length(settings["due"]) },
      );
    case "reminder": {
      const reminder = settings["reminder"] as { after: string; to?: unknown };
      return t("deadline.says_reminder", {
        length: length(reminder.after),
        who: sentenceOf(reminder.to, words),
      });
    }
    case "escalation": {
      const found = escalationsOf(settings)[point.index];
      return found === undefined ? "" : escalationSentence(found, words);
    }
  }
}

export function escalationSentence(escalation: Escalation, words: Words): string {
  const { t } = words;
  const when =
    escalation.after === "due"
      ? t("deadline.when_due")
      : t("deadline.when_after", { length: durationSentence(escalation.after, t) });
  const who = sentenceOf(escalation.to, words);
  const key = who !== "" && escalation.do !== "approve" && escalation.do !== "reject";
  const what = key
    ? t(`deadline.do_${escalation.do}_to` as "deadline.do_remind_to", { who })
    : t(`deadline.do_${escalation.do}` as "deadline.do_remind");
  const again =
    escalation.every === undefined
      ? ""
      : escalation.times === undefined
        ? t("deadline.every", { length: durationSentence(escalation.every, t) })
        : t("deadline.every_times", {
            length: durationSentence(escalation.every, t),
            count: escalation.times,
          });
  return when + what + again + (escalation.sms ? t("deadline.by_sms") : "");
}

/** All of it in one line, for a folded section. */
export function deadlinesSentence(settings: Settings, words: Words): string {
  const said = pointsOf(settings).map((point) => pointSentence(point, settings, words));
  return said.length === 0 ? words.t("deadline.none") : said.join(words.t("deadline.semicolon"));
}
