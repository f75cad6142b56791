"""Who changed what: one row a change, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t


def insert(connection: Connection, values: Mapping[str, Any]) -> None:
    """One more entry."""
    connection.execute(sa.insert(t.audit).values(**values))


def listing(
    connection: Connection, *, action: str, subject: str, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Entries, newest first."""
    query = sa.select(t.audit).order_by(t.audit.c.id.desc()).limit(limit)
    if action:
        query = query.where(t.audit.c.action.startswith(action, autoescape=True))
    if subject:
        query = query.where(t.audit.c.subject == subject)
    if before is not None:
        query = query.where(t.audit.c.id < before)
    return connection.execute(query).all()
