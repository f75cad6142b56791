"""Browser sessions and API tokens: rows only. Both are found by the sha256 of what the caller shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t


def find_session(connection: Connection, session_id: str, now_ms: int) -> Row[Any] | None:
    """The session, unless it has expired."""
    query = sa.select(t.sessions).where(
        t.sessions.c.id == session_id, t.sessions.c.expires_at > now_ms
    )
    return connection.execute(query).one_or_none()


def insert_session(connection: Connection, values: Mapping[str, Any]) -> None:
    """One more session."""
    connection.execute(sa.insert(t.sessions).values(**values))


def extend_session(connection: Connection, session_id: str, expires_at: int) -> None:
    """Let a session live longer."""
    connection.execute(
        sa.update(t.sessions).where(t.sessions.c.id == session_id).values(expires_at=expires_at)
    )


def delete_session(connection: Connection, session_id: str) -> None:
    """Sign out."""
    connection.execute(sa.delete(t.sessions).where(t.sessions.c.id == session_id))


def delete_sessions_of(connection: Connection, user_id: str, *, but: str = "") -> None:
    """Sign a user out everywhere, except in the session `but`."""
    connection.execute(
        sa.delete(t.sessions).where(t.sessions.c.user_id == user_id, t.sessions.c.id != but)
    )


def delete_expired_sessions(connection: Connection, now_ms: int) -> None:
    """Throw away what signs nobody in any more."""
    connection.execute(sa.delete(t.sessions).where(t.sessions.c.expires_at <= now_ms))


def find_token(connection: Connection, sha256: str) -> Row[Any] | None:
    """The token that is not revoked; whether it has expired is for the caller to see."""
    query = sa.select(t.api_tokens).where(
        t.api_tokens.c.sha256 == sha256, t.api_tokens.c.revoked_at.is_(None)
    )
    return connection.execute(query).one_or_none()


def tokens(connection: Connection, *, before: str | None, limit: int) -> Sequence[Row[Any]]:
    """Tokens that are not revoked, newest first."""
    query = sa.select(t.api_tokens).where(t.api_tokens.c.revoked_at.is_(None))
    if before is not None:
        query = query.where(t.api_tokens.c.id < before)
    return connection.execute(query.order_by(t.api_tokens.c.id.desc()).limit(limit)).all()


def insert_token(connection: Connection, values: Mapping[str, Any]) -> None:
    """One more token."""
    connection.execute(sa.insert(t.api_tokens).values(**values))


def revoke_token(connection: Connection, token_id: str, now_ms: int) -> bool:
    """Make a token worthless; False when there is none by that id (any more)."""
    changed = connection.execute(
        sa.update(t.api_tokens)
        .where(t.api_tokens.c.id == token_id, t.api_tokens.c.revoked_at.is_(None))
        .values(revoked_at=now_ms)
    )
    return changed.rowcount == 1


def touch_token(connection: Connection, token_id: str, now_ms: int) -> None:
    """Remember when a token was last used."""
    connection.execute(
        sa.update(t.api_tokens).where(t.api_tokens.c.id == token_id).values(last_used_at=now_ms)
    )
