"""What a person's inbox looks like at a glance: enough to see that something has changed, for live screens."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.store import tables as t

TASKS_MAX = 200
"""Open tasks that are compared one by one; nobody sees a change of the two hundred and first."""


def open_tasks(connection: Connection, user_id: str) -> list[tuple[str, int]]:
    """What waits for this person, each with its revision; read along the index on (user, status, task)."""
    actors, tasks = t.task_actors.c, t.tasks.c
    query = (
        sa.select(tasks.id, _revision())
        .join(t.task_actors, actors.task_id == tasks.id)
        .where(actors.user_id == user_id, actors.status == "open")
        .order_by(actors.task_id.desc())
        .limit(TASKS_MAX)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def newest_notification(connection: Connection, user_id: str) -> int:
    """The number of the last message this person got; 0 when there is none."""
    columns = t.notifications.c
    query = (
        sa.select(columns.id).where(columns.user_id == user_id).order_by(columns.id.desc()).limit(1)
    )
    return connection.execute(query).scalar() or 0


def _revision() -> sa.ColumnElement[int]:
    return t.tasks.c.get("revision", sa.literal(0))
