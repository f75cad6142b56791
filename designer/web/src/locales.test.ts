// The same questions to every language: the same keys, the same placeholders, no text forgotten.

import { expect, test } from "vitest";

const files = import.meta.glob<{ default: object }>("../../locales/*/*.json", { eager: true });
const areas = [...new Set(Object.keys(files).map((path) => path.split("/").at(-1) ?? ""))];

test.each(areas)("%s says the same in Chinese and English", (area) => {
  const zh = leaves(files[`../../locales/zh/${area}`]?.default);
  const en = leaves(files[`../../locales/en/${area}`]?.default);

  expect([...zh.keys()].sort()).toEqual([...en.keys()].sort());
});

test.each(areas)("%s fills in the same values in Chinese and English", (area) => {
  const zh = leaves(files[`../../locales/zh/${area}`]?.default);
  const en = leaves(files[`../../locales/en/${area}`]?.default);

  // A value that comes in both languages (title_zh, title_en) is told in the text's own.
  const placeholders = (texts: Map<string, string>, own: RegExp) =>
    [...texts]
      .map(([key, text]) => [
        key,
        (text.match(/{{\s*\w+/g) ?? []).map((name) => name.replace(own, "")).sort(),
      ])
      .sort();
  expect(placeholders(zh, /_zh$/)).toEqual(placeholders(en, /_en$/));
});

test.each(areas)("%s has no empty text, and no Chinese in English", (area) => {
  const zh = leaves(files[`../../locales/zh/${area}`]?.default);
  const en = leaves(files[`../../locales/en/${area}`]?.default);

  expect([...zh, ...en].filter(([, text]) => !text.trim())).toEqual([]);
  expect([...en].filter(([, text]) => /\p{Script=Han}/u.test(text))).toEqual([]);
});

function leaves(of: unknown, place = ""): Map<string, string> {
  if (typeof of === "string") return new Map([[place, of]]);
  const found = Object.entries(of ?? {}).flatMap(([name, item]) => [
    ...leaves(item, place ? `${place}.${name}` : name),
  ]);
  return new Map(found);
}
