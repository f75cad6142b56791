// Typed things: records of tables, decision tables, what a platform is asked. Settings that follow from names are filled in. Pure.

import type { Text } from "../document";
import { likeness } from "../find";
import type { TypedStep } from "./step";
import { assignments, expressionOf, fittingPath, isColumn, pathOf } from "./values";
import { after, called, plain, split2 } from "./words";
import type { Column, KnownTable, World } from "./world";

const OPERATIONS: readonly [RegExp, string, Text][] = [
  [/^(?:find\b|look up\b|load\b|查找|查询|读取|查)\s*/i, "find", { zh: "查找", en: "Find" }],
  [/^(?:create\b|新建|登记新)\s*/i, "create", { zh: "新建", en: "New in" }],
  [/^(?:write\b|save\b|keep\b|写入|保存|登记)\s*/i, "upsert", { zh: "写入", en: "Write" }],
  [/^(?:update\b|更新)\s*/i, "update", { zh: "更新", en: "Update" }],
];

export function recordIn(text: string, world: World): TypedStep | null {
  for (const [words, operation, verb] of OPERATIONS) {
    const what = after(text, words);
    if (what === null) continue;
    const [head, told] = split2(what, /\s*[:：]\s*|\s+with\s+/i);
    const [named, by] = split2(head, /\s+by\s+|\s*按\s*/i);
    const table = tableOf(named, world);
    if (table === null) return null;
    const key = by === "" ? keyOf(table, world) : expressionOf(by, world);
    const values = operation === "find" ? [] : valuesOf(table, told, world);
    if (values === null) return null;
    return {
      type: "record",
      base: table.key,
      name: named2(verb, table),
      settings: { operation, table: table.key, key, ...(values.length > 0 ? { values } : {}) },
      loading: table.fields === undefined,
    };
  }
  return adjustIn(text, world);
}

function tableOf(typed: string, world: World): KnownTable | null {
  const known = world.tables.find((one) => called(one.title, one.key, typed));
  if (known !== undefined) return known;
  // A table that nobody has drawn yet is made when it is first written to.
  const key = typed.trim();
  return /^[a-z][a-z0-9_]{1,63}$/.test(key)
    ? { key, title: { zh: key, en: key }, fields: [] }
    : null;
}

function named2(verb: Text, { title, key }: KnownTable): Text {
  const zh = title.zh ?? title.en ?? key;
  const en = (title.en ?? title.zh ?? key).toLowerCase();
  return { zh: `${verb.zh}${zh}`, en: `${verb.en} ${en}` };
}

/** What tells its records apart: a value of that name or title. */
function keyOf({ keyField, fields }: KnownTable, world: World): string {
  const column = fields?.find(({ name }) => name === keyField);
  return (column && fittingPath(column, world)) ?? "";
}

/** Every field that a value of this flow fits, and what was said besides. */
function valuesOf(table: KnownTable, told: string, world: World) {
  const columns = table.fields ?? [];
  const nameOf = (typed: string) =>
    columns.find((one) => isColumn(one, typed))?.name ?? (/^[a-z]\w*$/.test(typed) ? typed : null);
  const said = told === "" ? [] : assignments(told, world, nameOf);
  if (said === null) return null;
  const taken = new Set([table.keyField, ...said.map(({ name }) => name)]);
  const found = columns.flatMap((column) => {
    const path = taken.has(column.name) ? null : fittingPath(column, world);
    return path === null ? [] : [{ name: column.name, value: path }];
  });
  return [...found, ...said];
}

/** "add Quantity to Stock.On hand", "take Quantity from Stock.On hand" */
function adjustIn(text: string, world: World): TypedStep | null {
  const found =
    /^(add|take)\s+(.+?)\s+(?:to|from)\s+(.+)$/i.exec(text) ??
    /^(加|扣)\s*(.+?)\s*(?:到|从|至)\s*(.+)$/.exec(text);
  if (found === null) return null;
  const [, verb = "", amount = "", where = ""] = found;
  const [place, key] = split2(where, /\s+by\s+|\s*按\s*/i);
  const [named, field] = split2(place, /\s*[.·]\s*/);
  const table = tableOf(named, world);
  const by = pathOf(amount, world)?.path ?? (/^\d+$/.test(amount) ? amount : null);
  if (table === null || by === null) return null;
  const number = (column: Column) => ["integer", "number", "money"].includes(column.kind ?? "");
  const column = (table.fields ?? []).find((one) =>
    field === "" ? number(one) : isColumn(one, field),
  );
  const takes = /^(take|扣)/i.test(verb);
  return {
    type: "record",
    base: table.key,
    name: named2(takes ? { zh: "扣减", en: "Take from" } : { zh: "加回", en: "Add to" }, table),
    settings: {
      operation: "adjust",
      table: table.key,
      key: key === "" ? keyOf(table, world) : expressionOf(key, world),
      ...(column === undefined ? {} : { field: column.name }),
      by: takes ? `-${by}` : by,
      least: "0",
    },
    loading: table.fields === undefined,
  };
}

/** "decide Routing: risk, overseas": a decision table, its questions filled in, and an exit a result. */
export function decisionIn(text: string, world: World): TypedStep | null {
  const what = after(text, /^(?:decide(?: by)?\b|ask table\b|决策表?|按)\s*[:：]?\s*/i);
  if (what === null) return null;
  const [named, results] = split2(what, /\s*[:：]\s*/);
  const table = world.decisions.find((one) => called(one.title, one.key, named));
  if (table === undefined) return null;
  const inputs = (table.inputs ?? []).flatMap((column) => {
    const value = fittingPath(column, world);
    return value === null ? [] : [{ name: column.name, value }];
  });
  const values = results.split(/\s*[,，、;；]\s*/).filter((value) => value !== "");
  const route = table.outputs?.[0]?.name;
  const branches = values.map((value, at) => ({
    id: /^[a-z][a-z0-9_]{0,60}$/.test(value) ? value : `way_${at + 1}`,
    name: { zh: value, en: value },
    value,
  }));
  return {
    type: "decide",
    base: table.key,
    name: table.title,
    settings: {
      table: table.key,
      inputs,
      ...(branches.length > 0 && route !== undefined ? { route, branches } : {}),
    },
    loading: table.outputs === undefined,
  };
}

/** "Payments refund": every word is in the name of the connection or of what it can do. Behind a colon what it is given. */
export function operationIn(text: string, world: World): TypedStep | null {
  const [named, told] = split2(text, /\s*[:：]\s*/);
  const words = plain(named);
  if (words.length < 3) return null;
  const ranked = world.operations
    .map((one) => {
      const own = [...Object.values(one.title), one.name.split(".")[1] ?? ""];
      const score = Math.max(
        ...own.map((title) =>
          likeness(words, title, one.of.join(" ")) > 0 && saysWhat(words, title)
            ? likeness(words, title, one.of.join(" "))
            : 0,
        ),
      );
      return { one, score };
    })
    .filter(({ score }) => score >= FIRM)
    .sort((a, b) => b.score - a.score);
  const best = ranked[0]?.one;
  if (best === undefined) return null;
  const nameOf = (typed: string) =>
    best.params.find((param) => isColumn(param, typed))?.name ?? null;
  const said = told === "" ? [] : assignments(told, world, nameOf);
  if (said === null) return null;
  const taken = new Set(said.map(({ name }) => name));
  const filled = best.params.flatMap((param) => {
    const value = taken.has(param.name) ? null : fittingPath(param, world);
    return value === null ? [] : [{ name: param.name, value }];
  });
  const params = [...filled, ...said];
  return {
    type: "operation",
    base: (best.name.split(".")[1] ?? "operation").replace(/[^a-z0-9_]/g, "_"),
    name: best.title,
    settings: {
      connection: best.connection,
      operation: best.name,
      ...(params.length > 0 ? { params } : {}),
    },
  };
}

const FIRM = 25;

/** At least one of the words is in the name of the operation itself. */
function saysWhat(words: string, title: string): boolean {
  return words.split(" ").some((word) => plain(title).includes(word));
}
