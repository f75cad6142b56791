// Fields that are typed: "Order no.*, Refund amount*, Channel (Tmall/JD), Reason". A star: it must be filled in. Pure.

import type { FieldKind, FormField } from "./formFields";

/** The first that is in the title says what is filled in. Longer words first: a pay day is no pay. */
const KINDS: readonly [RegExp, FieldKind][] = [
  [/(time|moment)$|时间|时刻/i, "datetime"],
  [/(date|day|deadline)$|日期|期限/i, "date"],
  [
    /\b(amount|price|paid|total|fee|cost|money|budget)\b|金额|价格|单价|实付|应付|费用|总额|总价|预算|元[)）]?$/i,
    "money",
  ],
  [
    /\b(quantity|number of|count|discount|days|pieces|weight)\b|数量|件数|个数|天数|折扣|重量/i,
    "number",
  ],
  [/\b(reason|note|remark|description|comment|details)\b|原因|备注|说明|描述|理由/i, "long"],
  [/^(is|has|with)\b|[?？]$|是否|^有无/i, "boolean"],
];

/** Said in brackets: "Limit (money)". */
const SAID: Record<string, FieldKind> = {
  text: "text",
  文字: "text",
  文本: "text",
  long: "long",
  "long text": "long",
  长文本: "long",
  多行: "long",
  number: "number",
  数字: "number",
  money: "money",
  金额: "money",
  元: "money",
  yuan: "money",
  date: "date",
  日期: "date",
  time: "datetime",
  时间: "datetime",
  "yes/no": "boolean",
  是否: "boolean",
};

/** "Refund no.!": a start with the same value again is the first one; the name of that field, if one says so. */
export function onceIn(typed: string, fields: readonly FormField[]): string | undefined {
  const parts = partsOf(typed);
  const at = parts.findIndex((part) => /[!！]/.test(part));
  return at < 0 ? undefined : fields[fields.length - parts.length + at]?.name;
}

/** Names of what is asked most often in Chinese; a name is what expressions are written with. */
const NAMES: readonly [RegExp, string][] = [
  [/^退款(申请|单)号$/, "refund_id"],
  [/^订单(编?号)$/, "order_no"],
  [/^退款金额$/, "amount"],
  [/^(订单)?金额$/, "amount"],
  [/^实付(金额)?$/, "paid"],
  [/^(退款|申请)?(原因|理由)$/, "reason"],
  [/^商品编码$/, "sku"],
  [/^(退回)?数量$/, "quantity"],
  [/^(销售)?渠道$/, "channel"],
  [/^(商品)?类目$/, "category"],
  [/^客户(名称)?$/, "customer"],
  [/^折扣$/, "discount"],
  [/^日期$/, "date"],
  [/^备注$/, "note"],
];

export function readFields(
  typed: string,
  language: "zh" | "en",
  known: readonly FormField[],
): FormField[] {
  const taken = new Set(known.map((field) => field.name));
  return partsOf(typed).map((part) => {
    const field = fieldFrom(part, language, taken);
    taken.add(field.name);
    return field;
  });
}

function partsOf(typed: string): string[] {
  return typed
    .split(/\s*[,，、;；\n\t]\s*/)
    .map((part) => part.trim())
    .filter((part) => part.replaceAll(MARKS, "") !== "");
}

const MARKS = /[*＊!！]/g;

function fieldFrom(part: string, language: "zh" | "en", taken: ReadonlySet<string>): FormField {
  const required = part.search(MARKS) >= 0;
  const words = part.replaceAll(MARKS, "").trim();
  const found = /^(.*?)\s*[（(]([^（()）]+)[)）]$/.exec(words);
  const inside = found?.[2]?.trim() ?? "";
  const said = SAID[inside.toLowerCase()];
  const choices =
    said === undefined && /[/|／]/.test(inside)
      ? inside.split(/\s*[/|／]\s*/).filter((choice) => choice !== "")
      : [];
  const title = said !== undefined || choices.length > 0 ? (found?.[1] ?? words) : words;
  const kind = said ?? (choices.length > 0 ? "choice" : kindOf(words));
  return {
    name: nameFrom(title, taken),
    title: { [language]: title },
    kind,
    required,
    choices,
    original: {},
  };
}

function kindOf(title: string): FieldKind {
  return KINDS.find(([words]) => words.test(title))?.[1] ?? "text";
}

function nameFrom(title: string, taken: ReadonlySet<string>): string {
  const plain = title.replace(/\s*[（(].*$/, "").trim();
  const latin = plain
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[_\d]+|_+$/g, "")
    .slice(0, 60);
  const base = NAMES.find(([words]) => words.test(plain))?.[1] ?? (latin || "field");
  let name = base === "field" ? `field_${taken.size + 1}` : base;
  for (let number = 2; taken.has(name); number += 1) name = `${base}_${number}`;
  return name;
}
