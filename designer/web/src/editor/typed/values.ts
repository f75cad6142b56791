// Values by their titles: "Refund amount" is `amount`, "Payments.Paid" is a field of the record that was found. Pure.

import type { Variable } from "../variables";
import { plain, quoted, split2 } from "./words";
import type { Column, KnownNode, World } from "./world";

/** The path of a value by its title or name; null where nothing is called so. */
export function pathOf(typed: string, world: World): Variable | { path: string } | null {
  const wanted = plain(typed);
  if (wanted === "") return null;
  const found =
    world.variables.find((one) => one.path === typed.trim()) ??
    world.variables.find((one) => plain(one.title) === wanted || plain(one.path) === wanted);
  if (found !== undefined) return found;
  return inside(typed, world) ?? deeper(typed, world);
}

/** "Payments.Paid": the table, or the node that asked it, and a field; "Route" alone: a result of a decision before. */
function inside(typed: string, world: World): { path: string } | null {
  const [owner, field] = /^(.+?)\s*[.·]\s*([^.·]+)$/.exec(typed)?.slice(1) ?? ["", typed];
  for (const node of [...world.nodes].reverse()) {
    const columns = columnsOf(node, world);
    if (columns === null) continue;
    const names = [
      node.id,
      node.table ?? "",
      ...Object.values(node.title),
      ...titlesOf(node, world),
    ];
    if (owner !== "" && !names.some((name) => plain(name) === plain(owner ?? ""))) continue;
    if (owner === "" && node.type !== "decide") continue;
    const column = columns.find((one) => isColumn(one, field ?? ""));
    if (column === undefined) continue;
    return { path: `${node.id}.${node.type === "record" ? "value." : ""}${column.name}` };
  }
  return null;
}

function columnsOf(node: KnownNode, world: World): readonly Column[] | null {
  if (node.type === "record")
    return world.tables.find(({ key }) => key === node.table)?.fields ?? null;
  if (node.type === "decide")
    return world.decisions.find(({ key }) => key === node.table)?.outputs ?? null;
  return null;
}

function titlesOf(node: KnownNode, world: World): string[] {
  const known = [...world.tables, ...world.decisions].find(({ key }) => key === node.table);
  return Object.values(known?.title ?? {});
}

/** `order.total`, where `order` is known and nobody has said what is in it. */
function deeper(typed: string, world: World): { path: string } | null {
  const path = typed.trim();
  if (!/^[a-z_]\w*(\.[a-z_]\w*)+$/i.test(path)) return null;
  const root = path.split(".")[0];
  const known = world.variables.some((one) => one.path.split(".")[0] === root);
  return known || world.nodes.some(({ id }) => id === root) ? { path } : null;
}

export function isColumn(column: Column, typed: string): boolean {
  return [column.name, ...Object.values(column.title ?? {})].some(
    (name) => plain(name) === plain(typed),
  );
}

/** What a column asks for, by its name or else its title. */
export function fittingPath(column: Column, world: World): string | null {
  const byName = world.variables.find((one) => one.path === column.name);
  if (byName !== undefined) return byName.path;
  const titles = Object.values(column.title ?? {}).map(plain);
  return world.variables.find((one) => titles.includes(plain(one.title)))?.path ?? null;
}

/** An expression from what was typed: a value by its title, a number, yes or no, an expression, else a text. */
export function expressionOf(typed: string, world: World): string {
  const text = typed.trim();
  const known = pathOf(text, world);
  if (known !== null) return known.path;
  if (/^-?\d+(\.\d+)?$/.test(text)) return text;
  if (/^(yes|true|是)$/i.test(text)) return "true";
  if (/^(no|false|否)$/i.test(text)) return "false";
  if (/^(['"]).*\1$/.test(text) || /[()[\]{}+*]/.test(text) || /\s(if|and|or)\s/.test(text))
    return text;
  return quoted(text);
}

/** "Paid = Refund amount, Stage = refunded": names and what they become; null where one says nothing known. */
export function assignments(
  text: string,
  world: World,
  nameOf: (typed: string) => string | null = (typed) => (/^[a-z]\w*$/i.test(typed) ? typed : null),
): { name: string; value: string }[] | null {
  const found = text
    .split(/[,，;；](?![^(]*\))/)
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const [left, right] = split2(part, /\s*=\s*/);
      const name = nameOf(left);
      return name === null || right === "" ? null : { name, value: expressionOf(right, world) };
    });
  return found.length === 0 || found.includes(null)
    ? null
    : (found as { name: string; value: string }[]);
}
