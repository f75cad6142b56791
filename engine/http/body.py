"""Reading a body: how big, what kind, is it JSON, how deep. A body too large is refused before it is read."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import orjson
from flask import Request
from werkzeug.exceptions import ClientDisconnected

from headrace.engine.errors import BodyTooLarge, NotJson, TooDeep, WrongContentType
from headrace.engine.settings import JSON_DEPTH_MAX

JSON_TYPE = "application/json"
_TOO_DEEP = re.compile("depth|recursion", re.IGNORECASE)
"""How orjson says that it met more than its own 1,024 levels; older versions spoke of recursion."""


def check_length(request: Request, limit: int) -> None:
    """Refuse by what the headers say, before a byte is read."""
    length = request.content_length
    if length is not None and length > limit:
        raise BodyTooLarge(limit=limit, found=length)


def read_bytes(request: Request, limit: int) -> bytes:
    """The body; a body without a length is read only as far as the limit."""
    check_length(request, limit)
    try:
        data: bytes = request.stream.read(limit + 1)
    except (OSError, ClientDisconnected):
        raise NotJson(reason="the body ended too early") from None
    if len(data) > limit:
        raise BodyTooLarge(limit=limit, found=f"more than {limit}")
    return data


def read_json(request: Request, limit: int) -> tuple[Any, bytes]:
    """The JSON value of a body, and its bytes; None for an empty one."""
    data = read_bytes(request, limit)
    if not data:
        return None, data
    check_json_type(request)
    return parse(data), data


def check_json_type(request: Request) -> None:
    """Refuse a body that does not say that it is JSON."""
    if not is_json(request.mimetype):
        raise WrongContentType(expected=JSON_TYPE, found=request.mimetype or "none")


def is_json(mimetype: str) -> bool:
    """`application/json` and `application/…+json`."""
    return mimetype == JSON_TYPE or (
        mimetype.startswith("application/") and mimetype.endswith("+json")
    )


def parse(data: bytes) -> Any:
    """Strict JSON: no NaN, no U+0000 (databases refuse it in texts), not nested deeper than `JSON_DEPTH_MAX`."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if _TOO_DEEP.search(str(error)):
            raise TooDeep(limit=JSON_DEPTH_MAX) from None
        raise NotJson(reason=str(error)) from None
    # As many brackets as levels are needed for depth: most bodies are done after counting.
    if data.count(b"[") + data.count(b"{") > JSON_DEPTH_MAX and _deeper(value, JSON_DEPTH_MAX):
        raise TooDeep(limit=JSON_DEPTH_MAX)
    if b"\\u0000" in data and _holds_nul(value):
        raise NotJson(reason="a text holds the character U+0000")
    return value


def _deeper(value: Any, limit: int) -> bool:
    level: Collection[Any] = [value]
    for _ in range(limit):
        level = [
            below
            for item in level
            if isinstance(item, dict | list)
            for below in (item.values() if isinstance(item, dict) else item)
            if isinstance(below, dict | list)
        ]
        if not level:
            return False
    return True


def _holds_nul(value: Any) -> bool:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "\0" in item:
                return True
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False
