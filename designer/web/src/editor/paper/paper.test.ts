// @vitest-environment jsdom
import i18next from "i18next";
import { expect, test } from "vitest";
import canvas from "../../../../locales/en/canvas.json";
import en from "../../../../locales/en/editor.json";
import type { Words } from "../sentence";
import { refundFlow, types } from "../testing";
import { pictureOf } from "./picture";
import { pdfFrom } from "./raster";
import { markdownOf, sopOf } from "./sop";

const i18n = i18next.createInstance();
await i18n.init({ lng: "en", resources: { en: { editor: en, canvas } }, defaultNS: "editor" });
const words: Words = {
  t: i18n.getFixedT("en", "editor"),
  text: (text) => (typeof text === "string" ? text : (text?.en ?? "")),
  titleOf: (path) => path,
  roleOf: () => "Finance",
};

const flow = () => {
  const drawn = refundFlow();
  const [, , ask] = drawn.nodes;
  if (ask) {
    ask.settings = { ...ask.settings, assignees: [{ kind: "role", id: "f" }], due: "PT24H" };
    ask.events = [{ id: "late", kind: "timer", after: "P2D" }];
  }
  return drawn;
};

test("the document says the steps in order, who, by when, where it goes on, and what if not", () => {
  const sop = sopOf(flow(), types, words);

  expect(sop.steps.map((step) => `${step.number} ${step.name}`)).toEqual([
    "1 check",
    "2 ask",
    "3 done",
  ]);
  const ask = sop.steps[1];
  expect(ask?.who).toContain("Finance");
  expect(ask?.limit).toContain("24 hours");
  expect(ask?.next[0]).toContain("step 3");
  expect(ask?.exceptions[0]).toContain("2 days");
  expect(markdownOf(sop, words.t)).toContain("### 2. ask (approval)");
});

test("a picture has every node and line, and what is written cannot break it", () => {
  const drawn = refundFlow();
  const [start] = drawn.nodes;
  if (start) start.name = { en: '<b> & "x"' };

  const { svg, width } = pictureOf(drawn, types, words);

  const page = new DOMParser().parseFromString(svg, "image/svg+xml");
  expect(page.querySelector("parsererror")).toBeNull();
  expect(page.querySelectorAll("path[stroke]")).toHaveLength(drawn.edges.length);
  expect(svg).toContain("&lt;b&gt; &amp; &quot;x&quot;");
  expect(width).toBeGreaterThan(1400);
});

test("the table of a PDF says where its objects begin", async () => {
  const blob = pdfFrom(["<< /Type /Catalog >>", ["<< /Length 2 >>", new Uint8Array([1, 2])]]);
  const text = await new Promise<string>((done) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.readAsText(blob, "latin1");
  });

  const places = [...text.matchAll(/^(\d{10}) 00000 n/gm)].map(([, at]) => Number(at));
  expect(places.map((at) => text.slice(at, at + 7))).toEqual(["1 0 obj", "2 0 obj"]);
  const table = Number(/startxref\n(\d+)/.exec(text)?.[1]);
  expect(text.slice(table, table + 4)).toBe("xref");
});
