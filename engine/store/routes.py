"""Routes of flows: which canary runs, and what those that started under it came to. Rows only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row, bindparam

from headrace.engine.store import tables as t

_ROUTING = (
    sa.select(t.flows.c.published_version, t.routes.c.id, t.routes.c.baseline, t.routes.c.rules)
    .select_from(
        t.flows.outerjoin(
            t.routes, (t.routes.c.flow_key == t.flows.c.key) & t.routes.c.ended_at.is_(None)
        )
    )
    .where(t.flows.c.key == bindparam("b_key"))
)


def routing(connection: Connection, key: str) -> Any:
    """What a start must know: the published version, and the canary that runs (its columns are NULL without one)."""
    return connection.execute(_ROUTING, {"b_key": key}).one_or_none()


def running(connection: Connection, key: str) -> Row[Any] | None:
    """The canary of a flow that runs now."""
    columns = t.routes.c
    query = sa.select(t.routes).where(columns.flow_key == key, columns.ended_at.is_(None))
    return connection.execute(query).one_or_none()


def all_running(connection: Connection, limit: int) -> Sequence[Row[Any]]:
    """Every canary that runs and may be taken back, by flow."""
    query = sa.select(t.routes).where(t.routes.c.ended_at.is_(None), t.routes.c.guard.is_not(None))
    return connection.execute(query.order_by(t.routes.c.flow_key).limit(limit)).all()


def page(connection: Connection, key: str, *, before: str | None, limit: int) -> Sequence[Row[Any]]:
    """The canaries a flow has had, newest first."""
    query = sa.select(t.routes).where(t.routes.c.flow_key == key)
    if before is not None:
        query = query.where(t.routes.c.id < before)
    return connection.execute(query.order_by(t.routes.c.id.desc()).limit(limit)).all()


def insert(connection: Connection, values: Mapping[str, Any]) -> None:
    """One more canary; the index refuses a second that runs for the same flow."""
    connection.execute(sa.insert(t.routes).values(**values))


def update(connection: Connection, id_: str, values: Mapping[str, Any]) -> bool:
    """Change one that still runs; answers whether it did."""
    query = sa.update(t.routes).where(t.routes.c.id == id_, t.routes.c.ended_at.is_(None))
    return connection.execute(query.values(**values)).rowcount == 1


def named_in(connection: Connection, key: str) -> set[int]:
    """The versions a start of this flow can get now."""
    row = routing(connection, key)
    if row is None or row.published_version is None:
        return set()
    return {row.published_version} | {rule["version"] for rule in row.rules or ()}


# --- comparing -------------------------------------------------------------------------------------


def newest_of_route(
    connection: Connection, route: str, version: int, limit: int
) -> Sequence[Row[Any]]:
    """The newest instances that started on a version while this canary ran (index `ix_instances_route`)."""
    columns = t.instances.c
    query = (
        _SEEN.where(columns.route_id == route, columns.version == version)
        .order_by(columns.id.desc())
        .limit(limit)
    )
    return connection.execute(query).all()


def newest_between(
    connection: Connection, key: str, from_id: str, to_id: str, limit: int
) -> Sequence[Row[Any]]:
    """The newest instances of a flow with ids in a range: ids sort by the moment of the start."""
    columns = t.instances.c
    query = (
        _SEEN.where(columns.flow_key == key, columns.id >= from_id, columns.id < to_id)
        .order_by(columns.id.desc())
        .limit(limit)
    )
    return connection.execute(query).all()


_SEEN = sa.select(
    t.instances.c.id,
    t.instances.c.version,
    t.instances.c.status,
    t.instances.c.started_at,
    t.instances.c.ended_at,
    sa.exists()
    .where(t.incidents.c.instance_id == t.instances.c.id)
    .correlate(t.instances)
    .label("failed"),
)
