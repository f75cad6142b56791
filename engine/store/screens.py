"""Counting and looking for screens: rows only, read only."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.store import tables as t


def instances_by_status(connection: Connection) -> dict[str, int]:
    """How many instances there are, by status; an index alone answers it."""
    status = t.instances.c.status
    query = sa.select(status, sa.func.count()).group_by(status)
    return {row.status: row[1] for row in connection.execute(query)}


def ended_since(connection: Connection, at_ms: int) -> dict[str, int]:
    """How many instances have ended since a moment, by status."""
    columns = t.instances.c
    query = (
        sa.select(columns.status, sa.func.count())
        .where(columns.ended_at >= at_ms)
        .group_by(columns.status)
    )
    return {row.status: row[1] for row in connection.execute(query)}


def open_work(connection: Connection) -> dict[str, int]:
    """What waits, in one query."""

    def count(table: sa.Table, *conditions: Any) -> Any:
        return sa.select(sa.func.count()).select_from(table).where(*conditions).scalar_subquery()

    row = connection.execute(
        sa.select(
            count(t.tasks, t.tasks.c.status == "open").label("tasks_open"),
            count(t.ready).label("ready"),
            count(t.outbox, t.outbox.c.status == "queued").label("outbox_queued"),
            count(t.jobs, t.jobs.c.status == "leased").label("jobs_running"),
            count(t.jobs, t.jobs.c.status == "ready").label("jobs_ready"),
            count(t.incidents, t.incidents.c.resolved_at.is_(None)).label("incidents_open"),
        )
    ).one()
    return dict(row._mapping)
