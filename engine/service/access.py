"""Who is asking: sign-in with a password, browser sessions, API tokens; each leads to an `Actor`.

A session and a token are found by the sha256 of what the caller shows, so that a leaked backup signs nobody in. Who may do what
is read from the directory at every request: a role taken away, or a user deactivated, counts at once.

A token that was looked up a moment ago is not looked up again (`TOKEN_CACHED_S`). Revoking one in this process counts at once;
another process on the same PostgreSQL hears of it after that time at the latest.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Row

from headrace.engine.errors import Forbidden, NotSignedIn, WrongPassword
from headrace.engine.people.directory import Directory
from headrace.engine.service import audit
from headrace.engine.service.actor import Actor, permissions_of
from headrace.engine.service.passwords import check_new, fits, hash_password
from headrace.engine.service.throttle import Throttle
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import signins, users
from headrace.engine.store.writer import Writer

SESSION_S = 12 * 3_600
"""A session ends this long after it was last used."""

SESSION_EXTENDED_EVERY_S = 600
"""A session in use is written this often, not at every request."""

TOKEN_PREFIX = "hr_"  # noqa: S105 - how a token begins, not a token
TOKEN_CACHED_S = 2
TOKENS_CACHED_MAX = 1_000
TOKEN_USE_NOTED_S = 60
"""`last_used_at` is this exact."""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser."""

    id: str
    actor: Actor
    csrf_token: str


@dataclass(slots=True)
class _Known:
    """What this process remembers between requests."""

    throttle: Throttle = field(default_factory=Throttle)
    tokens: dict[str, tuple[Row[Any], int]] = field(default_factory=dict)
    noted: dict[str, int] = field(default_factory=dict)
    actors: tuple[Directory | None, dict[str, Actor]] = field(default_factory=lambda: (None, {}))
    # belong together: swapped as one
    lock: threading.Lock = field(default_factory=threading.Lock)


# A workspace is a plain value; its one writer tells two of them apart.
_all_known: WeakKeyDictionary[Writer, _Known] = WeakKeyDictionary()


# --- browser sessions ------------------------------------------------------------------------------


def sign_in(workspace: Workspace, login: str, password: str, address: str) -> tuple[str, Session]:
    """A new session: what the browser keeps in its cookie, and the session."""
    now = workspace.clock.now_ms()
    throttle = _known(workspace).throttle
    throttle.trying(login, address, now)
    with workspace.read() as connection:
        row = users.find_by_login(connection, login)
        active = row if row is not None and row.active else None
    if not fits(active.password_hash if active else None, password):
        raise WrongPassword
    assert active is not None
    throttle.right(login, address)
    return _new_session(workspace, active.id, now)


def _new_session(workspace: Workspace, user_id: str, now: int) -> tuple[str, Session]:
    cookie, csrf_token = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    values = {
        "id": sha256(cookie),
        "user_id": user_id,
        "csrf_token": csrf_token,
        "created_at": now,
        "expires_at": now + SESSION_S * 1_000,
    }

    def write(connection: Connection) -> None:
        signins.delete_expired_sessions(connection, now)
        signins.insert_session(connection, values)

    workspace.writer.call(write)
    actor = _actor(workspace, user_id)
    return cookie, Session(str(values["id"]), actor, csrf_token)


def session(workspace: Workspace, cookie: str) -> Session:
    """The session of a cookie; raises `NotSignedIn`."""
    now = workspace.clock.now_ms()
    with workspace.read() as connection:
        row = signins.find_session(connection, sha256(cookie), now)
    if row is None:
        raise NotSignedIn
    actor = _actor(workspace, row.user_id)
    expires_at = now + SESSION_S * 1_000
    if expires_at - row.expires_at > SESSION_EXTENDED_EVERY_S * 1_000:
        workspace.writer.submit(lambda c: signins.extend_session(c, row.id, expires_at))
    return Session(row.id, actor, row.csrf_token)


def sign_out(workspace: Workspace, signed_in: Session) -> None:
    """End one session."""
    workspace.writer.call(lambda connection: signins.delete_session(connection, signed_in.id))


def change_password(workspace: Workspace, signed_in: Session, old: str, new: str) -> None:
    """Change the own password; all other sessions end."""
    user_id = signed_in.actor.user_id
    now = workspace.clock.now_ms()
    throttle = _known(workspace).throttle
    throttle.trying(user_id, "own password", now)
    check_new(new, "/password/new")
    with workspace.read() as connection:
        row = users.find(connection, user_id)
    if not fits(row.password_hash if row else None, old):
        raise WrongPassword
    throttle.right(user_id, "own password")
    password_hash = hash_password(new)

    def write(connection: Connection) -> None:
        users.update(connection, user_id, {"password_hash": password_hash})
        signins.delete_sessions_of(connection, user_id, but=signed_in.id)
        audit.note(connection, workspace, signed_in.actor, "users.password", user_id)

    workspace.writer.call(write)


def note_refused(
    workspace: Workspace, actor: Actor, what: str, address: str | None, refusal: Forbidden
) -> None:
    """Somebody known has asked for what they may not: who, what and from where stands in the audit (F2)."""
    workspace.writer.call(
        lambda connection: audit.note(
            connection, workspace, actor, "access.refused", what,
            permission=str(refusal.params.get("permission", "")), address=address or "",
            **({"token": actor.token} if actor.token else {}),
        )
    )  # fmt: skip


# --- API tokens ------------------------------------------------------------------------------------


def actor_of_token(workspace: Workspace, token: str) -> Actor:
    """Who the token stands for, cut down to its scopes; raises `NotSignedIn`."""
    now = workspace.clock.now_ms()
    if not token.startswith(TOKEN_PREFIX):
        raise NotSignedIn
    row = _token(workspace, sha256(token), now)
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        raise NotSignedIn
    actor = _actor(workspace, row.user_id)
    _note_use(workspace, row.id, now)
    permissions = actor.permissions & frozenset(row.scopes)
    return Actor(actor.user_id, actor.name, actor.roles, permissions, row.name)


def forget_tokens(workspace: Workspace) -> None:
    """A token was revoked: look all of them up again."""
    _known(workspace).tokens = {}  # a look-up in flight writes into the old one


def _token(workspace: Workspace, digest: str, now: int) -> Row[Any] | None:
    known = _known(workspace)
    tokens = known.tokens
    cached = tokens.get(digest)
    if cached is not None and 0 <= now - cached[1] < TOKEN_CACHED_S * 1_000:
        return cached[0]
    with workspace.read() as connection:
        row = signins.find_token(connection, digest)
    with known.lock:
        if len(tokens) >= TOKENS_CACHED_MAX:
            tokens.clear()
        if row is not None:
            tokens[digest] = (row, now)
        else:
            tokens.pop(digest, None)
    return row


def _note_use(workspace: Workspace, token_id: str, now: int) -> None:
    known = _known(workspace)
    if now - known.noted.get(token_id, -TOKEN_USE_NOTED_S * 1_000) < TOKEN_USE_NOTED_S * 1_000:
        return
    with known.lock:
        if len(known.noted) >= TOKENS_CACHED_MAX:
            known.noted.clear()
        known.noted[token_id] = now
    workspace.writer.submit(lambda connection: signins.touch_token(connection, token_id, now))


# --- both ------------------------------------------------------------------------------------------


def sha256(secret: str) -> str:
    """What is kept of a cookie or a token: both are long and random, so that a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _actor(workspace: Workspace, user_id: str) -> Actor:
    directory = workspace.kept_directory()
    known = _known(workspace)
    seen, actors = known.actors
    if seen is not directory:
        actors = {}
        known.actors = (directory, actors)
    actor = actors.get(user_id)
    if actor is None:
        actor = actors[user_id] = actor_of(directory, user_id)
    return actor


def actor_of(directory: Directory, user_id: str) -> Actor:
    """The actor a user is; raises `NotSignedIn` for one who is gone or deactivated."""
    person = directory.people.get(user_id)
    if person is None or not person.active:
        raise NotSignedIn
    roles = tuple(sorted(key for key, ids in directory.roles.items() if user_id in ids))
    return Actor(user_id, person.name, roles, permissions_of(roles))


def _known(workspace: Workspace) -> _Known:
    known = _all_known.get(workspace.writer)
    if known is None:
        known = _all_known.setdefault(workspace.writer, _Known())
    return known
