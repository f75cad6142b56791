// The settings of an approval in words, as people read them on the card, in the folds and on the line of time.

import { createInstance } from "i18next";
import { beforeAll, describe, expect, test } from "vitest";
import en from "../../../../locales/en/editor.json";
import zh from "../../../../locales/zh/editor.json";
import { nodeSentence, type Words } from "../sentence";
import { types } from "../testing";
import { ACTIONS, actionsSentence, allowedOf, returnSentence, withAction } from "./actions";
import { type Assignee, assigneeSentence, lacks, newAssignee, sentenceOf } from "./assignee";
import { deadlinesSentence, escalationSentence, lengthMs, pointsOf } from "./deadlines";
import { shareWords, voteSentence } from "./vote";

const i18n = createInstance();

beforeAll(() => i18n.init({ resources: { zh: { editor: zh }, en: { editor: en } }, lng: "en" }));

const NAMES: Record<string, string> = {
  zhang: "张三",
  li: "李四",
  cs: "客服",
  finance: "财务经理",
};

function words(language: "zh" | "en"): Words {
  return {
    t: i18n.getFixedT(language, "editor"),
    text: (value) => (typeof value === "string" ? value : (value?.[language] ?? "")),
    titleOf: (path) => (path === "owner" ? "负责人" : path),
    userOf: (id) => NAMES[id] ?? id,
    roleOf: (id) => NAMES[id] ?? id,
    departmentOf: (id) => (id === "sales" ? "销售部" : id),
    postOf: (id) => (id === "director" ? "总监" : id),
    rotaOf: (id) => (id === "night" ? "夜班" : id),
    nodeOf: (id) => (id === "first" ? "初审" : id),
  };
}

describe("who decides", () => {
  test.each<[Assignee, string, string]>([
    [{ kind: "user", id: "zhang" }, "张三", "张三"],
    [{ kind: "role", id: "finance" }, "角色：财务经理", "Role: 财务经理"],
    [{ kind: "initiator" }, "发起人", "Who started it"],
    [
      { kind: "supervisor", of: "initiator", level: 1 },
      "发起人的直属上级",
      "Direct superior of the initiator",
    ],
    [
      { kind: "supervisor", level: 3 },
      "发起人的第 3 级上级",
      "Superior 3 levels above the initiator",
    ],
    [
      { kind: "supervisor", of: "approver", level: 3, chain: true },
      "上一位审批人的上级，逐级到第 3 级",
      "Superiors of the last approver, one after the other up to level 3",
    ],
    [
      { kind: "supervisor", of: { user: "li" }, to_post: "director" },
      "李四上级中的「总监」",
      "The 总监 above 李四",
    ],
    [
      { kind: "supervisor", to_post: "director", chain: true },
      "发起人的上级，逐级到「总监」",
      "Superiors of the initiator, one after the other up to the 总监",
    ],
    [{ kind: "department_head" }, "发起人的部门主管", "Head of department of the initiator"],
    [{ kind: "department_head", id: "sales" }, "「销售部」主管", "Head of 销售部"],
    [{ kind: "post", id: "director" }, "岗位：总监", "Post: 总监"],
    [{ kind: "post", id: "director", department: "sales" }, "「销售部」的总监", "总监 of 销售部"],
    [{ kind: "department", id: "sales" }, "「销售部」的人", "People of 销售部"],
    [
      { kind: "department", id: "sales", deep: true },
      "「销售部」及下级部门的人",
      "People of 销售部 and below",
    ],
    [{ kind: "rota", id: "night" }, "「夜班」当班的人", "Who is on duty in 夜班"],
    [{ kind: "field", path: "owner" }, "「负责人」里的人", "The person in “负责人”"],
    [{ kind: "expression", value: "order.owner" }, "order.owner", "order.owner"],
    [{ kind: "chosen", name: "a", min: 1 }, "发起人选的人", "Whom the initiator chooses"],
    [
      { kind: "chosen", name: "a", min: 2, max: 2 },
      "发起人选 2 人",
      "2 people the initiator chooses",
    ],
    [
      { kind: "chosen", name: "a", max: 3, among: [{ kind: "role", id: "cs" }] },
      "发起人选的人（最多 3 人），从角色：客服中选",
      "Whom the initiator chooses (up to 3), out of Role: 客服",
    ],
  ])("%o is said", (assignee, chinese, english) => {
    expect(assigneeSentence(assignee, words("zh"))).toBe(chinese);
    expect(assigneeSentence(assignee, words("en"))).toBe(english);
  });

  test("several stand in their order, and what is not complete is passed over", () => {
    const list = [newAssignee("field"), newAssignee("initiator"), { kind: "user", id: "li" }, null];

    expect(sentenceOf(list, words("zh"))).toBe("发起人、李四");
    expect(lacks(newAssignee("field"))).toBe("path");
    expect(lacks(newAssignee("supervisor"))).toBe("");
  });
});

describe("how votes decide", () => {
  test.each<[object, string]>([
    [{}, "任一人决定即可"],
    [{ mode: "all" }, "所有人同意才通过，有一人拒绝即结束"],
    [{ mode: "sequence" }, "按顺序一个接一个，都同意才通过"],
    [
      { mode: "ratio", ratio: 66.66, veto: [{ kind: "user", id: "zhang" }] },
      "至少三分之二同意才通过，张三可一票否决",
    ],
    [{ mode: "ratio", ratio: 50 }, "至少一半同意才通过"],
    [{ mode: "ratio", ratio: 50.01 }, "过半数同意才通过"],
    [{ mode: "ratio", ratio: 62.5 }, "至少 62.5% 同意才通过"],
    [{ mode: "ratio", ratio: 100 }, "全部同意才通过"],
    [{ mode: "ratio" }, "还没有填写比例"],
    [{ mode: "count", count: 3, veto: true }, "至少 3 人同意才通过，任何人都可一票否决"],
    [
      {
        mode: "weight",
        pass_weight: 60,
        weights: [
          { who: { kind: "user", id: "zhang" }, weight: 40 },
          { who: { kind: "role", id: "cs" }, weight: 30 },
        ],
      },
      "同意的权重加起来达到 60 才通过（张三 40、角色：客服 30，其他人 1）",
    ],
    [{ mode: "weight" }, "还没有填写要达到的权重"],
  ])("%o is a sentence", (settings, sentence) => {
    expect(voteSentence(settings as Record<string, unknown>, words("zh"))).toBe(sentence);
  });

  test("two thirds is two thirds by any way of writing it, and 66 is not", () => {
    expect(shareWords(66.67, words("en"))).toBe("two thirds");
    expect(shareWords(66, words("en"))).toBe("66 %");
    expect(shareWords(50.01, words("en"))).toBe("more than half");
    expect(shareWords(50.005, words("en"))).toBe("half");
  });

  test("the card on the canvas says who, and how where several decide", () => {
    const node = (settings: object) => ({
      id: "ask",
      type: "approval",
      position: { x: 0, y: 0 },
      settings: { assignees: [{ kind: "role", id: "cs" }], ...settings },
    });

    expect(nodeSentence(node({}), types, words("zh"))).toBe("角色：客服");
    expect(nodeSentence(node({ mode: "all" }), types, words("zh"))).toBe("角色：客服 · 全部同意");
    expect(nodeSentence(node({ mode: "ratio", ratio: 66.66 }), types, words("zh"))).toBe(
      "角色：客服 · 三分之二同意",
    );
  });
});

describe("time limits", () => {
  const chain = {
    due: "P1D",
    warn: [80, 50],
    escalation: [
      { after: "P2D", do: "superior" },
      { after: "due", do: "remind", every: "PT2H", times: 3, sms: true },
    ],
  };

  test("stand in the order in which they come", () => {
    expect(pointsOf(chain).map(({ kind, at }) => [kind, at])).toEqual([
      ["warn", lengthMs("PT12H")],
      ["warn", lengthMs("P1D") * 0.8],
      ["due", lengthMs("P1D")],
      ["escalation", lengthMs("P1D")],
      ["escalation", lengthMs("P2D")],
    ]);
  });

  test("without a due time a warning has no moment, and comes last", () => {
    const points = pointsOf({ warn: [50], escalation: [{ after: "PT1H", do: "backup" }] });

    expect(points.map(({ kind, at }) => [kind, at])).toEqual([
      ["escalation", lengthMs("PT1H")],
      ["warn", null],
    ]);
  });

  test("read back as one line", () => {
    expect(deadlinesSentence(chain, words("zh"))).toBe(
      "时间过了 50% 时提醒；时间过了 80% 时提醒；1 天到期；到期时催办处理人，之后每 2 小时一次，共 3 次（同时发短信）；2 天后交给上级",
    );
    expect(deadlinesSentence({}, words("en"))).toBe("No time limit, no reminders");
  });

  test("name whom they reach, unless the engine decides by itself", () => {
    const to: Assignee[] = [{ kind: "user", id: "li" }];

    expect(escalationSentence({ after: "P1D", do: "transfer", to }, words("zh"))).toBe(
      "1 天后转给李四",
    );
    expect(escalationSentence({ after: "due", do: "approve", to }, words("en"))).toBe(
      "when due approve by itself",
    );
  });
});

describe("what people may do", () => {
  test("is all but stopping the clock and passing over, where nothing is said", () => {
    expect(allowedOf({})).toEqual(ACTIONS.filter((each) => each !== "pause" && each !== "exempt"));
    expect(actionsSentence({}, words("zh"))).toBe("常用操作都可以");
  });

  test("is said by what differs", () => {
    const without = { allow: withAction({}, "transfer", false) };
    const more = { allow: withAction(without, "pause", true) };

    expect(actionsSentence(without, words("zh"))).toBe("不能：转交");
    expect(actionsSentence(more, words("zh"))).toBe("不能：转交，还可以：暂停计时");
    expect(actionsSentence({ allow: ["cc"] }, words("zh"))).toBe("只能：抄送");
    expect(actionsSentence({ allow: [] }, words("en"))).toBe("Only decide");
  });

  test("leaves the setting out again when it is back at what is usual", () => {
    const without = withAction({}, "cc", false);

    expect(withAction({ allow: without }, "cc", true)).toBeUndefined();
  });

  test("says where a return leads and how it goes on", () => {
    expect(returnSentence({}, words("zh"))).toBe(
      "可退回到前面任何节点，退回的人决定改完从哪里继续",
    );
    expect(
      returnSentence({ return_to: ["first"], after_return: "back", keep_votes: true }, words("zh")),
    ).toBe("可退回到初审，改完直接回到退回的人，已经投的票保留");
    expect(returnSentence({ allow: ["cc"] }, words("zh"))).toBe("不能退回");
  });
});
