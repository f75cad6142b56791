"""Ask people to decide: approve, reject, or send back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import Context, NodeType, Port, Reminder, WaitForTask, duration_ms
from headrace.nodes._fields import assignees, counted_days, duration, form, setting, template

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
        mode=setting(
            ("多人时", "When there are several"),
            (
                "任一人：第一个人的决定算数。所有人：全部同意才通过，有人拒绝或退回即结束。",
                "Any: the first decision counts. All: everyone must approve; the first rejection or return decides.",
            ),
            type="string",
            choices={"any": ("任一人决定", "Any of them"), "all": ("所有人同意", "All of them")},
            default="any",
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
                "例如 P1D；逾期的任务会标红，不会自动决定。",
                "Such as P1D; late tasks are marked, nothing is decided by itself.",
            ),
            advanced=True,
        ),
        days=counted_days(advanced=True),
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
)
