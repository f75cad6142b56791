"""Ask people to decide: approve, reject, or send back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import Context, NodeType, Port, Reminder, WaitForTask, duration_ms
from headrace.nodes._fields import (
    NAME,
    Problems,
    assignees,
    counted_days,
    duration,
    form,
    kinds_of_people,
    needed,
    setting,
    template,
)

PORTS = (
    Port("approved", {"zh": "同意", "en": "Approved"}),
    Port("rejected", {"zh": "拒绝", "en": "Rejected"}),
    Port("returned", {"zh": "退回", "en": "Returned"}, required=False),
)


def run(context: Context) -> WaitForTask:
    """Everything the task shows is fixed now: what people decide on does not change under them."""
    settings = context.settings
    return WaitForTask(
        assignees=settings["assignees"],
        title=context.evaluate.template(settings["title"]),
        description=context.evaluate.template(settings.get("description", "")),
        mode=settings.get("mode", "any"),
        form=settings.get("form"),
        show=[
            {"label": row["label"], "value": context.evaluate.expression(row["value"])}
            for row in settings.get("show", ())
        ],
        buttons=settings.get("buttons", {}),
        due_ms=_length(context, settings.get("due")),
        reminder=_reminder(context, settings.get("reminder")),
    )


def _length(context: Context, source: str | None) -> int | None:
    if source is None:
        return None
    if context.settings.get("days") == "business":
        return context.after_business(source) - context.now_ms
    return duration_ms(source)


def _reminder(context: Context, source: Mapping[str, Any] | None) -> Reminder | None:
    if source is None:
        return None
    return Reminder(_length(context, source["after"]) or 0, source["to"])


def _check(settings: Mapping[str, Any]) -> Problems:
    asks = {"ratio": "ratio", "count": "count", "weight": "pass_weight"}.get(
        settings.get("mode", "any")
    )
    return needed(settings, asks) if asks else []


_TEXT = {
    "type": "object",
    "properties": {
        "zh": {"type": "string", "maxLength": 200},
        "en": {"type": "string", "maxLength": 200},
    },
    "minProperties": 1,
    "additionalProperties": False,
}

_SHOW = {
    "type": "object",
    "properties": {
        "label": setting(("名称", "Label"), ("显示的名称。", "What it is called."), **_TEXT),
        "value": setting(
            ("取值", "Value"),
            ("例如 order.address。", "Such as order.address."),
            type="string",
            format="expression",
            minLength=1,
            maxLength=2000,
        ),
    },
    "required": ["label", "value"],
    "additionalProperties": False,
}


_ESCALATION = {
    "type": "object",
    "properties": {
        "after": setting(
            ("何时", "When"),
            (
                "从任务产生算起；due 为到期时。",
                "Since the task was made; due: at its due time.",
            ),
            anyOf=[{"const": "due"}, {"type": "string", "format": "duration", "maxLength": 40}],
        ),
        "do": setting(
            ("做什么", "Then"),
            ("到时执行。", "What happens."),
            type="string",
            choices={
                "remind": ("催办", "Remind"),
                "backup": ("交给备选人", "To the backup"),
                "superior": ("交给上级", "To the superior"),
                "transfer": ("交给指定的人", "To these people"),
                "approve": ("自动同意", "Approve"),
                "reject": ("自动拒绝", "Reject"),
            },
        ),
        "to": assignees(("给谁", "To whom"), ("催办也抄给他们。", "Reminders go to them, too.")),
        "every": duration(("每隔", "Again every"), ("例如 PT4H。", "Such as PT4H.")),
        "times": setting(
            ("最多几次", "At most"),
            ("包括第一次。", "The first one included."),
            type="integer",
            minimum=1,
            maximum=100,
        ),
        "sms": setting(
            ("同时发短信", "By SMS as well"),
            ("发给原处理人。", "To the one who had it."),
            type="boolean",
        ),
    },
    "required": ["after", "do"],
    "additionalProperties": False,
}


def _button(zh: str, en: str) -> dict[str, Any]:
    return setting((zh, en), ("按钮上的文字。", "The text on the button."), **_TEXT)


NODE = NodeType(
    name="approval",
    title={"zh": "人工审批", "en": "Approval"},
    help={
        "zh": "交给人处理：同意、拒绝或退回。可以附表单、提醒和期限。",
        "en": "Gives people a task: approve, reject or return. It may carry a form, a reminder and a due time.",
    },
    group="people",
    icon="check-square",
    settings=form(
        ["title", "assignees"],
        title=template(
            ("任务标题", "Title"),
            (
                "待办列表里显示，例如：退款 {{ amount }} 元待审批。",
                "Shown in the list, such as: Refund of {{ amount }} to approve.",
            ),
            minLength=1,
            maxLength=400,
        ),
        description=template(
            ("说明", "Description"),
            ("告诉处理人要看什么、怎样决定。", "What to look at, and how to decide."),
        ),
        assignees=assignees(
            ("谁来处理", "Who decides"),
            (
                "人、角色、发起人，或由数据决定。",
                "People, roles, the one who started it, or whoever the data name.",
            ),
            minItems=1,
        ),
        backup=assignees(
            ("备选处理人", "Backup"),
            (
                "主责任人离职、停用或超时未处理时由他们接手；角色自己的备选人也算。",
                "They take over when somebody has left or stays silent; so do the backups of a role.",
            ),
            advanced=True,
        ),
        fallback=assignees(
            ("找不到人时", "When nobody is found"),
            (
                "备选人和上级都没有时交给他们；再没有就转为异常。",
                "Asked when there is neither a backup nor a superior; without them it becomes an incident.",
            ),
            advanced=True,
        ),
        same_initiator=setting(
            ("处理人就是发起人时", "When the initiator would decide"),
            (
                "自动通过会记为按规则通过。",
                "Passing by itself is recorded as approved by rule.",
            ),
            type="string",
            choices={
                "allow": ("由本人处理", "They decide themselves"),
                "skip": ("自动通过", "Passes by itself"),
                "superior": ("交给其上级", "Their superior decides"),
                "backup": ("交给备选人", "The backup decides"),
            },
            default="allow",
            advanced=True,
        ),
        same_person=setting(
            ("同一人重复审批", "The same person again"),
            (
                "同一人已对同样的数据同意过时自动通过；数据变了就一定再问。",
                "Whoever has approved the same data before is not asked again; a change of the data always asks.",
            ),
            type="string",
            choices={
                "off": ("每次都问", "Ask every time"),
                "later": ("之前同意过就自动通过", "Pass if approved before"),
                "consecutive": ("连续两个节点才自动通过", "Pass only right after"),
            },
            default="off",
            advanced=True,
        ),
        watch=setting(
            ("关注的数据", "Data that count"),
            (
                "这些值变了，之前的同意就不算数；留空时看展示内容和表单。",
                "When one of these changes, an earlier approval does not count; empty: what is shown, and forms.",
            ),
            type="array",
            items={"type": "string", "format": "expression", "minLength": 1, "maxLength": 2000},
            maxItems=30,
            when={"same_person": ["later", "consecutive"]},
            advanced=True,
        ),
        mode=setting(
            ("多人时", "When there are several"),
            (
                "任一人：第一个人的决定算数。所有人：全部同意才通过，有人拒绝或退回即结束。",
                "Any: the first decision counts. All: everyone must approve; the first rejection or return decides.",
            ),
            type="string",
            choices={
                "any": ("任一人决定", "Any of them"),
                "all": ("所有人同意", "All of them"),
                "sequence": ("依次审批", "One after the other"),
                "ratio": ("按比例", "By ratio"),
                "count": ("按人数", "By number"),
                "weight": ("按权重", "By weight"),
            },
            default="any",
        ),
        ratio=setting(
            ("同意比例（%）", "Share that must approve (%)"),
            (
                "同意的人达到这个比例就通过；无法达到时立即结束。",
                "Approved as soon as so many have; ended as soon as it cannot be reached.",
            ),
            type="number",
            exclusiveMinimum=0,
            maximum=100,
            when={"mode": ["ratio"]},
        ),
        count=setting(
            ("同意人数", "How many must approve"),
            ("达到这么多人同意就通过。", "Approved as soon as so many have."),
            type="integer",
            minimum=1,
            maximum=500,
            when={"mode": ["count"]},
        ),
        weights=setting(
            ("权重", "Weights"),
            ("没有列出的人权重为 1。", "Whoever is not listed weighs 1."),
            type="array",
            items={
                "type": "object",
                "properties": {
                    "who": setting(
                        ("谁", "Who"),
                        ("人、岗位或角色。", "A person, post or role."),
                        oneOf=kinds_of_people(),
                        widget="assignee",
                    ),
                    "weight": setting(
                        ("权重", "Weight"),
                        ("整数，越大越重要。", "A whole number; more counts more."),
                        type="integer",
                        minimum=1,
                        maximum=1000,
                    ),
                },
                "required": ["who", "weight"],
                "additionalProperties": False,
            },
            maxItems=50,
            when={"mode": ["weight"]},
        ),
        pass_weight=setting(
            ("通过权重", "Weight to pass"),
            (
                "同意者的权重之和达到它就通过。",
                "Approved as soon as those who agree weigh so much.",
            ),
            type="integer",
            minimum=1,
            maximum=100_000,
            when={"mode": ["weight"]},
        ),
        veto={
            **assignees(
                ("一票否决", "Veto"),
                (
                    "这些人拒绝即拒绝；他们没表态前不会通过。填“任何人”即人人有否决权。",
                    "Their rejection decides at once, and nothing is approved before they have spoken; or anybody's.",
                ),
                advanced=True,
            ),
            "type": ["array", "boolean"],
            "x-when": {"mode": ["ratio", "count", "weight"]},
        },
        allow=setting(
            ("允许的操作", "What approvers may do"),
            (
                "没有填时：除暂停和豁免外都允许。",
                "Where nothing is said: all but pausing and exempting.",
            ),
            type="array",
            items={
                "enum": [
                    "add_sign",
                    "reduce_sign",
                    "transfer",
                    "delegate",
                    "return",
                    "cc",
                    "ask",
                    "take_back",
                    "pause",
                    "exempt",
                ],
                "x-enum-titles": {
                    "add_sign": {"zh": "加签", "en": "Sign on"},
                    "reduce_sign": {"zh": "减签", "en": "Sign off"},
                    "transfer": {"zh": "转交", "en": "Transfer"},
                    "delegate": {"zh": "委派", "en": "Delegate"},
                    "return": {"zh": "退回", "en": "Return"},
                    "cc": {"zh": "抄送", "en": "Copy"},
                    "ask": {"zh": "沟通", "en": "Ask"},
                    "take_back": {"zh": "撤回决定", "en": "Take back"},
                    "pause": {"zh": "暂停计时", "en": "Pause"},
                    "exempt": {"zh": "豁免放行", "en": "Exempt"},
                },
            },
            uniqueItems=True,
            widget="choices",
            advanced=True,
        ),
        return_to={
            **setting(
                ("可以退回到", "May be returned to"),
                (
                    "任何已审批的节点、上一个、发起人，或指定的节点。",
                    "Any node decided before, the last one, the initiator, or nodes you name.",
                ),
                widget="return_to",
                advanced=True,
            ),
            "oneOf": [
                {"type": "string", "enum": ["any", "previous", "initiator"]},
                {"type": "array", "minItems": 1},
            ],
            "items": {"type": "string", "pattern": NAME, "x-widget": "node", "x-node": ""},
            "maxItems": 50,
            "uniqueItems": True,
        },
        after_return=setting(
            ("退回后再提交", "After a return"),
            (
                "重新走一遍，或直接回到退回的人，或由退回的人选择。",
                "Go through all again, straight back to who returned it, or as they choose.",
            ),
            type="string",
            choices={
                "ask": ("由退回的人选择", "Who returns it chooses"),
                "forward": ("重新走一遍", "Go through all again"),
                "back": ("直接回到退回的人", "Straight back to them"),
            },
            default="ask",
            advanced=True,
        ),
        keep_votes=setting(
            ("保留已同意的意见", "Keep approvals given"),
            (
                "再次审批时，已经同意的人不必再审。",
                "Who has approved already is not asked again after a return.",
            ),
            type="boolean",
            default=False,
            advanced=True,
        ),
        undo_effects=setting(
            ("退回时撤销已做的事", "Undo when returned"),
            (
                "先执行退回范围内各节点的补偿，再退回。",
                "What was done behind that node is compensated first.",
            ),
            type="boolean",
            default=False,
            advanced=True,
        ),
        withdraw=setting(
            ("发起人撤回", "When the initiator withdraws"),
            ("发起人撤回申请时怎样处理。", "What becomes of it when the initiator takes it back."),
            type="string",
            choices={
                "cancel": ("取消流程", "It is cancelled"),
                "start": ("退回给发起人修改", "It goes back to them to mend"),
                "never": ("不允许", "Not allowed"),
            },
            default="cancel",
            advanced=True,
        ),
        take_back=duration(
            ("撤回决定的时限", "Time to take back"),
            (
                "决定后这么久以内、后面还没有动作时可以撤回；PT0S 为不允许。",
                "A decision may be taken back for so long, while nothing has happened after it; PT0S: never.",
            ),
            advanced=True,
        ),
        cc=assignees(
            ("抄送", "Copy to"),
            ("他们可以查看和评论，不参与决定。", "They may look and comment, and decide nothing."),
            advanced=True,
        ),
        cc_confirm=setting(
            ("等待抄送人确认", "Wait until they confirm"),
            (
                "同意之后，抄送人都确认了流程才继续。",
                "Once approved, the flow goes on only when all of them have confirmed.",
            ),
            type="boolean",
            default=False,
            advanced=True,
        ),
        exempt=setting(
            ("有限豁免", "Exemption"),
            (
                "这些岗位或角色可以凭理由放行，每人每期限次。",
                "These posts or roles may let it pass with a reason, so often each.",
            ),
            type="object",
            properties={
                "who": assignees(("谁", "Who"), ("岗位或角色。", "Posts or roles."), minItems=1),
                "quota": setting(
                    ("次数", "How often"),
                    ("每人每期最多几次。", "At most, each person in each period."),
                    type="integer",
                    minimum=1,
                    maximum=10_000,
                    default=3,
                ),
                "period": setting(
                    ("每期", "Period"),
                    ("次数按它重新计算。", "The quota begins anew with it."),
                    type="string",
                    choices={
                        "day": ("天", "Day"),
                        "week": ("周", "Week"),
                        "month": ("月", "Month"),
                    },
                    default="month",
                ),
            },
            required=["who"],
            additionalProperties=False,
            advanced=True,
        ),
        show=setting(
            ("展示内容", "Show"),
            ("处理人需要看到的数据。", "The data people need to see."),
            type="array",
            items=_SHOW,
            maxItems=30,
        ),
        form=setting(
            ("表单", "Form"),
            (
                "处理时要填写的内容；结果存放在 form 里。",
                "What must be filled in; kept under form.",
            ),
            type="object",
            widget="schema",
        ),
        buttons=setting(
            ("按钮文字", "Buttons"),
            (
                "改成更贴切的说法，例如「已补货」。",
                "Better words for the occasion, such as “Restocked”.",
            ),
            type="object",
            properties={
                "approved": _button("同意", "Approve"),
                "rejected": _button("拒绝", "Reject"),
                "returned": _button("退回", "Return"),
            },
            additionalProperties=False,
            advanced=True,
        ),
        reminder=setting(
            ("催办", "Reminder"),
            (
                "超过这么久还没处理，就通知这些人。",
                "Tell these people when nobody has decided after so long.",
            ),
            type="object",
            properties={
                "after": duration(("多久之后", "After"), ("例如 PT24H。", "Such as PT24H.")),
                "to": assignees(
                    ("通知谁", "Tell whom"), ("例如主管。", "Such as the supervisor."), minItems=1
                ),
            },
            required=["after", "to"],
            additionalProperties=False,
            advanced=True,
        ),
        due=duration(
            ("期限", "Due"),
            (
                "逾期的任务会标红；只有下面画了自动处理，才会自动决定。",
                "Late tasks are marked; nothing is decided by itself unless drawn so below.",
            ),
            advanced=True,
        ),
        days=counted_days(advanced=True),
        warn=setting(
            ("预警（%）", "Warn at (%)"),
            (
                "期限过去这么多时提醒处理人，例如 50、80。",
                "Approvers are told when so much of the time has passed, such as 50 and 80.",
            ),
            type="array",
            items={"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 100},
            maxItems=5,
            uniqueItems=True,
            advanced=True,
        ),
        escalation=setting(
            ("超时处理", "Escalation"),
            (
                "到时依次执行：催办、交给备选人、上级，或自动通过、拒绝。",
                "What happens in turn: remind, hand over to the backup or superior, or pass or reject by itself.",
            ),
            type="array",
            items=_ESCALATION,
            maxItems=10,
            advanced=True,
        ),
        pause_for_customer=setting(
            ("等待客户时停表", "Stop the clock for customers"),
            (
                "等客户答复时可以暂停计时。",
                "The time limits stand still while a customer is waited for.",
            ),
            type="boolean",
            default=False,
            advanced=True,
        ),
    ),
    example={
        "title": "退款 {{ amount }} 元待审批",
        "assignees": [{"kind": "role", "id": "cs_lead"}],
        "mode": "any",
        "show": [{"label": {"zh": "金额", "en": "Amount"}, "value": "amount"}],
        "reminder": {"after": "PT24H", "to": [{"kind": "role", "id": "supervisor"}]},
        "due": "P2D",
    },
    ports=PORTS,
    run=run,
    waits=True,
    check=_check,
)
