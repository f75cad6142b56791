"""Another system that calls us: how its calls prove where they come from."""

from __future__ import annotations

import base64
import hashlib
import hmac

from headrace.engine.connector import ConnectionInfo, Connector, Incoming
from headrace.nodes._fields import form, setting


def verify(connection: ConnectionInfo, auth: str, incoming: Incoming) -> bool:
    """Compare in constant time; a connection without a secret refuses everything."""
    secret = connection.secrets.get("secret", "")
    match auth:
        case "token":
            return bool(secret) and _same(_given_token(connection, incoming), secret)
        case "hmac":
            header, expected = _signature(connection, secret, incoming.body)
            return bool(secret) and _same(incoming.headers.get(header, ""), expected)
        case _:
            return False


def _same(found: str, expected: str) -> bool:
    """What came may hold anything, also halves of characters."""
    return hmac.compare_digest(found.encode("utf-8", "backslashreplace"), expected.encode())


def _given_token(connection: ConnectionInfo, incoming: Incoming) -> str:
    name = connection.settings.get("token_name", "X-Webhook-Token")
    bearer = incoming.headers.get("authorization", "")
    if bearer.startswith("Bearer "):
        return bearer.removeprefix("Bearer ")
    return incoming.headers.get(name.lower(), "") or incoming.query.get(name, "")


def _signature(connection: ConnectionInfo, secret: str, body: bytes) -> tuple[str, str]:
    """Where this platform puts its signature, and what it must be."""
    settings = connection.settings
    digest = hmac.new(secret.encode(), body, hashlib.sha256)
    match settings.get("platform", "other"):
        case "shopify":
            return "x-shopify-hmac-sha256", base64.b64encode(digest.digest()).decode()
        case "woocommerce":
            return "x-wc-webhook-signature", base64.b64encode(digest.digest()).decode()
        case "doudian":  # the platform's own rule; MD5 is its choice, not ours
            wrapped = settings.get("app_key", "").encode() + body + secret.encode()
            return "event-sign", hashlib.md5(wrapped, usedforsecurity=False).hexdigest()
        case _:
            header = settings.get("header", "X-Signature").lower()
            in_base64 = settings.get("encoding") == "base64"
            value = base64.b64encode(digest.digest()).decode() if in_base64 else digest.hexdigest()
            return header, settings.get("prefix", "") + value


OTHER = {"platform": ["other"]}

CONNECTOR = Connector(
    name="webhook",
    title={"zh": "外部推送", "en": "Incoming call"},
    help={
        "zh": "店铺或其他系统推送数据时，用来确认来源的口令或签名密钥。",
        "en": "The token or secret by which calls of a shop or another system are known.",
    },
    icon="api",
    settings=form(
        ["platform"],
        platform=setting(
            ("平台", "Platform"),
            (
                "决定签名的算法和位置。",
                "Decides how calls are signed, and where the signature stands.",
            ),
            type="string",
            choices={
                "shopify": ("Shopify", "Shopify"),
                "woocommerce": ("WooCommerce", "WooCommerce"),
                "doudian": ("抖店", "Doudian"),
                "other": ("其他", "Other"),
            },
            default="other",
        ),
        app_key=setting(
            ("应用 Key", "App key"),
            (
                "抖店应用的 app_key，签名要用。",
                "The Doudian app's app_key; it is part of the signature.",
            ),
            type="string",
            maxLength=200,
            when={"platform": ["doudian"]},
        ),
        header=setting(
            ("签名请求头", "Signature header"),
            ("签名放在哪个请求头。", "Which header holds the signature."),
            type="string",
            pattern="^[A-Za-z0-9-]{1,100}$",
            default="X-Signature",
            when=OTHER,
        ),
        encoding=setting(
            ("签名写法", "Signature form"),
            ("HMAC-SHA256 的结果怎样写成文字。", "How the HMAC-SHA256 is written."),
            type="string",
            choices={"hex": ("十六进制", "Hexadecimal"), "base64": ("Base64", "Base64")},
            default="hex",
            when=OTHER,
        ),
        prefix=setting(
            ("签名前缀", "Signature prefix"),
            ("有的系统在前面加 sha256=。", "Some put sha256= before it."),
            type="string",
            maxLength=20,
            when=OTHER,
            advanced=True,
        ),
        token_name=setting(
            ("口令名称", "Name of the token"),
            (
                "口令放在哪个请求头或网址参数；Authorization: Bearer 总是可以。",
                "The header or parameter that holds the token; Authorization: Bearer always works.",
            ),
            type="string",
            pattern="^[A-Za-z0-9_-]{1,100}$",
            default="X-Webhook-Token",
            advanced=True,
        ),
    ),
    secrets=form(
        ["secret"],
        secret=setting(
            ("密钥或口令", "Secret or token"),
            (
                "签名时：平台给出的密钥。口令时：自己定一个足够长的随机文字，告诉对方。",
                "For signatures: the secret the platform gave. For a token: a long random text of your own;"
                " tell it to the caller.",
            ),
            type="string",
            minLength=8,
            maxLength=1000,
        ),
    ),
    example={"platform": "shopify"},
    example_secrets={"secret": "example-secret"},
    verify=verify,
)
