"""A robot in a chat group: DingTalk, WeCom, Feishu, or any address that takes a JSON message."""

from __future__ import annotations

from headrace.engine.connector import (
    ConnectionInfo,
    Connector,
    Operation,
    Outside,
    Rate,
    Receipt,
)
from headrace.nodes._fields import form, setting


def test(connection: ConnectionInfo, outside: Outside) -> Receipt:
    """Send one message to the group: nothing else shows whether the robot may speak."""
    return outside.send_robot(connection, "Headrace", "连接测试成功。 This connection works.")


CONNECTOR = Connector(
    name="robot",
    title={"zh": "群机器人", "en": "Chat robot"},
    help={
        "zh": "钉钉、企业微信或飞书群里的自定义机器人。点「测试」会在群里发一条消息。",
        "en": "A custom robot in a DingTalk, WeCom or Feishu group. “Test” sends one message to the group.",
    },
    icon="robot",
    settings=form(
        ["kind"],
        kind=setting(
            ("平台", "Platform"),
            ("机器人在哪个平台。", "Where the robot lives."),
            type="string",
            choices={
                "dingtalk": ("钉钉", "DingTalk"),
                "wecom": ("企业微信", "WeCom"),
                "feishu": ("飞书", "Feishu"),
                "generic": ("其他（接收 JSON）", "Other (takes JSON)"),
            },
            default="dingtalk",
        ),
    ),
    secrets=form(
        ["url"],
        url=setting(
            ("机器人网址", "Robot address"),
            (
                "平台给出的 Webhook 网址，里面含有密钥，因此加密保存。",
                "The address the platform gave; it holds a key, so it is kept encrypted.",
            ),
            type="string",
            pattern="^https?://[^\\s]+$",
            maxLength=1000,
        ),
        secret=setting(
            ("加签密钥", "Signing secret"),
            (
                "钉钉、飞书的安全设置选「加签」时填写。",
                "For DingTalk and Feishu when “signature” is chosen there.",
            ),
            type="string",
            maxLength=1000,
        ),
    ),
    example={"kind": "dingtalk"},
    operations=(
        # Said twice does no harm. DingTalk and WeCom take 20 messages a minute of one robot, Feishu 100 and 5 a second.
        Operation(
            "send",
            {"zh": "发消息", "en": "Send"},
            "pure",
            Rate(15, 60, 5),
            rates={"feishu": Rate(95, 60, 4)},
        ),
    ),
    example_secrets={
        "url": "https://oapi.dingtalk.com/robot/send?access_token=example",
        "secret": "SECexample",
    },
    test=test,
)
