"""Whose open tasks are to be looked at again; rows only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from headrace.engine.store import tables as t


def insert(connection: Connection, values: Mapping[str, Any]) -> None:
    """One more person."""
    connection.execute(t.handovers.insert().values(**values))


def waiting(connection: Connection, limit: int) -> Sequence[Row[Any]]:
    """Those not done yet, oldest first."""
    columns = t.handovers.c
    query = select(t.handovers).where(columns.done_at.is_(None)).order_by(columns.id).limit(limit)
    return connection.execute(query).all()


def update(connection: Connection, id_: int, values: Mapping[str, Any]) -> None:
    """How far it is."""
    connection.execute(t.handovers.update().where(t.handovers.c.id == id_).values(**values))
