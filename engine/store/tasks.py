"""Tasks, votes and in-app messages, for screens; advances write them through `project.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t


def page(
    connection: Connection,
    user_id: str,
    box: Literal["todo", "done", "started"],
    *,
    search: str | None,
    before: str | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """One box of one person, newest first; read along the index on (user, status, task)."""
    tasks, actors = t.tasks.c, t.task_actors.c
    query = sa.select(t.tasks)
    if box == "started":
        query = query.where(tasks.initiator == user_id)
        order = tasks.id
    else:
        status = "open" if box == "todo" else "done"
        query = query.join(t.task_actors, actors.task_id == tasks.id)
        query = query.where(actors.user_id == user_id, actors.status == status)
        order = actors.task_id
    if box == "todo":
        query = query.where(tasks.status == "open")
    if search:
        wanted = f"%{_escaped(search)}%"
        query = query.where(
            sa.or_(
                tasks.title.like(wanted, escape="\\"), tasks.business_key.like(wanted, escape="\\")
            )
        )
    if before:
        query = query.where(order < before)
    return connection.execute(query.order_by(order.desc()).limit(limit)).all()


def _escaped(text: str) -> str:
    """`%` and `_` mean themselves to a person."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def open_count(connection: Connection, user_id: str) -> int:
    """How many tasks wait for this person."""
    columns = t.task_actors.c
    query = sa.select(sa.func.count()).where(columns.user_id == user_id, columns.status == "open")
    return connection.execute(query).scalar_one()


def find(connection: Connection, id_: str) -> Row[Any] | None:
    """One task."""
    return connection.execute(sa.select(t.tasks).where(t.tasks.c.id == id_)).one_or_none()


def titles(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Task → title and node, of those that exist."""
    columns = t.tasks.c
    query = sa.select(columns.id, columns.title, columns.node).where(columns.id.in_(ids))
    return {row.id: (row.title, row.node) for row in connection.execute(query)}


def votes(connection: Connection, id_: str) -> Sequence[Row[Any]]:
    """Everybody asked, with what they said."""
    columns = t.task_actors.c
    query = sa.select(t.task_actors).where(columns.task_id == id_)
    return connection.execute(query.order_by(columns.user_id)).all()


def notifications(
    connection: Connection, user_id: str, *, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """In-app messages of one person, newest first."""
    columns = t.notifications.c
    query = sa.select(t.notifications).where(columns.user_id == user_id).order_by(columns.id.desc())
    if before is not None:
        query = query.where(columns.id < before)
    return connection.execute(query.limit(limit)).all()


def insert_notification(connection: Connection, values: Mapping[str, Any]) -> None:
    """One in-app message from the engine itself; those of flows come with their advance."""
    connection.execute(t.notifications.insert().values(**values))


def unread_count(connection: Connection, user_id: str) -> int:
    """How many of them are not read."""
    columns = t.notifications.c
    query = sa.select(sa.func.count()).where(columns.user_id == user_id, columns.read_at.is_(None))
    return connection.execute(query).scalar_one()


def mark_read(connection: Connection, user_id: str, id_: int, at_ms: int) -> bool:
    """Mark one as read; False when this person has no such message."""
    columns = t.notifications.c
    result = connection.execute(
        t.notifications.update()
        .where(columns.id == id_, columns.user_id == user_id)
        .values(read_at=sa.func.coalesce(columns.read_at, at_ms))
    )
    return bool(result.rowcount)
