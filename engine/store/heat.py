"""What many instances together say of a drawing: counted up bit by bit, so that looking never reads history. Rows only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine import jsontext
from headrace.engine.store import tables as t
from headrace.engine.store.figures import COUNT_MAX

Key = tuple[int, int, str, str]
"""(day, version, kind, name) of a row of one flow."""

IN_MAX = 400
"""Values in one `IN`: SQLite takes 999 variables."""

PLACES_MAX = 5_000
"""Groups of open instances that wait at the same nodes."""


def mark(connection: Connection, flow_key: str, *, lock: bool = False) -> Row[Any] | None:
    """How far the flow has been counted; None: not at all."""
    query = sa.select(t.heat_marks).where(t.heat_marks.c.flow_key == flow_key)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def put_mark(
    connection: Connection, flow_key: str, before: Row[Any] | None, counted_to: str, counted: int
) -> None:
    """Say how far it has been counted now."""
    columns = t.heat_marks.c
    if before is None:
        values = {"flow_key": flow_key, "counted_to": counted_to, "revision": 1, "counted": counted}
        connection.execute(sa.insert(t.heat_marks).values(**values))
        return
    connection.execute(
        sa.update(t.heat_marks)
        .where(columns.flow_key == flow_key)
        .values(
            counted_to=counted_to,
            revision=before.revision + 1,
            counted=before.counted + counted,
        )
    )


_INSTANCE = (
    t.instances.c.id,
    t.instances.c.version,
    t.instances.c.started_at,
    t.instances.c.ended_at,
    t.instances.c.status,
    t.instances.c.rev,
)


def next_instances(
    connection: Connection, flow_key: str, after: str, before: str, limit: int
) -> Sequence[Any]:
    """Instances with ids in between, oldest first."""
    columns = t.instances.c
    query = (
        sa.select(*_INSTANCE)
        .where(columns.flow_key == flow_key, columns.id > after, columns.id < before)
        .order_by(columns.id)
        .limit(limit)
    )
    return connection.execute(query).all()


def behind(connection: Connection, flow_key: str, after: str, before: str) -> int:
    """How many instances with ids in between have not been looked at, up to a bound."""
    columns = t.instances.c
    rows = (
        sa.select(sa.literal(1).label("one"))
        .where(columns.flow_key == flow_key, columns.id > after, columns.id < before)
        .limit(COUNT_MAX)
        .subquery()
    )
    return int(connection.execute(sa.select(sa.func.count()).select_from(rows)).scalar_one())


def ended_later(connection: Connection, flow_key: str, limit: int) -> Sequence[Any]:
    """Instances that were open when they were looked at and have ended since."""
    later = t.heat_later.c
    query = (
        sa.select(*_INSTANCE)
        .join(t.heat_later, later.instance_id == t.instances.c.id)
        .where(later.flow_key == flow_key, t.instances.c.ended_at.is_not(None))
        .limit(limit)
    )
    return connection.execute(query).all()


def put_later(connection: Connection, flow_key: str, ids: Sequence[str]) -> None:
    """These were open."""
    if ids:
        rows = [{"flow_key": flow_key, "instance_id": id_} for id_ in ids]
        connection.execute(sa.insert(t.heat_later), rows)


def forget_later(connection: Connection, flow_key: str, ids: Sequence[str]) -> int:
    """These have been counted; answers how many were still to be."""
    columns = t.heat_later.c
    gone = 0
    for start in range(0, len(ids), IN_MAX):
        some = ids[start : start + IN_MAX]
        query = sa.delete(t.heat_later).where(
            columns.flow_key == flow_key, columns.instance_id.in_(some)
        )
        gone += connection.execute(query).rowcount
    return gone


def chunks(connection: Connection, ids: Sequence[str]) -> Iterable[tuple[str, int, Any]]:
    """(instance, time, facts as history keeps them) of these instances, in the order in which they happened."""
    columns = t.history.c
    for start in range(0, len(ids), IN_MAX):
        query = (
            sa.select(columns.instance_id, columns.at, columns.events)
            .where(columns.instance_id.in_(ids[start : start + IN_MAX]))
            .order_by(columns.instance_id, columns.chunk)
        )
        for row in connection.execute(query):
            yield row[0], row[1], jsontext.loads(row[2])


def rows(
    connection: Connection, flow_key: str, *, version: int | None, days: tuple[int, int]
) -> Sequence[Any]:
    """What has been counted of a flow in a span of days, without the lists behind it."""
    columns = t.heat.c
    query = sa.select(
        columns.version, columns.kind, columns.name, columns.visits, columns.failed,
        columns.total_ms, columns.max_ms, columns.buckets,
    ).where(columns.flow_key == flow_key, columns.day.between(*days))  # fmt: skip
    if version is not None:
        query = query.where(columns.version == version)
    return connection.execute(query).all()


def lists(
    connection: Connection,
    flow_key: str,
    name: str,
    *,
    version: int | None,
    days: tuple[int, int],
) -> Sequence[Any]:
    """The slowest and the failed visits of a node, a row a day and version."""
    columns = t.heat.c
    query = sa.select(columns.slowest, columns.failures).where(
        columns.flow_key == flow_key,
        columns.day.between(*days),
        columns.kind == "n",
        columns.name == name,
    )
    if version is not None:
        query = query.where(columns.version == version)
    return connection.execute(query.order_by(columns.day.desc())).all()


def exact(connection: Connection, flow_key: str, wanted: Iterable[Key]) -> dict[Key, Row[Any]]:
    """The rows of these keys that are there; read by day and version, of which a portion has few."""
    columns = t.heat.c
    found: dict[Key, Row[Any]] = {}
    for day, version in {(key[0], key[1]) for key in wanted}:
        query = sa.select(t.heat).where(
            columns.flow_key == flow_key, columns.day == day, columns.version == version
        )
        for row in connection.execute(query):
            found[row.day, row.version, row.kind, row.name] = row
    return found


def put(
    connection: Connection,
    flow_key: str,
    old: Iterable[Mapping[str, Any]],
    new: Sequence[Mapping[str, Any]],
) -> None:
    """Change some rows, put some in; each with its key."""
    columns = t.heat.c
    changed = [
        {**{f"k_{name}": row[name] for name in ("day", "version", "kind", "name")}, **row}
        for row in old
    ]
    if changed:
        names = (
            "visits", "failed", "total_ms", "max_ms", "buckets", "slowest", "failures",
        )  # fmt: skip
        connection.execute(
            sa.update(t.heat)
            .where(
                columns.flow_key == flow_key,
                columns.day == sa.bindparam("k_day"),
                columns.version == sa.bindparam("k_version"),
                columns.kind == sa.bindparam("k_kind"),
                columns.name == sa.bindparam("k_name"),
            )
            .values({name: sa.bindparam(name) for name in names}),
            [
                {
                    name: value
                    for name, value in row.items()
                    if name.startswith("k_") or name in names
                }
                for row in changed
            ],
        )
    if new:
        connection.execute(sa.insert(t.heat), [{"flow_key": flow_key, **row} for row in new])


def business_keys(connection: Connection, ids: Sequence[str]) -> dict[str, Any]:
    """What a list shows of these instances; those that have been purged are missing."""
    columns = t.instances.c
    query = sa.select(
        columns.id, columns.business_key, columns.status, columns.version, columns.started_at
    ).where(columns.id.in_(list(ids)[:IN_MAX]))
    return {row.id: row for row in connection.execute(query)}


def waiting_places(
    connection: Connection, flow_key: str, version: int | None
) -> list[tuple[str, int, int]]:
    """(nodes as JSON, how many, since when at the latest) of open instances, by where they wait."""
    columns = t.instances.c
    some = sa.select(columns.waiting_nodes, columns.updated_at).where(
        columns.flow_key == flow_key, columns.ended_at.is_(None)
    )
    if version is not None:
        some = some.where(columns.version == version)
    found = some.limit(COUNT_MAX).subquery()
    query = (
        sa.select(found.c.waiting_nodes, sa.func.count(), sa.func.min(found.c.updated_at))
        .group_by(found.c.waiting_nodes)
        .limit(PLACES_MAX)
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def open_incidents(connection: Connection, flow_key: str) -> dict[str, int]:
    """Node → open incidents."""
    columns = t.incidents.c
    some = (
        sa.select(columns.node)
        .where(columns.flow_key == flow_key, columns.resolved_at.is_(None))
        .limit(COUNT_MAX)
        .subquery()
    )
    query = sa.select(some.c.node, sa.func.count()).group_by(some.c.node)
    return {row[0]: row[1] for row in connection.execute(query)}
