"""A mailbox to send from."""

from __future__ import annotations

from headrace.engine.connector import ConnectionInfo, Connector, Operation, Outside, Receipt
from headrace.nodes._fields import form, setting


def test(connection: ConnectionInfo, outside: Outside) -> Receipt:
    """Connect and sign in; nothing is sent."""
    return outside.greet_mail(connection)


CONNECTOR = Connector(
    name="smtp",
    title={"zh": "邮箱（SMTP）", "en": "Mail (SMTP)"},
    help={"zh": "用来发送邮件通知的邮箱。", "en": "The mailbox that sends notifications."},
    icon="mail",
    settings=form(
        ["host", "port", "security", "from"],
        **{
            "host": setting(
                ("服务器", "Server"),
                ("例如 smtp.example.com。", "Such as smtp.example.com."),
                type="string",
                minLength=1,
                maxLength=253,
                pattern="^[A-Za-z0-9.:_-]+$",
            ),
            "port": setting(
                ("端口", "Port"),
                (
                    "SSL 一般是 465,STARTTLS 一般是 587。",
                    "Usually 465 for SSL and 587 for STARTTLS.",
                ),
                type="integer",
                minimum=1,
                maximum=65535,
                default=465,
            ),
            "security": setting(
                ("加密", "Encryption"),
                (
                    "不加密只适合内网的测试服务器。",
                    "No encryption suits only a test server in your own network.",
                ),
                type="string",
                choices={
                    "ssl": ("SSL", "SSL"),
                    "starttls": ("STARTTLS", "STARTTLS"),
                    "none": ("不加密", "None"),
                },
                default="ssl",
            ),
            "from": setting(
                ("发件地址", "From address"),
                ("收件人看到的地址。", "The address people see."),
                type="string",
                pattern="^[^\\s@<>]+@[^\\s@<>]+$",
                maxLength=254,
            ),
            "from_name": setting(
                ("发件人名称", "From name"),
                ("收件人看到的名称，例如 订单中心。", "The name people see, such as Order desk."),
                type="string",
                maxLength=100,
            ),
        },
    ),
    secrets=form(
        username=setting(
            ("用户名", "User name"),
            (
                "多数邮箱是完整的邮箱地址；留空表示不登录。",
                "Mostly the whole address; empty: no sign-in.",
            ),
            type="string",
            maxLength=254,
        ),
        password=setting(
            ("密码", "Password"),
            ("不少邮箱要用单独的「授权码」。", "Many providers want an app password of its own."),
            type="string",
            maxLength=1000,
        ),
    ),
    example={
        "host": "smtp.example.com",
        "port": 465,
        "security": "ssl",
        "from": "orders@example.com",
    },
    example_secrets={"username": "orders@example.com", "password": "example-password"},
    operations=(
        # Sent again it has the same Message-ID.
        Operation("send", {"zh": "发邮件", "en": "Send"}, "keyed"),
    ),
    test=test,
)
