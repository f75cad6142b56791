"""Counting and looking for screens: rows only, read only."""

from __future__ import annotations

from collections.abc import Sequence
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


def record_tables(connection: Connection) -> Sequence[Any]:
    """The names of the tables of records, and how many each holds."""
    name = t.records.c.table_name
    return connection.execute(
        sa.select(name, sa.func.count().label("records")).group_by(name).order_by(name)
    ).all()


def records(
    connection: Connection,
    table: str,
    *,
    search: str,
    before: tuple[int, str] | None,
    limit: int,
) -> Sequence[Any]:
    """Records of a table, last changed first."""
    columns = t.records.c
    query = (
        sa.select(t.records)
        .where(columns.table_name == table)
        .order_by(columns.updated_at.desc(), columns.key.desc())
        .limit(limit)
    )
    if search:
        query = query.where(
            columns.key.icontains(search, autoescape=True)
            | sa.type_coerce(columns.value, sa.Text).icontains(search, autoescape=True)
        )
    if before is not None:
        at, key = before
        query = query.where(
            (columns.updated_at < at) | ((columns.updated_at == at) & (columns.key < key))
        )
    return connection.execute(query).all()
