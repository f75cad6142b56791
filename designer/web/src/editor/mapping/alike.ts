// Which source belongs to which target, by names and titles that are the same or mean the same, in Chinese and English.

import { at, type Fields } from "./mapping";
import { flat as allSources, fieldOfItem, type Source } from "./sources";
import type { Step } from "./steps";
import { flat as allTargets, fitFor, fits, type Target } from "./targets";

export type Why = "name" | "title" | "meaning" | "similar";

export interface Suggestion {
  target: Target;
  source: Source;
  steps: Step[];
  why: Why;
}

/** Below this two names only look a little alike. */
const SIMILAR_FROM = 0.72;

/** Words of orders, shops and people that mean the same. A word stands in one row only. */
// biome-ignore format: a row a meaning
const MEANINGS: readonly (readonly string[])[] = [
  ["orderno", "ordernumber", "orderid", "ordercode", "orderkey", "tid", "单号", "订单号", "订单编号", "订单", "order"],
  ["refundno", "refundid", "refundnumber", "退款单号", "退款编号"],
  ["amount", "money", "sum", "price", "fee", "金额", "价格", "费用"],
  ["total", "totalamount", "totalfee", "合计", "总额", "总金额", "总价"],
  ["refundamount", "refundfee", "退款金额"],
  ["paid", "payment", "paidamount", "实付", "实付金额", "支付金额"],
  ["quantity", "qty", "count", "num", "数量", "件数"],
  ["phone", "mobile", "tel", "telephone", "phonenumber", "mobilephone", "手机", "手机号", "电话", "联系电话", "手机号码"],
  ["email", "mail", "emailaddress", "邮箱", "电子邮箱", "邮件"],
  ["address", "addr", "receiveraddress", "shippingaddress", "地址", "收货地址", "收件地址"],
  ["name", "fullname", "姓名", "名称", "名字"],
  ["buyer", "customer", "buyername", "customername", "buyernick", "买家", "客户", "顾客", "买家昵称", "客户名称", "客户姓名"],
  ["receiver", "recipient", "consignee", "receivername", "收件人", "收货人"],
  ["shop", "store", "shopname", "storename", "店铺", "店铺名称", "门店"],
  ["channel", "platform", "渠道", "平台"],
  ["sku", "skucode", "skuid", "货号", "商品编码", "规格编码"],
  ["product", "goods", "productname", "goodsname", "title", "商品", "商品名称", "标题"],
  ["status", "state", "状态"],
  ["note", "remark", "memo", "comment", "备注", "说明", "留言"],
  ["reason", "cause", "原因", "退款原因"],
  ["city", "城市", "市"],
  ["province", "省", "省份"],
  ["warehouse", "仓库"],
  ["carrier", "express", "logistics", "expresscompany", "物流公司", "快递公司", "承运商"],
  ["trackingno", "trackingnumber", "waybill", "waybillno", "expressno", "运单号", "快递单号", "物流单号"],
  ["createdat", "createtime", "created", "创建时间", "下单时间"],
  ["paidat", "paytime", "支付时间", "付款时间"],
  ["updatedat", "updatetime", "modifiedat", "更新时间", "修改时间"],
  ["items", "lines", "orderitems", "orderlines", "details", "明细", "商品明细", "订单明细"],
  ["currency", "币种", "货币"],
];

const MEANING = new Map(
  MEANINGS.flatMap((row, index) => row.map((word) => [word, index] as const)),
);

/** What could be connected and is not; the best source for each target, none twice where another does. */
export function suggestions(
  fields: Fields,
  targets: readonly Target[],
  sources: readonly Source[],
): Suggestion[] {
  const offered = allSources(sources).filter(
    (source) => source.kind !== "group" && fieldOfItem(source) === null,
  );
  const inside = new Map(
    allSources(sources)
      .filter(({ kind }) => kind !== "group")
      .flatMap((source) => source.children.map((child) => [child.key, source] as const)),
  );
  const open = allTargets(targets).filter((target) => isOpen(fields, target));
  const pairs = open.flatMap((target) =>
    offered.flatMap((source) => {
      const found = likeness(target, source, inside.get(source.key));
      if (found === null || source.kind === "group") return [];
      const fitting = fitFor({ kind: source.kind, choices: source.choices }, target);
      if (!fits(fitting)) return [];
      // What fits as it is comes before what must be changed, what lies higher before what lies deep.
      const score = found.score - fitting.steps.length * 0.02 - source.from.length * 0.005;
      return [{ target, source, steps: fitting.steps, why: found.why, score }];
    }),
  );
  pairs.sort((one, other) => other.score - one.score);
  const done = new Set<string>();
  const used = new Set<string>();
  const taken: Suggestion[] = [];
  for (const { target, source, steps, why } of pairs) {
    const above = target.path.slice(0, -1).some((_, index) => done.has(parent(target, index)));
    if (done.has(target.key) || above) continue;
    if (used.has(source.key) && why !== "name") continue;
    done.add(target.key);
    used.add(source.key);
    taken.push({ target, source, steps, why });
  }
  const order = open.map((target) => target.key);
  return taken
    .filter(({ target }) => !taken.some((other) => isInside(target, other.target)))
    .sort((one, other) => order.indexOf(one.target.key) - order.indexOf(other.target.key));
}

function parent(target: Target, index: number): string {
  return target.key
    .split("/")
    .slice(0, index + 1)
    .join("/");
}

function isInside(target: Target, other: Target): boolean {
  return target !== other && target.key.startsWith(`${other.key}/`);
}

/** Nothing stands there, and nothing above fills it; fields of a list's items are for a person to decide. */
function isOpen(fields: Fields, target: Target): boolean {
  const { entry, covered, list } = at(fields, target.path);
  return entry === undefined && covered === undefined && list === null;
}

/** `inside`: what stands above the source, whose name may be a part of the target's ("customer" + "name"). */
export function likeness(
  target: Pick<Target, "path" | "title">,
  source: Pick<Source, "from" | "title">,
  inside?: Pick<Source, "from" | "title">,
): { why: Why; score: number } | null {
  const name = plain(String(target.path.at(-1) ?? ""));
  const other = plain(String(source.from.at(-1) ?? ""));
  if (name !== "" && name === other) return { why: "name", score: 1 };
  const title = plain(target.title);
  const otherTitle = plain(source.title);
  if (title !== "" && title === otherTitle) return { why: "title", score: 0.96 };
  if (name === otherTitle || title === other) return { why: "title", score: 0.94 };
  const whole = inside === undefined ? "" : plain(`${inside.from.at(-1) ?? ""}${other}`);
  const wholeTitle = inside === undefined ? "" : plain(`${inside.title}${otherTitle}`);
  if (whole !== "" && whole === name) return { why: "name", score: 0.93 };
  if (wholeTitle !== "" && wholeTitle === title) return { why: "title", score: 0.92 };
  const meant = [name, title].flatMap(meaning);
  const offered = [other, otherTitle, whole, wholeTitle].flatMap(meaning);
  if (meant.some((each) => offered.includes(each))) return { why: "meaning", score: 0.88 };
  const score = Math.max(similarity(name, other), similarity(title, otherTitle));
  return score < SIMILAR_FROM ? null : { why: "similar", score: score * 0.85 };
}

function meaning(word: string): number[] {
  const found = MEANING.get(word);
  return found === undefined ? [] : [found];
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/** How many pairs of letters two words share (Dice): 1 for the same word. */
function similarity(one: string, other: string): number {
  if (one.length < 2 || other.length < 2) return 0;
  const left = pairsIn(one);
  const right = pairsIn(other);
  const rest = [...right];
  const shared = left.filter((pair) => {
    const index = rest.indexOf(pair);
    if (index >= 0) rest.splice(index, 1);
    return index >= 0;
  });
  return (2 * shared.length) / (left.length + right.length);
}

function pairsIn(text: string): string[] {
  return [...text].slice(0, -1).map((letter, index) => `${letter}${[...text][index + 1] ?? ""}`);
}
