"""What the sweeper looks for: rows that should have been taken care of, found by an index each."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.store import tables as t

_LOCK = 0x53574550  # "SWEP": PostgreSQL's advisory lock, so that of many processes one sweeps


def try_lock(connection: Connection) -> bool:
    """Is it our turn? Until the end of this transaction nobody else sweeps. An SQLite file has one engine only."""
    if connection.dialect.name == "sqlite":
        return True
    mine = connection.execute(sa.text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK})
    return bool(mine.scalar_one())


def with_forgotten_wishes(connection: Connection, limit: int) -> list[str]:
    """Instances with a wish in the inbox that are not marked ready; what has come for a suspended one rests there rightly."""
    query = (
        sa.select(t.inbox.c.instance_id)
        .distinct()
        .outerjoin(t.ready, t.ready.c.instance_id == t.inbox.c.instance_id)
        .outerjoin(t.instances, t.instances.c.id == t.inbox.c.instance_id)
        .where(
            t.inbox.c.applied_rev.is_(None),
            t.ready.c.instance_id.is_(None),
            sa.func.coalesce(t.instances.c.status, "") != "suspended",
        )
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def most_overdue_timer(connection: Connection, before_ms: int) -> str | None:
    """The timer that was due before all others, if that was before this moment; those of suspended instances rest."""
    columns = t.timers.c
    query = sa.select(columns.id).where(
        columns.due_at < before_ms, columns.held_at.is_(None), columns.paused_at.is_(None)
    )
    found: str | None = connection.execute(query.order_by(columns.due_at).limit(1)).scalar()
    return found


def stuck_messages(connection: Connection, before_ms: int, limit: int) -> int:
    """How many messages of the outbox (at most `limit`) should have been sent before this moment."""
    queued = sa.select(t.outbox.c.id).where(
        t.outbox.c.status == "queued", t.outbox.c.available_at < before_ms
    )
    found = sa.select(sa.func.count()).select_from(queued.limit(limit).subquery())
    return int(connection.execute(found).scalar_one())


def open_instances(connection: Connection, status: str, after: str, limit: int) -> Sequence[str]:
    """The next instances of this status, by id."""
    columns = t.instances.c
    query = sa.select(columns.id).where(columns.status == status, columns.id > after)
    return connection.execute(query.order_by(columns.id).limit(limit)).scalars().all()
