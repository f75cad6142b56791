// Phrases one may be about to type: roles, tables, what platforms can do, nodes that are there. Pure.

import type { Text } from "../document";
import { fitting } from "../find";
import type { World } from "./world";

const SUGGESTED_MAX = 12;
const ARROW = /^([\s\S]*(?:->|→|=>|⇒)\s*)?([\s\S]*)$/;

export interface Suggestion {
  /** All of the text, the last phrase made whole. */
  text: string;
  phrase: string;
}

export function suggested(typed: string, world: World): Suggestion[] {
  const [, before = "", last = ""] = ARROW.exec(typed) ?? [];
  if (last.trim() === "" || /[:：<>=]/.test(last)) return [];
  const phrases = phrasesOf(world);
  return fitting(phrases, last, (phrase) => [phrase, ""])
    .filter((phrase) => phrase.toLowerCase() !== last.trim().toLowerCase())
    .slice(0, SUGGESTED_MAX)
    .map((phrase) => ({ text: `${before}${phrase}`, phrase }));
}

function phrasesOf(world: World): string[] {
  const zh = world.language === "zh";
  const say = (title: Text, key: string) => title[world.language] || Object.values(title)[0] || key;
  const titles = <Item extends { key: string; title: Text }>(items: readonly Item[]) =>
    items.map(({ key, title }) => say(title, key));
  const tables = titles(world.tables);
  return [
    ...titles(world.roles),
    zh ? "上级" : "superior",
    zh ? "发起人修改" : "applicant changes it",
    zh ? "通知发起人" : "tell who started it",
    ...titles(world.roles).map((role) => (zh ? `通知${role}` : `tell ${role}`)),
    ...tables.map((table) => (zh ? `查找${table}` : `find ${table}`)),
    ...tables.map((table) => (zh ? `写入${table}` : `write ${table}`)),
    ...titles(world.decisions).map((table) => (zh ? `决策表 ${table}` : `decide ${table}`)),
    ...world.operations.map(({ of, title, name }) => `${of[0]} ${say(title, name)}`),
    ...titles(world.flows).map((flow) => (zh ? `子流程 ${flow}` : `run ${flow}`)),
    ...world.nodes.map(({ title, id }) => say(title, id)),
  ];
}
