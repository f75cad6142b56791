// Typed people: who decides, who is reminded, who is told. Pure.

import type { JsonSchema } from "../../schema";
import { type Assignee, newAssignee } from "../approval/assignee";
import type { Text } from "../document";
import { kindOf } from "../variables";
import type { TypedStep } from "./step";
import { after, called, DURATION, durationOf, plain, split2 } from "./words";
import type { World } from "./world";

const SHOWN_MAX = 8;
const STARTED =
  /^(?:who started it|whoever started it|(?:the )?(?:applicant|initiator|requester)|发起人|申请人)$/i;
const SUPERIOR = /^(?:(?:the |direct )?superior|(?:直属|直接)?上级)$/i;
const DECIDES =
  /\s+(?:approves?|approval|decides?|reviews?|checks?|inspects?|confirms?|revises?|changes? it|by hand)$|(?:来)?(?:审批|审核|复核|确认|质检|修改|处理)$/i;

interface Who {
  assignee: Assignee;
  name: Text;
}

export function whoIs(typed: string, world: World): Who | null {
  const text = typed.trim();
  const role = world.roles.find((one) => called(one.title, one.key, text));
  if (role !== undefined) return { assignee: newAssignee("role", role.key), name: role.title };
  if (STARTED.test(text))
    return { assignee: newAssignee("initiator"), name: { zh: "发起人", en: "Applicant" } };
  if (SUPERIOR.test(text))
    return { assignee: newAssignee("supervisor"), name: { zh: "上级", en: "Superior" } };
  const person = world.people.find(
    (one) => plain(one.name) === plain(text) || one.login === text.toLowerCase(),
  );
  return person === undefined
    ? null
    : {
        assignee: newAssignee("user", person.login),
        name: { zh: person.name, en: person.name },
      };
}

/** "Finance manager, 24 h Supervisor": who decides, after how long whom to remind. A title of the task behind a colon. */
export function approvalIn(text: string, world: World): TypedStep | null {
  const [all, title] = split2(text, /\s*[:：]\s*/);
  const long = DURATION.exec(all);
  const head = (long === null ? all : all.slice(0, long.index)).replace(
    /(?:[\s,，;；]|after|within|超过|过)+$/i,
    "",
  );
  const asked = head.replace(/^(?:ask\b|approval by\b|由|请)\s*/i, "");
  const who = whoIs(asked, world) ?? whoIs(asked.replace(DECIDES, ""), world);
  if (who === null) return null;
  const remind = long === null ? undefined : reminderOf(long, all, who, world);
  if (remind === null) return null;
  const own = who.assignee.kind === "initiator";
  const how = own ? { zh: "修改", en: "changes it" } : { zh: "审批", en: "approves" };
  const name = { zh: `${who.name.zh ?? ""}${how.zh}`, en: `${who.name.en ?? ""} ${how.en}` };
  const show = shownIn(world, own);
  const settings = {
    title: title || titleOf(world),
    assignees: [who.assignee],
    mode: "any",
    ...(show.length > 0 ? { show } : {}),
    ...(remind === undefined ? {} : { reminder: remind }),
    ...(own ? { buttons: AGAIN, ...formOf(world) } : {}),
  };
  return { type: "approval", base: own ? "revise" : baseOf(who), name, settings };
}

const AGAIN = {
  approved: { zh: "重新提交", en: "Submit again" },
  rejected: { zh: "撤回", en: "Withdraw" },
};

/** What the flow asked, to be changed and sent again. */
function formOf({ input }: World) {
  const properties = Object.fromEntries(fieldsIn(input));
  const names = Object.keys(properties);
  if (names.length === 0) return {};
  const required = (input.required ?? []).filter((name) => names.includes(name));
  return {
    form: { type: "object", properties, required, additionalProperties: false, "x-order": names },
  };
}

function baseOf({ assignee }: Who): string {
  return assignee.kind === "role" && assignee.id ? `by_${assignee.id}` : "approval";
}

function reminderOf(long: RegExpExecArray, all: string, who: Who, world: World) {
  const rest = all
    .slice(long.index + long[0].length)
    .replace(/^(?:[\s,，:：→]|后|later|remind|tell|提醒|催办|通知)+/i, "");
  const whom = rest === "" ? who : whoIs(rest, world);
  return whom === null ? null : { after: durationOf(long), to: [whom.assignee] };
}

/** What the flow asks for, so that nobody decides on a title alone; whoever changes it sees what was said of it. */
function shownIn(world: World, comments: boolean) {
  const required = new Set(world.input.required ?? []);
  const asked = fieldsIn(world.input)
    .slice(0, SHOWN_MAX)
    .map(([name, field]) => ({
      label: field["x-title"] ?? { zh: name, en: name },
      value: required.has(name) ? name : `default(${name}, '')`,
    }));
  if (!comments) return asked;
  const said = world.nodes
    .filter(({ type }) => type === "approval")
    .map(({ id, title }) => ({
      label: { zh: `${title.zh ?? title.en ?? ""}意见`, en: `${title.en ?? title.zh ?? ""}: why` },
      value: `default(${id}.comment, '')`,
    }));
  return [...asked, ...said].slice(0, 2 * SHOWN_MAX);
}

/** The flow's name, its first field and its amount: "Refund {{ order_no }}, {{ amount }}". */
export function titleOf(world: World): string {
  const fields = fieldsIn(world.input);
  const required = new Set(world.input.required ?? []);
  const amount = fields.find(([, field]) => field.format === "money");
  const first = fields.find(([, field]) => kindOf(field) === "text");
  const shown = [first, amount].flatMap((one) => {
    if (one === undefined) return [];
    return [required.has(one[0]) ? `{{ ${one[0]} }}` : `{{ ${one[0]} | default('') }}`];
  });
  const flow = world.flow[world.language] || Object.values(world.flow)[0] || "";
  return [flow, shown.join(world.language === "zh" ? "，" : ", ")].filter(Boolean).join(" ");
}

function fieldsIn(input: JsonSchema): [string, JsonSchema][] {
  const properties = input.properties ?? {};
  const order = (input["x-order"] ?? []).filter((name) => name in properties);
  const names = [...order, ...Object.keys(properties).filter((name) => !order.includes(name))];
  return names.flatMap((name) => {
    const field = properties[name];
    const simple = field !== undefined && !["object", "list"].includes(kindOf(field));
    return simple ? [[name, field]] : [];
  });
}

/** "tell who started it: Refunded {{ order_no }}" */
export function tellingIn(text: string, world: World): TypedStep | null {
  const what = after(text, /^(?:tell\b|notify\b|inform\b|通知|告知)\s*/i);
  if (what === null) return null;
  const [whom, said] = split2(what, /\s*[:：]\s*/);
  const who = whoIs(whom, world);
  if (who === null) return null;
  const [title, more] = split2(said, /\s*\|\s*/);
  const name = { zh: `通知${who.name.zh ?? ""}`, en: `Tell ${(who.name.en ?? "").toLowerCase()}` };
  const settings = {
    channel: "in_app",
    to: [who.assignee],
    title: title || titleOf(world),
    text: more || title || titleOf(world),
  };
  return { type: "notification", base: "tell", name, settings };
}
