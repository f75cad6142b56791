"""Tell people something: in the application, by mail, or in a chat group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import Context, NodeType, Notify
from headrace.nodes._fields import Problems, assignees, connection, form, needed, setting, template

_NEEDS = {"in_app": ("to",), "mail": ("to", "connection"), "robot": ("connection",)}


def run(context: Context) -> Notify:
    """Fill in the text; the outbox sends it, and keeps what the far side answered."""
    settings = context.settings
    return Notify(
        channel=settings["channel"],
        title=context.evaluate.template(settings["title"]),
        text=context.evaluate.template(settings["text"]),
        to=settings.get("to", ()),
        connection=settings.get("connection"),
    )


def check(settings: Mapping[str, Any]) -> Problems:
    """Each channel needs to know whom, or through what."""
    return needed(settings, *_NEEDS.get(settings.get("channel", ""), ()))


NODE = NodeType(
    name="notification",
    title={"zh": "发送通知", "en": "Notification"},
    help={
        "zh": "站内消息、邮件，或钉钉、企业微信、飞书群机器人。发出后立即往下走，送达结果另有记录。",
        "en": "In the application, by mail, or by a DingTalk, WeCom or Feishu group robot."
        " The flow goes on at once; what became of the message is recorded.",
    },
    group="people",
    icon="notification",
    settings=form(
        ["channel", "title", "text"],
        channel=setting(
            ("怎样通知", "Channel"),
            ("邮件和群机器人需要先建好连接。", "Mail and robots need a connection."),
            type="string",
            choices={
                "in_app": ("站内消息", "In the application"),
                "mail": ("邮件", "Mail"),
                "robot": ("群机器人", "Chat robot"),
            },
            default="in_app",
        ),
        to=assignees(
            ("通知谁", "To whom"),
            ("人、角色，或发起人。", "People, roles, or the one who started it."),
            when={"channel": ["in_app", "mail"]},
        ),
        connection=connection(
            ("连接", "Connection"),
            ("发信邮箱或群机器人。", "The mail account or the robot."),
            when={"channel": ["mail", "robot"]},
        ),
        title=template(
            ("标题", "Title"),
            ("可用 {{ 变量 }}。", "{{ variable }} is filled in."),
            minLength=1,
            maxLength=400,
        ),
        text=template(("内容", "Text"), ("可用 {{ 变量 }}。", "{{ variable }} is filled in.")),
    ),
    example={
        "channel": "in_app",
        "to": [{"kind": "initiator"}],
        "title": "订单 {{ order_no }} 已处理",
        "text": "金额 {{ amount }} 元。",
    },
    run=run,
    check=check,
    rows=frozenset(),
)
