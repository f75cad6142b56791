"""Credentials of an own connector, put into a request: keys, tokens, and signatures by a recipe."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote, urlsplit

from headrace.engine.connector import ConnectionInfo, ParamWrong, Request, Wish
from headrace.engine.flow.own.shape import JOINS

CHINA = timezone(timedelta(hours=8))
_DIGESTS = {
    "sha1": hashlib.sha1,
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
    "md5": hashlib.md5,
}


@dataclass(slots=True)
class Draft:
    """A request before it has its credentials."""

    method: str
    base: str
    path: str
    """Quoted, begins with a slash."""
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None

    @property
    def address(self) -> str:
        """The whole address without its query."""
        return self.base.rstrip("/") + self.path

    @property
    def url(self) -> str:
        """The whole address."""
        return self.address + (f"?{encoded(self.query)}" if self.query else "")


def encoded(query: list[tuple[str, str]]) -> str:
    """`a=1&b=2`, by RFC 3986."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)


def sealed(auth: Mapping[str, Any], draft: Draft, account: ConnectionInfo, wish: Wish) -> Request:
    """The request with its credentials. Raises `ParamWrong` where one is missing."""
    match auth["kind"]:
        case "basic":
            pair = f"{_secret(account, 'username')}:{_secret(account, 'password')}"
            draft.headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        case "bearer":
            draft.headers["authorization"] = f"Bearer {_secret(account, 'token')}"
        case "oauth2":
            draft.headers["authorization"] = f"Bearer {_secret(account, 'access_token')}"
        case "key":
            _put(
                draft,
                auth["place"],
                auth["name"],
                auth.get("prefix", "") + _secret(account, "token"),
            )
        case "hmac":
            _sign(auth, draft, account, wish)
        case _:
            pass
    return Request(draft.method, draft.url, draft.headers, draft.body)


def _put(draft: Draft, place: str, name: str, value: str) -> None:
    if place == "query":
        draft.query.append((name, value))
    else:
        draft.headers[name.lower()] = value


def _secret(account: ConnectionInfo, name: str) -> str:
    value = account.secrets.get(name, "")
    if not value:
        raise ParamWrong(f"Expected the connection's {name} to be set, but it is empty.")
    return value


def _sign(auth: Mapping[str, Any], draft: Draft, account: ConnectionInfo, wish: Wish) -> None:
    """Key, time and nonce first, since what they are sent as may be signed with the rest."""
    given = {
        "key": str(account.settings.get("app_key", "")),
        "time": moment(wish.now_ms, auth["time_unit"]),
        "nonce": wish.nonce,
        "secret": _secret(account, "secret"),
    }
    for what in ("key", "time", "nonce"):
        if name := auth.get(f"{what}_name"):
            _put(draft, auth[f"{what}_place"], name, given[what])
    text = to_sign(auth, draft, given)
    signature = digest(auth["algorithm"], given["secret"], text, auth["encoding"])
    _put(draft, auth["place"], auth["name"], auth.get("prefix", "") + signature)


def moment(now_ms: int, unit: str) -> str:
    """The time stamp as the far side reads it."""
    match unit:
        case "ms":
            return str(now_ms)
        case "iso":
            return datetime.fromtimestamp(now_ms // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case "china":
            return datetime.fromtimestamp(now_ms // 1_000, CHINA).strftime("%Y-%m-%d %H:%M:%S")
        case _:
            return str(now_ms // 1_000)


def to_sign(auth: Mapping[str, Any], draft: Draft, given: Mapping[str, str]) -> bytes:
    """What is signed, in the order of the recipe. The body goes in as the bytes that are sent."""
    between = JOINS[auth["join"]].encode()
    return between.join(_part(part, draft, given) for part in auth.get("parts", ()))


def _part(part: Mapping[str, Any], draft: Draft, given: Mapping[str, str]) -> bytes:
    body = draft.body or b""
    ordered = sorted(draft.query)
    match part["kind"]:
        case "method":
            return draft.method.encode()
        case "path":
            return urlsplit(draft.address).path.encode()
        case "path_query":
            path = urlsplit(draft.address).path
            return (f"{path}?{encoded(draft.query)}" if draft.query else path).encode()
        case "query":
            return "&".join(f"{name}={value}" for name, value in ordered).encode()
        case "query_plain":
            return "".join(f"{name}{value}" for name, value in ordered).encode()
        case "body":
            return body
        case "body_sha256":
            return hashlib.sha256(body).hexdigest().encode()
        case "body_md5":  # the far side's choice, not ours
            return hashlib.md5(body, usedforsecurity=False).hexdigest().encode()
        case "text":
            return str(part.get("text", "")).encode()
        case kind:
            return given[kind].encode()


def digest(algorithm: str, secret: str, text: bytes, encoding: str) -> str:
    """The signature as a text."""
    if algorithm.startswith("hmac-"):
        made = hmac.new(secret.encode(), text, _DIGESTS[algorithm.removeprefix("hmac-")]).digest()
    else:
        made = _DIGESTS[algorithm](text, usedforsecurity=False).digest()
    if encoding == "base64":
        return base64.b64encode(made).decode()
    return made.hex().upper() if encoding == "hex_upper" else made.hex()
