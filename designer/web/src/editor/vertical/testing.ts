// For the tests beside this file: flows in few words, and random flows made of blocks.

import fc from "fast-check";
import type { FlowDocument, FlowNode } from "../document";
import { refundFlow } from "../testing";

/** Nodes by id and type, lines as "from.port to". */
export function drawn(nodes: Record<string, string>, ways: string[]): FlowDocument {
  return {
    ...refundFlow(),
    nodes: Object.entries(nodes).map(([id, type]): FlowNode => {
      const branches = ways
        .filter((way) => way.startsWith(`${id}.`) && !way.startsWith(`${id}.else`))
        .map((way) => ({ id: way.split(/[. ]/)[1] ?? "", when: {} }))
        .sort((a, b) => a.id.localeCompare(b.id));
      const settings = type === "condition" ? { branches } : {};
      return { id, type, position: { x: 0, y: 0 }, settings };
    }),
    edges: ways.map((way, index) => {
      const [from = "", port = "", to = ""] = way.split(/[. ]/);
      return { id: `e${index}`, from, port, to };
    }),
  };
}

/** A random flow made of blocks, as words of the tree: what it should be read as. */
export const shape = fc.letrec<{ sequence: unknown[]; item: unknown; column: unknown[] }>(
  (tie) => ({
    item: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom("timer", "approval"),
      fc.record({
        block: fc.constantFrom("condition", "split"),
        columns: fc.array(tie("column"), { minLength: 2, maxLength: 3 }),
      }),
    ),
    column: fc.array(tie("item"), { maxLength: 2 }),
    sequence: fc.array(tie("item"), { minLength: 1, maxLength: 4 }),
  }),
).sequence;

export function built(items: unknown[]): [FlowDocument, string] {
  const nodes: Record<string, string> = { s: "start" };
  const ways: string[] = [];
  let count = 0;
  const fresh = (type: string) => {
    count += 1;
    nodes[`n${count}`] = type;
    return `n${count}`;
  };
  const put = (each: unknown, ends: string[]): [string[], string] => {
    if (typeof each === "string") {
      const id = fresh(each);
      for (const end of ends) ways.push(`${end} ${id}`);
      if (each === "timer") return [[`${id}.out`], id];
      ways.push(`${id}.rejected no`);
      return [[`${id}.approved`], `${id}{rejected: ${refused()}}`];
    }
    const { block, columns } = each as { block: string; columns: unknown[][] };
    const id = fresh(block);
    for (const end of ends) ways.push(`${end} ${id}`);
    const told: string[] = [];
    const met: string[] = [];
    for (const [index, column] of columns.entries()) {
      const last = index === columns.length - 1;
      const port = block === "split" ? "out" : last ? "else" : `b${index}`;
      // Two lines from a split to its join would be one and the same.
      const filled = block === "split" && column.length === 0 ? ["timer"] : column;
      const [out, words] = row(filled, [`${id}.${port}`]);
      met.push(...out);
      told.push(words);
    }
    if (block !== "split") return [met, `${id}[${told.join(" | ")}]`];
    const join = fresh("join");
    for (const end of met) ways.push(`${end} ${join}`);
    return [[`${join}.out`], `${id}[${told.join(" | ")}]=${join}`];
  };
  let told = false;
  const refused = () => {
    const first = !told;
    told = true;
    return first ? "no" : "→no";
  };
  const row = (list: unknown[], ends: string[]): [string[], string] => {
    let at = ends;
    const words = list.map((each) => {
      const [out, word] = put(each, at);
      at = out;
      return word;
    });
    return [at, words.join(" ")];
  };
  const [ends, words] = row(items, ["s.out"]);
  for (const end of ends) ways.push(`${end} e`);
  if (Object.values(nodes).includes("approval")) nodes["no"] = "end";
  nodes["e"] = "end";
  return [drawn(nodes, ways), `${words} e`];
}
