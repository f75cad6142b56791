import { createInstance } from "i18next";
import { beforeAll, expect, test } from "vitest";
import en from "../../../locales/en/editor.json";
import zh from "../../../locales/zh/editor.json";
import {
  conditionSentence,
  cronSentence,
  durationFrom,
  durationParts,
  durationSentence,
  inputTitles,
  nodeSentence,
  type Tree,
  type Words,
} from "./sentence";
import { types } from "./testing";

const i18n = createInstance();

beforeAll(() => i18n.init({ resources: { zh: { editor: zh }, en: { editor: en } }, lng: "en" }));

const input = {
  type: "object",
  properties: {
    amount: { type: "number", "x-title": { zh: "退款金额（元）", en: "Refund amount (yuan)" } },
    order: {
      type: "object",
      properties: { city: { type: "string", "x-title": { zh: "城市", en: "City" } } },
    },
  },
};

function words(language: "zh" | "en"): Words {
  const text: Words["text"] = (value) =>
    typeof value === "string" ? value : (value?.[language] ?? "");
  return { t: i18n.getFixedT(language, "editor"), text, ...inputTitles(input, text) };
}

const tree: Tree = {
  combinator: "and",
  rules: [
    { field: "amount", operator: ">", value: 200 },
    {
      combinator: "or",
      rules: [
        { field: "order.city", operator: "in", value: ["Lhasa", "Kashgar"] },
        { field: "order.city", operator: "null" },
      ],
    },
  ],
};

test("a condition reads as a sentence in both languages, units left out", () => {
  expect(conditionSentence(tree, words("en"))).toBe(
    "Refund amount > 200 and (City is one of Lhasa, Kashgar or City is empty)",
  );
  expect(conditionSentence(tree, words("zh"))).toBe(
    "退款金额 > 200 且 （城市 是 Lhasa、Kashgar 之一 或 城市 为空）",
  );
});

test("a value that is another field is called by its title", () => {
  const rule = {
    field: "amount",
    operator: "<=",
    value: "order.city",
    valueSource: "field" as const,
  };

  expect(conditionSentence({ combinator: "and", rules: [rule] }, words("en"))).toBe(
    "Refund amount ≤ City",
  );
});

test("what is not a condition yet says nothing", () => {
  expect(conditionSentence(undefined, words("en"))).toBe("");
  expect(conditionSentence({ combinator: "and", rules: [] }, words("en"))).toBe("");
});

test("durations are a number and a unit, there and back", () => {
  for (const duration of ["PT30M", "PT24H", "P3D", "P2W"]) {
    const [part] = durationParts(duration) ?? [];
    expect(part && durationFrom(...part)).toBe(duration);
  }
  expect(durationParts("soon")).toBeNull();
  expect(durationSentence("P1DT2H", words("en").t)).toBe("1 day 2 hours");
  expect(durationSentence("PT24H", words("zh").t)).toBe("24 小时");
});

test("usual calendars are said in words, unusual ones as they are", () => {
  const t = words("en").t;

  expect(cronSentence("30 8 * * 1-5", t)).toBe("On weekdays at 08:30");
  expect(cronSentence("0 9 * * 1", t)).toBe("Every Monday at 09:00");
  expect(cronSentence("*/5 * * * *", t)).toBe("Every 5 minutes");
  expect(cronSentence("0 9 1-7 * 2", t)).toBe("0 9 1-7 * 2");
});

test("a node says in one line what it does", () => {
  const node = (type: string, settings: Record<string, unknown>) =>
    nodeSentence({ id: "n", type, position: { x: 0, y: 0 }, settings }, types, words("en"));

  expect(node("timer", { mode: "for", duration: "PT24H" })).toBe("Wait 24 hours");
  expect(node("approval", { assignees: [{ kind: "role", id: "cs_lead" }] })).toBe("Role: cs_lead");
  expect(node("end", { result: "rejected" })).toBe("Rejected");
});
