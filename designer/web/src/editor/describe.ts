// A first drawing from four answers: how it begins, what must be known, who decides, what happens then. Pure.

import type { JsonSchema } from "../schema";
import { type FlowDocument, type FlowEdge, type FlowNode, NODE_WIDTH, type Text } from "./document";

export type Begins = "form" | "call" | "schedule" | "message";
export type Decides = "nobody" | "superior" | "role" | "both";
export type Then = "tell" | "call_system" | "wait";

export const BEGINS: Begins[] = ["form", "call", "schedule", "message"];
export const DECIDES: Decides[] = ["superior", "role", "both", "nobody"];
export const THENS: Then[] = ["tell", "wait", "call_system"];

export interface Known {
  name: string;
  title: Text;
  kind: "text" | "long" | "number" | "money" | "date";
}

/** What is asked for most often. */
export const USUAL: Known[] = [
  { name: "amount", title: { zh: "金额", en: "Amount" }, kind: "money" },
  { name: "order_no", title: { zh: "订单号", en: "Order number" }, kind: "text" },
  { name: "reason", title: { zh: "原因", en: "Reason" }, kind: "long" },
  { name: "date", title: { zh: "日期", en: "Date" }, kind: "date" },
  { name: "count", title: { zh: "数量", en: "Quantity" }, kind: "number" },
];

export interface Answers {
  name: Text;
  begins: Begins;
  knows: readonly Known[];
  decides: Decides;
  role?: string;
  /** With `both`: above this amount the role decides, too. */
  above?: number;
  afterwards: readonly Then[];
}

const STEP = NODE_WIDTH + 170;

export function described(key: string, answers: Answers): FlowDocument {
  const nodes: FlowNode[] = [];
  const edges: FlowEdge[] = [];
  let open: [from: string, port: string][] = [];
  const lead = (to: string) => {
    for (const [from, port] of open) edges.push({ id: `e${edges.length + 1}`, from, port, to });
    open = [];
  };
  const add = (id: string, type: string, name: Text, settings: object, port = "out") => {
    const position = { x: nodes.length * STEP, y: 0 };
    nodes.push({ id, type, name, position, settings: settings as FlowNode["settings"] });
    lead(id);
    open = [[id, port]];
  };
  const refused: [string, string][] = [];
  const ask = (id: string, name: Text, assignee: object) => {
    const title = `${answers.name.zh ?? answers.name.en ?? ""}${askedAbout(answers.knows)}`;
    add(id, "approval", name, { title, assignees: [assignee] }, "approved");
    refused.push([id, "rejected"]);
  };

  const start = STARTS[answers.begins];
  add("start", start.type, start.name, start.settings(answers.knows));
  const role = { kind: "role", id: answers.role ?? "" };
  const superior = { kind: "supervisor", of: "initiator", level: 1 };
  if (answers.decides === "superior" || answers.decides === "both")
    ask("superior", { zh: "上级审批", en: "Superior decides" }, superior);
  if (answers.decides === "role") ask("approval", { zh: "审批", en: "Decide" }, role);
  if (answers.decides === "both") {
    add(
      "large",
      "condition",
      { zh: "金额大吗？", en: "A large amount?" },
      {
        branches: [
          {
            id: "large",
            name: { zh: "大额", en: "Large" },
            when: {
              combinator: "and",
              rules: [{ field: "amount", operator: ">", value: answers.above ?? 1000 }],
            },
          },
        ],
      },
      "large",
    );
    ask("approval", { zh: "再审批", en: "Decide again" }, role);
    open.push(["large", "else"]);
  }
  if (answers.afterwards.includes("wait"))
    add("wait", "timer", { zh: "等待一天", en: "Wait a day" }, { mode: "for", duration: "P1D" });
  if (answers.afterwards.includes("call_system"))
    add("call", "connector", { zh: "调用系统", en: "Call a system" }, {});
  if (answers.afterwards.includes("tell"))
    add("tell", "notification", { zh: "通知发起人", en: "Tell who began it" }, told(true));
  add("done", "end", { zh: "完成", en: "Done" }, { result: "completed" });
  open = refused;
  if (refused.length > 0) {
    if (answers.afterwards.includes("tell"))
      add(
        "tell_refused",
        "notification",
        { zh: "通知被拒", en: "Tell it was refused" },
        told(false),
      );
    add("refused", "end", { zh: "被拒", en: "Refused" }, { result: "rejected" });
    below(nodes, answers.afterwards.includes("tell") ? 2 : 1);
  }
  return {
    format: 1,
    key,
    name: answers.name,
    input: inputFrom(answers.knows),
    nodes,
    edges,
  };
}

const STARTS: Record<
  Begins,
  { type: string; name: Text; settings: (knows: readonly Known[]) => object }
> = {
  form: { type: "start", name: { zh: "开始", en: "Start" }, settings: () => ({}) },
  call: {
    type: "webhook",
    name: { zh: "收到推送", en: "Another system calls" },
    settings: (knows) => ({ auth: "hmac", values: taken(knows, "body") }),
  },
  schedule: {
    type: "schedule",
    name: { zh: "定时开始", en: "At fixed times" },
    settings: () => ({ cron: "0 9 * * *", timezone: "Asia/Shanghai", misfire: "once" }),
  },
  message: {
    type: "message_start",
    name: { zh: "收到消息", en: "A message comes" },
    settings: (knows) => ({ name: "order.paid", values: taken(knows, "payload") }),
  },
};

function taken(knows: readonly Known[], source: string) {
  return knows.map(({ name }) => ({ name, value: `${source}.${name}` }));
}

/** What was refused runs below the way of what was not. */
function below(nodes: readonly FlowNode[], last: number): void {
  for (const [index, node] of nodes.slice(-last).entries()) {
    const column = nodes.length - last - 1 - (last - 1) + index;
    node.position = { x: Math.max(2, column) * STEP, y: 260 };
  }
}

function told(good: boolean): object {
  return {
    channel: "in_app",
    to: [{ kind: "initiator" }],
    title: good ? "已通过 / Approved" : "未通过 / Refused",
    text: good
      ? "您的申请已通过。 Your request was approved."
      : "您的申请未通过。 Your request was refused.",
  };
}

function askedAbout(knows: readonly Known[]): string {
  const first = knows.find((field) => field.kind === "money") ?? knows[0];
  return first === undefined ? "" : ` {{ ${first.name} }}`;
}

function inputFrom(knows: readonly Known[]): JsonSchema {
  return {
    type: "object",
    properties: Object.fromEntries(knows.map((field) => [field.name, schemaOf(field)])),
    required: knows.map((field) => field.name),
  };
}

function schemaOf({ title, kind }: Known): JsonSchema {
  switch (kind) {
    case "money":
      return { type: "number", minimum: 0, "x-title": title };
    case "number":
      return { type: "number", "x-title": title };
    case "date":
      return { type: "string", format: "date", "x-title": title };
    case "long":
      return { type: "string", "x-title": title, "x-widget": "textarea" };
    case "text":
      return { type: "string", "x-title": title };
  }
}
