"""Send a message to a chat group. What counts is the body of the answer: these platforms say HTTP 200 to refusals too."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from headrace.engine.connector import Receipt
from headrace.engine.errors import AddressRefused, BodyTooLarge
from headrace.engine.node import ConnectionInfo, HttpAnswer, NotSent, OutcomeUnknown
from headrace.engine.work.guard import GuardedHttp

__all__ = ["Receipt", "send_robot"]

TIMEOUT_S = 10.0
ANSWER_SHOWN = 300
TEXT_MAX_BYTES = {"dingtalk": 16_000, "wecom": 2_048, "feishu": 16_000, "generic": 64_000}
"""What the platforms take (WeCom 2,048 bytes, the others about 20 kB with the wrapping)."""

_OPEN_ID = re.compile(r"(ou_[A-Za-z0-9]+|all)", re.ASCII)

LATER = frozenset({130101, 45009, 45011, 11232, 99991400, -1})
"""Codes that mean "too many, later": DingTalk, WeCom, Feishu, and "busy"."""


def send_robot(
    connection: ConnectionInfo,
    title: str,
    text: str,
    now_ms: int,
    http: GuardedHttp,
    mentioned: Sequence[str] = (),
) -> Receipt:
    """One message; the receipt holds the platform's own words. `mentioned`: mobile numbers or ids of that platform."""
    kind = connection.settings["kind"]
    url, headers, body = _request(kind, connection.secrets, title, text, now_ms, mentioned)
    try:
        answer = http.request("POST", url, headers=headers, body=body, timeout_s=TIMEOUT_S)
    except NotSent as trouble:
        return Receipt(False, _without(connection, str(trouble)), retryable=True)
    except OutcomeUnknown as trouble:  # a message twice is better than an alarm nobody hears
        return Receipt(False, _without(connection, str(trouble)), retryable=True)
    except (AddressRefused, BodyTooLarge) as trouble:
        return Receipt(False, trouble.message)
    return _judge(kind, answer)


def _request(
    kind: str,
    secrets: Mapping[str, str],
    title: str,
    text: str,
    now_ms: int,
    mentioned: Sequence[str],
) -> tuple[str, dict[str, str], bytes]:
    url, secret = secrets["url"], secrets.get("secret", "")
    content = _cut(f"{title}\n{text}" if text else title, TEXT_MAX_BYTES[kind])
    headers = {"content-type": "application/json; charset=utf-8", "user-agent": "Headrace"}
    numbers = [one for one in mentioned if one.isascii() and one.isdigit()]
    ids = [one for one in mentioned if one not in numbers]
    message: dict[str, Any]
    match kind:
        case "dingtalk":
            message = {"msgtype": "text", "text": {"content": content}}
            if mentioned:
                message["at"] = {"atMobiles": numbers, "atUserIds": ids}
            if secret:
                url += ("&" if "?" in url else "?") + urlencode(dingtalk_signature(secret, now_ms))
        case "wecom":
            message = {"msgtype": "text", "text": {"content": content}}
            if mentioned:
                message["text"] |= {"mentioned_list": ids, "mentioned_mobile_list": numbers}
        case "feishu":
            # A robot of a group knows people by open id only; numbers would be shown as they are.
            tags = "".join(f' <at user_id="{one}"></at>' for one in ids if _OPEN_ID.fullmatch(one))
            message = {"msg_type": "text", "content": {"text": content + tags}}
            if secret:
                message |= feishu_signature(secret, now_ms)
        case _:
            message = {"title": title, "text": _cut(text, TEXT_MAX_BYTES[kind]), "sent_at": now_ms}
    body = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
    if kind == "generic" and secret:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers["x-headrace-signature"] = f"sha256={digest}"
    return url, headers, body


def dingtalk_signature(secret: str, now_ms: int) -> dict[str, str]:
    """HMAC-SHA256 with the secret as key over `milliseconds\\nsecret`."""
    text = f"{now_ms}\n{secret}".encode()
    digest = hmac.new(secret.encode(), text, hashlib.sha256).digest()
    return {"timestamp": str(now_ms), "sign": base64.b64encode(digest).decode()}


def feishu_signature(secret: str, now_ms: int) -> dict[str, str]:
    """HMAC-SHA256 with `seconds\\nsecret` as key over nothing."""
    seconds = str(now_ms // 1000)
    digest = hmac.new(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return {"timestamp": seconds, "sign": base64.b64encode(digest).decode()}


def _judge(kind: str, answer: HttpAnswer) -> Receipt:
    said = f"HTTP {answer.status} {answer.body[:ANSWER_SHOWN].decode('utf-8', 'replace')}".strip()
    if not 200 <= answer.status < 300:
        return Receipt(False, said, answer.status >= 500 or answer.status in (408, 429))
    code = _code(answer.body)
    if code == 0 or (code is None and kind == "generic"):
        return Receipt(True, said)
    return Receipt(False, said, code in LATER)


def _code(body: bytes) -> int | None:
    """`errcode` (DingTalk, WeCom), `code` or `StatusCode` (Feishu); None where the answer names none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    codes = [
        value[name]
        for name in ("errcode", "code", "StatusCode")
        if isinstance(value.get(name), int)
    ]
    return next((code for code in codes if code), 0) if codes else None


def _cut(text: str, limit: int) -> str:
    """At most so many bytes, never half a character."""
    encoded = text.encode("utf-8", "replace")
    return text if len(encoded) <= limit else encoded[: limit - 3].decode("utf-8", "ignore") + "…"


def _without(connection: ConnectionInfo, text: str) -> str:
    """The address holds the robot's key: only its host may be shown."""
    for secret in connection.secrets.values():
        text = text.replace(secret, "•••") if secret else text
    return text[:ANSWER_SHOWN]
