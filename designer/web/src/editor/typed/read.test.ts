import { expect, test } from "vitest";
import type { JsonSchema } from "../../schema";
import { schemaFrom } from "../form/formFields";
import { readFields } from "../form/typedFields";
import type { Variable } from "../variables";
import { readStep, readSteps } from "./read";
import type { TypedStep } from "./step";
import { suggested } from "./suggest";
import type { World } from "./world";

const FIELDS =
  "Refund no.*, Order no.*, Refund amount*, Channel (Tmall/JD), Quantity sent back, Reason*";
const input: JsonSchema = schemaFrom(readFields(FIELDS, "en", []), {
  type: "object",
  properties: {},
});
const variable = (path: string, title: string, kind: Variable["kind"] = "text"): Variable => ({
  path,
  title,
  kind,
  source: "Start",
});
const world: World = {
  language: "en",
  flow: { en: "Refund" },
  input,
  variables: [
    variable("refund_no", "Refund no."),
    variable("order_no", "Order no."),
    variable("refund_amount", "Refund amount", "number"),
    variable("quantity_sent_back", "Quantity sent back", "number"),
    { ...variable("channel", "Channel", "choice"), choices: [{ value: "tmall", title: "Tmall" }] },
    variable("reason", "Reason"),
    variable("order", "order", "object"),
  ],
  roles: [
    { key: "cs_lead", title: { zh: "客服组长", en: "Customer service lead" } },
    { key: "finance_manager", title: { zh: "财务经理", en: "Finance manager" } },
    { key: "supervisor", title: { zh: "主管", en: "Supervisor" } },
  ],
  people: [{ login: "ann", name: "客服 Ann" }],
  tables: [
    {
      key: "payments",
      title: { zh: "支付记录", en: "Payments" },
      keyField: "order_no",
      fields: [
        { name: "order_no", title: { zh: "订单号", en: "Order no." }, kind: "text" },
        { name: "paid", title: { zh: "实付金额", en: "Paid" }, kind: "money" },
      ],
    },
    {
      key: "inventory",
      title: { en: "Stock" },
      keyField: "sku",
      fields: [{ name: "sku" }, { name: "on_hand", title: { en: "On hand" }, kind: "integer" }],
    },
  ],
  decisions: [
    {
      key: "routing",
      title: { en: "Order routing" },
      inputs: [{ name: "channel" }, { name: "amount", title: { en: "Refund amount" } }],
      outputs: [{ name: "route", title: { en: "Route" } }],
    },
  ],
  operations: [
    {
      connection: "payments",
      name: "alipay.refund",
      title: { zh: "退款", en: "Refund" },
      of: ["payments", "支付宝退款 Alipay", "Alipay"],
      params: [
        { name: "out_trade_no", title: { en: "Our order no." } },
        { name: "amount", title: { en: "Amount" } },
        { name: "refund_no", title: { en: "Refund no." } },
        { name: "reason", title: { en: "Reason" } },
      ],
    },
    {
      connection: "payments",
      name: "alipay.query",
      title: { zh: "查询支付", en: "Ask for a payment" },
      of: ["payments", "Alipay"],
      params: [],
    },
  ],
  flows: [{ key: "nightly", title: { en: "Buffers every night" } }],
  kinds: [{ key: "split", title: { zh: "并行开始", en: "Split" } }],
  nodes: [{ id: "end", title: { zh: "结束", en: "End" }, type: "end" }],
  taken: ["end"],
};

const made = (text: string) => {
  const step = readStep(text, world);
  if (step === null || "to" in step) throw new Error(`Expected a new step, found ${text}`);
  return step;
};

test("fields are typed as one would write them down", () => {
  expect(Object.keys(input.properties ?? {})).toEqual([
    "refund_no",
    "order_no",
    "refund_amount",
    "channel",
    "quantity_sent_back",
    "reason",
  ]);
  expect(input.required).toEqual(["refund_no", "order_no", "refund_amount", "reason"]);
  expect(input.properties?.["refund_amount"]).toMatchObject({ format: "money" });
  expect(input.properties?.["channel"]).toMatchObject({ enum: ["Tmall", "JD"] });
  expect(input.properties?.["quantity_sent_back"]).toMatchObject({ type: "number" });
  const zh = readFields("订单号*、退款金额（元）*，是否加急，备注", "zh", []);
  expect(zh.map(({ name, kind, required }) => [name, kind, required])).toEqual([
    ["order_no", "text", true],
    ["amount", "money", true],
    ["field_3", "boolean", false],
    ["note", "long", false],
  ]);
});

test("a role decides, is reminded, and sees what the flow asks", () => {
  const step = made("Finance manager, 24 h Supervisor");

  expect(step.type).toBe("approval");
  expect(step.name.en).toBe("Finance manager approves");
  expect(step.settings).toMatchObject({
    title: "Refund {{ refund_no }}, {{ refund_amount }}",
    assignees: [{ kind: "role", id: "finance_manager" }],
    reminder: { after: "PT24H", to: [{ kind: "role", id: "supervisor" }] },
  });
  expect(step.settings["show"]).toContainEqual({
    label: { en: "Channel" },
    value: "default(channel, '')",
  });
  expect(made("财务经理审批").settings).toMatchObject({ assignees: [{ id: "finance_manager" }] });
  expect(made("applicant changes it").settings).toMatchObject({
    assignees: [{ kind: "initiator" }],
  });
});

test("comparisons are branches; values are called by their titles", () => {
  const step = made(
    "More than paid: Refund amount > order.paid; Refund amount > 200 and Channel is Tmall",
  );

  expect(step.settings["branches"]).toEqual([
    {
      id: "branch_1",
      name: { en: "More than paid" },
      when: {
        combinator: "and",
        rules: [
          { field: "refund_amount", operator: ">", value: "order.paid", valueSource: "field" },
        ],
      },
    },
    {
      id: "branch_2",
      name: { en: "Refund amount > 200 and Channel is Tmall" },
      when: {
        combinator: "and",
        rules: [
          { field: "refund_amount", operator: ">", value: 200, valueSource: "value" },
          { field: "channel", operator: "=", value: "tmall", valueSource: "value" },
        ],
      },
    },
  ]);
  expect(readStep("Weight > 5", world)).toBeNull();
});

test("tables fill in their key and the fields that fit", () => {
  expect(made("find Payments").settings).toEqual({
    operation: "find",
    table: "payments",
    key: "order_no",
  });
  expect(made("write Payments: Paid = Refund amount").settings).toMatchObject({
    operation: "upsert",
    values: [{ name: "paid", value: "refund_amount" }],
  });
  expect(made("add Quantity sent back to Stock").settings).toMatchObject({
    operation: "adjust",
    field: "on_hand",
    by: "quantity_sent_back",
    least: "0",
  });
});

test("what was found before in the line can be named behind it", () => {
  const reading = readSteps("find Payments -> Refund amount > Payments.Paid -> End", world);

  expect(
    "steps" in reading && reading.steps.map((step) => ("to" in step ? step.to : step.type)),
  ).toEqual(["record", "condition", "end"]);
  const check = ("steps" in reading ? reading.steps[1] : undefined) as Exclude<
    TypedStep,
    { to: string }
  >;
  expect(check.settings["branches"]).toMatchObject([
    { when: { rules: [{ value: "payments.value.paid", valueSource: "field" }] } },
  ]);
});

test("a decision table is asked, and each result is an exit", () => {
  const step = made("decide Order routing: risk, direct");

  expect(step.settings).toMatchObject({
    table: "routing",
    inputs: [
      { name: "channel", value: "channel" },
      { name: "amount", value: "refund_amount" },
    ],
    route: "route",
    branches: [
      { id: "risk", value: "risk" },
      { id: "direct", value: "direct" },
    ],
  });
});

test("a platform is asked by the names of its account and of what it does", () => {
  expect(
    made("payments refund: Our order no. = Order no., Amount = Refund amount").settings,
  ).toMatchObject({
    connection: "payments",
    operation: "alipay.refund",
    params: [
      { name: "refund_no", value: "refund_no" },
      { name: "reason", value: "reason" },
      { name: "out_trade_no", value: "order_no" },
      { name: "amount", value: "refund_amount" },
    ],
  });
});

test("ends, waits, messages, values", () => {
  expect(made("end refused")).toMatchObject({ type: "end", settings: { result: "refused" } });
  expect(made("wait 2 days")).toMatchObject({ type: "timer", settings: { duration: "P2D" } });
  expect(made("when order.paid").settings).toMatchObject({
    values: [{ name: "order", value: "payload.order" }],
  });
  expect(made("set tag = focus").settings).toEqual({ values: [{ name: "tag", value: "'focus'" }] });
  expect(made("tell who started it: Refunded {{ order_no }}").settings).toMatchObject({
    to: [{ kind: "initiator" }],
    title: "Refunded {{ order_no }}",
  });
});

test("a step can be given its name; ids are no other value's name", () => {
  const reading = readSteps("[Refund no.] wait 1 h -> [Refund no.] wait 2 h", world);

  expect("steps" in reading && reading.steps).toMatchObject([
    { base: "refund_no_2", name: { en: "Refund no." } },
    { base: "refund_no_3", settings: { duration: "PT2H" } },
  ]);
});

test("who asked changes what was asked, and the change counts", () => {
  const reading = readSteps("[Back] applicant changes it", world);
  const [ask, take] = "steps" in reading ? reading.steps : [];

  expect(ask).toMatchObject({
    base: "back",
    settings: { form: { required: ["refund_no", "order_no", "refund_amount", "reason"] } },
  });
  expect(take).toMatchObject({ type: "set_values" });
  expect((take as Exclude<TypedStep, { to: string }>).settings["values"]).toContainEqual({
    name: "refund_no",
    value: "back.form.refund_no",
  });
});

test("what says nothing known is named", () => {
  expect(readSteps("find Payments -> hocus pocus", world)).toEqual({ wrong: "hocus pocus" });
  expect(readSteps("End -> Split", world)).toEqual({ wrong: "Split" });
});

test("the last phrase is guessed from a few letters", () => {
  expect(suggested("find Payments -> fin", world).map(({ text }) => text)).toContain(
    "find Payments -> Finance manager",
  );
});
