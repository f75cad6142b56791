"""Ask one operation of an own connector now, saved or not, and show what was sent and what came back: without any secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from headrace.engine import jsontext
from headrace.engine.connector import TROUBLES, Outside, ParamWrong, Verdict, Wish
from headrace.engine.errors import AddressRefused, BodyTooLarge, Conflict, NotFound
from headrace.engine.flow.own import tokens
from headrace.engine.flow.own.made import made
from headrace.engine.node import ConnectionInfo, NotSent, OutcomeUnknown
from headrace.engine.service import own_connectors, own_tokens
from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace

TRIED_MAX = 4_000
"""Characters of a request or answer that are shown."""
OUTPUT_MAX = 200_000
TRIED_TIMEOUT_S = 20.0


def account_to_try(
    workspace: Workspace,
    actor: Actor,
    key: str | None,
    definition: Mapping[str, Any],
    settings: Mapping[str, Any],
    secrets: Mapping[str, str],
    send: own_tokens.Send,
) -> ConnectionInfo:
    """A connection as it is kept, or what was typed, which is kept nowhere. Raises `NotSent`, `OutcomeUnknown` for a token.

    Kept secrets go only where the saved connector sends them: a draft with another address would carry them to a stranger.
    """
    actor.require("connections:write")
    if key is not None:
        info = own_tokens.fresh(workspace, key, send)
        if not info.connector.startswith(own_connectors.PREFIX):
            raise Conflict(expected="a connection of a connector drawn here", found=info.connector)
        kept = own_connectors.detail(
            workspace, actor, info.connector.removeprefix(own_connectors.PREFIX)
        )["definition"]
        if _leads(kept) != _leads(definition):
            raise Conflict(
                expected="the addresses of the saved connector", found="others: save it first"
            )
        return info
    account = ConnectionInfo("trial", "trial", settings, secrets)
    oauth = made("trial", definition).oauth
    now_ms = workspace.clock.now_ms()
    if oauth is None or not tokens.needs_token(oauth, account, now_ms):
        return account
    told = tokens.told_token(send(tokens.asks_token(oauth, account)), now_ms)
    return ConnectionInfo("trial", "trial", settings, {**secrets, **told})


def _leads(definition: Mapping[str, Any]) -> tuple[Any, ...]:
    auth = definition.get("auth") or {}
    return definition.get("base_url"), auth.get("token_url"), auth.get("kind")


def attempt(
    account: ConnectionInfo,
    definition: Mapping[str, Any],
    operation: str,
    params: Mapping[str, Any],
    key: str,
    outside: Outside,
) -> dict[str, Any]:
    """Ask one operation now: what was sent, what came back, what that means. Secrets are shown as dots everywhere."""
    connector = made("trial", definition)
    found = next((one for one in connector.operations if one.name == operation), None)
    if found is None or found.build is None:
        raise NotFound(kind="operation", id=operation)
    now_ms = outside.now_ms()
    wish = Wish(params, key, now_ms, f"t{now_ms}{key}"[:32].lower())
    hide = _Hiding(account)
    answer: dict[str, Any] = {"sent": None, "received": None, "verdict": None, "trouble": None}
    try:
        request = found.build(account, wish)
        body = (request.body or b"").decode("utf-8", "replace")
        answer["sent"] = {
            "method": request.method,
            "url": hide(request.url),
            "headers": {name: hide(value) for name, value in request.headers.items()},
            "body": hide(body),
        }
        came = outside.http(
            request.method,
            request.url,
            headers=request.headers,
            body=request.body,
            timeout_s=TRIED_TIMEOUT_S,
        )
    except (NotSent, OutcomeUnknown, ParamWrong) as trouble:
        return {**answer, "trouble": hide(str(trouble))}
    except (AddressRefused, BodyTooLarge) as refused:
        reason = {"code": refused.code, "params": refused.params}
        return {**answer, "trouble": hide(refused.message), "reason": reason}
    answer["received"] = {
        "status": came.status,
        "headers": {name: hide(value) for name, value in came.headers.items()},
        "body": hide(came.body[: 4 * TRIED_MAX].decode("utf-8", "replace")),
        "bytes": len(came.body),
    }
    answer["verdict"] = _verdict(found.verdict(wish, came), hide)
    return answer


def _verdict(verdict: Verdict, hide: _Hiding) -> dict[str, Any]:
    if verdict.trouble is None:
        text = hide(jsontext.dumps(verdict.output), most=OUTPUT_MAX)
        try:
            output = jsontext.loads(text)
        except ValueError:
            output = text
        return {"ok": True, "output": output}
    meaning = TROUBLES[verdict.trouble]
    return {
        "ok": False,
        "trouble": verdict.trouble,
        "title": dict(meaning.title),
        "retryable": meaning.retryable,
        "code": hide(verdict.code),
        "message": hide(verdict.message),
    }


class _Hiding:
    """Puts dots for the secrets of an account, as they are and as they are sent."""

    def __init__(self, account: ConnectionInfo) -> None:
        self._shapes = shapes_of(account)

    def __call__(self, text: str, most: int = TRIED_MAX) -> str:
        for one in self._shapes:
            text = text.replace(one, "•••")
        return text[:most]


def shapes_of(account: ConnectionInfo) -> list[str]:
    """The ways a secret may stand in a text; the longest first."""
    secrets = [one for one in account.secrets.values() if len(one) >= 4]
    pairs = [f"{one}:{other}" for one in secrets for other in secrets if one != other]
    found = {*secrets, *(base64.b64encode(text.encode()).decode() for text in (*pairs, *secrets))}
    for _ in range(2):
        found |= {
            escaped
            for one in found
            for escaped in (
                json.dumps(one)[1:-1],
                json.dumps(one, ensure_ascii=False)[1:-1],
                quote(one, safe=""),
                quote_plus(one),
            )
        }
    return sorted(found, key=len, reverse=True)
