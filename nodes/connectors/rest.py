"""Any system that speaks HTTP and JSON: base address, credentials, and how a request to it is put together."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus, urlencode, urlsplit

from headrace.engine.connector import ConnectionInfo, Connector, Operation, Outside, Receipt
from headrace.engine.errors import AddressRefused
from headrace.engine.node import NotSent, OutcomeUnknown
from headrace.nodes._fields import Problems, form, pairs, setting

TRIAL_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Request:
    """A request of this account, credentials included."""

    url: str
    headers: Mapping[str, str]


def compose(
    connection: ConnectionInfo,
    path: str,
    query: Iterable[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Request:
    """Base address + path + query; the node's headers over the account's own, credentials over both."""
    settings, secrets = connection.settings, connection.secrets
    parameters = list(query)
    merged = {"accept": "application/json", "user-agent": "Headrace"}
    merged.update((row["name"].lower(), row["value"]) for row in settings.get("headers", ()))
    merged.update((name.lower(), value) for name, value in (headers or {}).items())
    match settings["auth"]:
        case "bearer":
            merged["authorization"] = f"Bearer {secrets.get('token', '')}"
        case "basic":
            pair = f"{secrets.get('username', '')}:{secrets.get('password', '')}"
            merged["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        case "header":
            merged[settings["key_name"].lower()] = secrets.get("token", "")
        case "query":
            parameters.append((settings["key_name"], secrets.get("token", "")))
        case _:
            pass
    url = settings["base_url"].rstrip("/") + "/" + path.lstrip("/")
    if parameters:
        url += ("&" if "?" in url else "?") + urlencode(parameters, quote_via=quote)
    return Request(url, merged)


def masked(connection: ConnectionInfo, text: str) -> str:
    """The text without the account's secrets, should the far side repeat them, whole or as they were sent."""
    secrets = [secret for secret in connection.secrets.values() if len(secret) >= 4]
    pairs = [f"{one}:{other}" for one in secrets for other in secrets if one != other]
    shapes = {*secrets, *(base64.b64encode(text.encode()).decode() for text in (*pairs, *secrets))}
    for _ in range(ESCAPED_MAX):
        shapes |= {escaped(shape) for shape in shapes for escaped in _ESCAPED}
    for shape in sorted(shapes, key=len, reverse=True):
        text = text.replace(shape, "•••")
    return text


ESCAPED_MAX = 2
"""JSON inside JSON, or inside an address: deeper nobody repeats it."""

_ESCAPED: tuple[Callable[[str], str], ...] = (
    lambda shape: json.dumps(shape)[1:-1],
    lambda shape: json.dumps(shape, ensure_ascii=False)[1:-1],
    lambda shape: quote(shape, safe=""),
    quote_plus,
)


def test(connection: ConnectionInfo, outside: Outside) -> Receipt:
    """Ask for the trial path; any answer that is no refusal of the credentials will do."""
    request = compose(connection, connection.settings.get("test_path", "/"))
    try:
        answer = outside.http(
            "GET", request.url, headers=request.headers, body=None, timeout_s=TRIAL_TIMEOUT_S
        )
    except (NotSent, OutcomeUnknown, AddressRefused) as trouble:
        return Receipt(False, masked(connection, str(trouble)))
    return Receipt(answer.status < 400, f"HTTP {answer.status}")


def check(settings: Mapping[str, Any]) -> Problems:
    """A base address with a host, and the name of the key where one is sent."""
    problems: Problems = []
    try:
        parts = urlsplit(settings.get("base_url", ""))
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query
    except ValueError:
        good = False
    if not good:
        found = settings.get("base_url")
        problems.append(
            ("/base_url", "setting_wrong", {"expected": "https://host/path", "found": found})
        )
    if settings.get("auth") in ("header", "query") and not settings.get("key_name"):
        problems.append(("/key_name", "setting_missing", {"setting": "key_name"}))
    return problems


def _secret(zh: str, en: str, hint_zh: str, hint_en: str) -> dict[str, Any]:
    return setting((zh, en), (hint_zh, hint_en), type="string", maxLength=4000)


CONNECTOR = Connector(
    name="rest",
    title={"zh": "HTTP 接口", "en": "HTTP API"},
    help={
        "zh": "任何提供 HTTP + JSON 接口的系统，例如仓库、支付、ERP。",
        "en": "Any system with an HTTP and JSON interface, such as a warehouse, payments or an ERP.",
    },
    icon="cloud-server",
    settings=form(
        ["base_url", "auth"],
        base_url=setting(
            ("基础网址", "Base address"),
            (
                "所有请求都在这个网址之下，例如 https://wms.example.com/api。",
                "All requests go below it, such as https://wms.example.com/api.",
            ),
            type="string",
            format="uri",
            pattern="^https?://[^\\s?#]+$",
            maxLength=500,
        ),
        auth=setting(
            ("身份验证", "Credentials"),
            ("对方要求怎样证明身份。", "How the far side wants to know us."),
            type="string",
            choices={
                "none": ("不需要", "None"),
                "bearer": ("Bearer 令牌", "Bearer token"),
                "basic": ("用户名和密码", "User name and password"),
                "header": ("放在请求头", "In a header"),
                "query": ("放在网址参数", "In the address"),
            },
            default="bearer",
        ),
        key_name=setting(
            ("参数名", "Name of the key"),
            (
                "请求头或网址参数的名称，例如 X-Api-Key。",
                "The header's or parameter's name, such as X-Api-Key.",
            ),
            type="string",
            pattern="^[A-Za-z0-9_.-]{1,100}$",
            when={"auth": ["header", "query"]},
        ),
        headers=pairs(
            ("固定请求头", "Headers"),
            ("每个请求都带上；不要在这里放密钥。", "Sent with every request; no secrets here."),
            values="template",
            names="^[A-Za-z0-9-]{1,100}$",
            advanced=True,
        ),
        test_path=setting(
            ("测试路径", "Path to try"),
            ("点「测试」时请求的路径。", "What “Test” asks for."),
            type="string",
            maxLength=500,
            default="/",
            advanced=True,
        ),
    ),
    secrets=form(
        token=_secret(
            "令牌",
            "Token",
            "Bearer 令牌、请求头或网址参数的值。",
            "The bearer token, or the value of the header or parameter.",
        ),
        username=_secret(
            "用户名", "User name", "用户名和密码方式使用。", "For user name and password."
        ),
        password=_secret(
            "密码", "Password", "用户名和密码方式使用。", "For user name and password."
        ),
    ),
    example={"base_url": "https://wms.example.com/api", "auth": "bearer"},
    operations=(
        Operation("read", {"zh": "查询", "en": "Read"}, "pure"),
        Operation("write", {"zh": "提交", "en": "Write"}, "keyed"),
    ),
    example_secrets={"token": "example-token"},
    test=test,
    check=check,
)
