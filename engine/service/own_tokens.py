"""OAuth tokens of connections at own connectors: got, kept encrypted, renewed before they end, and asked of a person once.

Several workers may need the same new token at the same moment, and a refresh token is often good for one use only: in a process
they take turns, and who finds a newer token in the store uses that.
"""

from __future__ import annotations

import secrets as dice
import threading
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from headrace.engine.connector import ParamWrong, Request
from headrace.engine.errors import Conflict, NotFound
from headrace.engine.flow.own import tokens
from headrace.engine.node import ConnectionInfo, HttpAnswer
from headrace.engine.service import audit, connections
from headrace.engine.service.actor import ENGINE, Actor
from headrace.engine.service.secrets import seal, unseal
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts

TIMEOUT_S = 10.0
AGREE_MS = 600_000
"""So long a person may take to agree."""

Send = Callable[[Request], HttpAnswer]
_turns: dict[str, threading.Lock] = {}
_turns_lock = threading.Lock()


def fresh(workspace: Workspace, key: str, send: Send) -> ConnectionInfo:
    """The connection with a token that is good for a while; as it is where none can be had."""
    info = connections.open_connection(workspace, key)
    if info.own is None or info.own.oauth is None:
        return info
    if not tokens.needs_token(info.own.oauth, info, workspace.clock.now_ms()):
        return info
    return renewed(workspace, info, send) or info


def renewed(workspace: Workspace, info: ConnectionInfo, send: Send) -> ConnectionInfo | None:
    """The connection with another token than `info` has; None: only a person can get one."""
    oauth = info.own.oauth if info.own is not None else None
    if oauth is None:
        return None
    with _turn(info.key):
        now = _again(workspace, info.key)
        if now.secrets.get("access_token") != info.secrets.get("access_token"):
            return now
        if not tokens.can_renew(oauth, now):
            return None
        try:
            told = tokens.told_token(send(tokens.asks_token(oauth, now)), workspace.clock.now_ms())
        except ParamWrong:
            later = _again(workspace, info.key)  # another process may have used the refresh token
            same = later.secrets.get("access_token") == now.secrets.get("access_token")
            return None if same else later
        keep(workspace, ENGINE, info.key, told)
        return _again(workspace, info.key)


def _turn(key: str) -> threading.Lock:
    with _turns_lock:
        return _turns.setdefault(key, threading.Lock())


def _again(workspace: Workspace, key: str) -> ConnectionInfo:
    workspace.accounts.pop(key, None)
    return connections.open_connection(workspace, key)


def keep(workspace: Workspace, actor: Actor, key: str, told: Mapping[str, str]) -> None:
    """Keep what an answer told, beside the secrets a person entered."""

    def write(connection: Connection) -> None:
        row = accounts.find(connection, key)
        if row is None:
            raise NotFound(kind="connection", id=key)
        kept = {**unseal(workspace, row.secrets), **told}
        accounts.update(connection, key, {"secrets": seal(workspace, kept)})
        if actor is not ENGINE:
            audit.note(connection, workspace, actor, "connections.authorize", key)

    workspace.writer.call(write)
    workspace.accounts.pop(key, None)


# --- a person agrees -----------------------------------------------------------------------------


def ask(workspace: Workspace, actor: Actor, key: str, back: str) -> dict[str, str]:
    """Where to send this person to agree; `back` is where the far side sends him after that."""
    actor.require("connections:write")
    info, oauth = _of(workspace, key)
    if oauth["grant"] != "code":
        raise Conflict(
            expected="a connector whose tokens a person allows", found="client credentials"
        )
    verifier = dice.token_urlsafe(48)
    told = {
        "key": key,
        "user": actor.user_id,
        "verifier": verifier,
        "back": back,
        "until": str(workspace.clock.now_ms() + AGREE_MS),
    }
    state = seal(workspace, told).decode()
    return {"url": tokens.asks_person(oauth, info, back=back, state=state, verifier=verifier)}


def agreed(workspace: Workspace, actor: Actor, state: str, code: str, send: Send) -> str:
    """The far side sent him back with a code: get the token, keep it; the key of the connection."""
    actor.require("connections:write")
    try:
        told: dict[str, Any] = unseal(workspace, state.encode("utf-8", "replace"))
    except (Conflict, ValueError):
        told = {}
    good = (
        told.get("user") == actor.user_id and int(told.get("until", 0)) >= workspace.clock.now_ms()
    )
    if not good or not code:
        raise Conflict(
            expected="an authorisation you began a moment ago", found="another one, or none"
        )
    info, oauth = _of(workspace, told["key"])
    request = tokens.asks_token(
        oauth, info, code=code, redirect_uri=told["back"], code_verifier=told["verifier"]
    )
    try:
        kept = tokens.told_token(send(request), workspace.clock.now_ms())
    except ParamWrong as wrong:
        raise Conflict(expected="a token for the code", found=str(wrong)) from None
    keep(workspace, actor, info.key, kept)
    key: str = info.key
    return key


def _of(workspace: Workspace, key: str) -> tuple[ConnectionInfo, Mapping[str, Any]]:
    info = connections.open_connection(workspace, key)
    oauth = info.own.oauth if info.own is not None else None
    if oauth is None:
        raise Conflict(expected="a connection that signs in by OAuth", found=info.connector)
    return info, oauth
