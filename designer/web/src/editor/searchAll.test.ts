import i18next from "i18next";
import { expect, test } from "vitest";
import en from "../../../locales/en/editor.json";
import { searchAll } from "./searchAll";
import type { Words } from "./sentence";
import { refundFlow, types } from "./testing";

const i18n = i18next.createInstance();
await i18n.init({ lng: "en", resources: { en: { editor: en } }, defaultNS: "editor" });
const words: Words = {
  t: i18n.getFixedT("en", "editor"),
  text: (text) => (typeof text === "string" ? text : (text?.en ?? "")),
  titleOf: (path) => path,
};

test("without a text there are the nodes, in the order of the work", () => {
  const hits = searchAll(refundFlow(), types, words, "");

  expect(hits.map((hit) => hit.node)).toEqual(["start", "check", "ask", "done"]);
});

test("a text in a setting is found with its field and what stands around it", () => {
  const [hit] = searchAll(refundFlow(), types, words, "{{ AMOUNT");

  expect([hit?.node, hit?.field, hit?.text]).toEqual(["ask", "title", "Refund {{ amount }}"]);
});

test("notes and words on lines are found too", () => {
  const flow = refundFlow();

  expect(searchAll(flow, types, words, "finance").map((hit) => hit.note)).toEqual(["note1"]);
  expect(searchAll(flow, types, words, "big").some((hit) => hit.edge === "e2")).toBe(true);
});

test("what is nowhere is not found", () => {
  expect(searchAll(refundFlow(), types, words, "zebra")).toEqual([]);
});
