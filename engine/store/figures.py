"""Numbers for metrics and `headrace top`, each by an index and none without a limit: looking must never become the work."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.store import tables as t

COUNT_MAX = 100_000
"""Where a count ends: who has more waiting knows enough, and counting a million takes a second."""

GROUPS_MAX = 500
"""Rows of one grouped figure."""

RECENT_MAX = 20_000
"""The newest instances that flows are compared by."""


def _is(column: Any, value: Any) -> Any:
    """Equal, with the value written out: only so the planner sees that a partial index fits."""
    return column == sa.literal(value, literal_execute=True)


def _many(*conditions: Any, of: sa.Table, columns: Any = None) -> Any:
    """Rows that fit, at most `COUNT_MAX`."""
    chosen = columns if columns is not None else [sa.literal(1).label("one")]
    return sa.select(*chosen).select_from(of).where(*conditions).limit(COUNT_MAX).subquery()


def _count(connection: Connection, *conditions: Any, of: sa.Table) -> int:
    query = sa.select(sa.func.count()).select_from(_many(*conditions, of=of))
    return int(connection.execute(query).scalar_one())


def waiting(connection: Connection, now_ms: int) -> dict[str, Any]:
    """What is ready, due, open or queued now."""
    timers, outbox = t.timers.c, t.outbox.c
    oldest_timer = connection.execute(
        sa.select(sa.func.min(timers.due_at)).where(timers.due_at <= now_ms)
    ).scalar_one()
    # The most urgent first, which an index knows: beyond the limit, those count that are worked on next.
    urgent = (
        sa.select(t.ready.c.ready_at)
        .where(t.ready.c.ready_at <= now_ms)
        .order_by(t.ready.c.rank)
        .limit(COUNT_MAX)
        .subquery()
    )
    ready = connection.execute(
        sa.select(sa.func.count(), sa.func.min(urgent.c.ready_at)).select_from(urgent)
    ).one()
    return {
        "ready": ready[0],
        "ready_oldest_at": ready[1],
        "timers_due": _count(connection, timers.due_at <= now_ms, of=t.timers),
        "timers_oldest_at": oldest_timer,
        "tasks_open": _count(connection, _is(t.tasks.c.status, "open"), of=t.tasks),
        "outbox_queued": _count(connection, _is(outbox.status, "queued"), of=t.outbox),
        "outbox_failed": _count(connection, _is(outbox.status, "failed"), of=t.outbox),
    }


def jobs(connection: Connection) -> list[tuple[str, str, int]]:
    """(queue, status, how many) of jobs that wait or run."""
    columns = t.jobs.c
    found: list[tuple[str, str, int]] = []
    for status, conditions in (
        ("ready", (_is(columns.status, "ready"), _is(columns.parked, 0))),
        (
            "parked",
            (
                _is(columns.status, "ready"),
                columns.limit_key != sa.literal("", literal_execute=True),
                columns.parked > 0,
            ),
        ),
        ("leased", (_is(columns.status, "leased"), sa.text(t.LEASED_JOB))),
    ):
        rows = _many(*conditions, of=t.jobs, columns=[columns.queue])
        query = sa.select(rows.c.queue, sa.func.count()).group_by(rows.c.queue).limit(GROUPS_MAX)
        found += [(queue, status, count) for queue, count in connection.execute(query)]
    return found


def incidents(connection: Connection) -> list[tuple[str, str, int]]:
    """(flow, code, how many) of open incidents."""
    columns = t.incidents.c
    rows = _many(
        columns.resolved_at.is_(None), of=t.incidents, columns=[columns.flow_key, columns.code]
    )
    count = sa.func.count()
    query = sa.select(rows.c.flow_key, rows.c.code, count).group_by(rows.c.flow_key, rows.c.code)
    found = connection.execute(query.order_by(count.desc()).limit(GROUPS_MAX))
    return [(flow, code, number) for flow, code, number in found]


def breakers(connection: Connection) -> list[tuple[str, str, str]]:
    """(connection, host, state) of the circuit breakers there are."""
    columns = t.breakers.c
    query = sa.select(columns.connection, columns.host, columns.state, columns.forced)
    rows = connection.execute(query.order_by(columns.connection, columns.host).limit(GROUPS_MAX))
    return [(row.connection, row.host, row.forced or row.state) for row in rows]


def flows_since(connection: Connection, since_ms: int) -> list[dict[str, Any]]:
    """Instances started since then, by flow, the slowest first: how many started and ended, how long they took."""
    columns = t.instances.c
    recent = (
        sa.select(columns.flow_key, columns.started_at, columns.ended_at)
        .where(columns.id >= first_id("ins", since_ms))
        .order_by(columns.id.desc())
        .limit(RECENT_MAX)
        .subquery()
    )
    took = recent.c.ended_at - recent.c.started_at
    average = sa.func.avg(took)
    query = (
        sa.select(
            recent.c.flow_key,
            sa.func.count().label("started"),
            sa.func.count(recent.c.ended_at).label("ended"),
            average.label("average_ms"),
            sa.func.max(took).label("longest_ms"),
        )
        .group_by(recent.c.flow_key)
        .order_by(sa.func.coalesce(average, -1).desc())
        .limit(GROUPS_MAX)
    )
    return [dict(row._mapping) for row in connection.execute(query)]


def first_id(kind: str, at_ms: int) -> str:
    """The least id that `ids.new_id` could have made then: ids sort by their moment, so an index by time is there already."""
    return f"{kind}_{(at_ms & ((1 << 48) - 1)) << 80:032x}"


def processes(connection: Connection) -> list[str]:
    """Other processes of ours that have this PostgreSQL open: `host:pid`; on SQLite there is one, and its lock names it."""
    if connection.dialect.name == "sqlite":
        return []
    query = sa.text(
        "SELECT DISTINCT application_name FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name LIKE 'headrace %'"
        " AND application_name <> current_setting('application_name')"
        " ORDER BY 1 LIMIT :most"
    )
    rows = connection.execute(query, {"most": GROUPS_MAX}).scalars()
    return [name.removeprefix("headrace ") for name in rows]


def workers(connection: Connection, now_ms: int) -> list[tuple[str, int]]:
    """(worker, jobs it holds) of those with a living lease."""
    columns = t.jobs.c
    rows = _many(
        _is(columns.status, "leased"),
        sa.text(t.LEASED_JOB),
        columns.lease_until >= now_ms,
        of=t.jobs,
        columns=[columns.lease_owner],
    )
    count = sa.func.count()
    query = sa.select(rows.c.lease_owner, count).group_by(rows.c.lease_owner)
    found = connection.execute(query.order_by(rows.c.lease_owner).limit(GROUPS_MAX))
    return [(str(owner), number) for owner, number in found]
