"""Answers kept for an `Idempotency-Key`: rows only, the rules are in `service/idempotency.py`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t


def find(connection: Connection, key: str) -> Row[Any] | None:
    """What is known about a key."""
    return connection.execute(
        sa.select(t.idempotency).where(t.idempotency.c.key == key)
    ).one_or_none()


def reserve(connection: Connection, key: str, request_sha256: str, now_ms: int) -> None:
    """Write down that the request is being done now (status 0)."""
    connection.execute(
        sa.insert(t.idempotency).values(
            key=key, request_sha256=request_sha256, status=0, answer="", created_at=now_ms
        )
    )


def done(connection: Connection, key: str) -> None:
    """Something of it is committed, in this very transaction (status 1); its answer is not known yet."""
    connection.execute(
        sa.update(t.idempotency)
        .where(t.idempotency.c.key == key, t.idempotency.c.status == 0)
        .values(status=1)
    )


def finish(connection: Connection, key: str, status: int, answer: str) -> None:
    """Keep the answer."""
    connection.execute(
        sa.update(t.idempotency)
        .where(t.idempotency.c.key == key)
        .values(status=status, answer=answer)
    )


def forget(connection: Connection, key: str) -> None:
    """The request failed: it may be tried again."""
    connection.execute(sa.delete(t.idempotency).where(t.idempotency.c.key == key))


def forget_undone(connection: Connection, key: str) -> None:
    """The request failed on our side: it may be tried again, unless something of it is committed."""
    connection.execute(
        sa.delete(t.idempotency).where(t.idempotency.c.key == key, t.idempotency.c.status == 0)
    )


def forget_before(connection: Connection, at_ms: int) -> None:
    """Throw away what nobody will ask for again."""
    connection.execute(sa.delete(t.idempotency).where(t.idempotency.c.created_at < at_ms))
