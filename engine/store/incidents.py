"""Incidents, for screens; advances write them through `project.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t


def page(
    connection: Connection,
    status: Literal["open", "resolved", "all"],
    *,
    before: tuple[int, str] | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Newest first; `before` is (raised at, id) of the last one seen."""
    columns = t.incidents.c
    query = sa.select(t.incidents).order_by(columns.raised_at.desc(), columns.id.desc())
    if status == "open":
        query = query.where(columns.resolved_at.is_(None))
    elif status == "resolved":
        query = query.where(columns.resolved_at.is_not(None))
    if before:
        seen = sa.tuple_(sa.literal(before[0]), sa.literal(before[1]))
        query = query.where(sa.tuple_(columns.raised_at, columns.id) < seen)
    return connection.execute(query.limit(limit)).all()


def find(connection: Connection, id_: str) -> Row[Any] | None:
    """One incident."""
    return connection.execute(sa.select(t.incidents).where(t.incidents.c.id == id_)).one_or_none()


def set_aside(connection: Connection, instance_id: str) -> Row[Any] | None:
    """The open incident of an instance that cannot be advanced at all."""
    columns = t.incidents.c
    query = sa.select(t.incidents).where(
        columns.instance_id == instance_id,
        columns.code == "engine_failed",
        columns.step == 0,
        columns.resolved_at.is_(None),
    )
    return connection.execute(query.limit(1)).one_or_none()


def set_message(connection: Connection, id_: str, message: str) -> None:
    """Something else is wrong now."""
    connection.execute(t.incidents.update().where(t.incidents.c.id == id_).values(message=message))


def of_instance(connection: Connection, instance_id: str) -> Sequence[Row[Any]]:
    """All of one instance, oldest first."""
    columns = t.incidents.c
    query = sa.select(t.incidents).where(columns.instance_id == instance_id)
    return connection.execute(query.order_by(columns.raised_at)).all()
