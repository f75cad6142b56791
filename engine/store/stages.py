"""Open tasks by where they wait: which stages there are, how much waits at each, and the tasks of some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t
from headrace.engine.store.search import Condition, meeting

Stage = tuple[str, int, str]
"""Flow, version, node."""

GATHER_MAX = 1_000

LIVE = ("open", "waiting", "owner_waits")
"""Of whom something is or will be expected, as in `people/tasking.py`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which open tasks; what is None does not matter, of `stages` any."""

    stages: Sequence[Stage] | None = None
    before_ms: int | None = None
    """Asked before."""
    conditions: Sequence[Condition] = ()
    """On the business values of their instances."""
    user: str | None = None
    """Somebody who has a seat that is not over."""
    flows: Sequence[str] | None = None
    behalf: str | None = None
    """That seat is in the place of this person."""


def waiting(
    connection: Connection, flow: str | None = None, node: str | None = None
) -> Sequence[Row[Any]]:
    """(flow_key, version, node, number, oldest_at, came_sum) of the stages where tasks wait; read along the index on open tasks."""
    columns = t.tasks.c
    query = sa.select(
        columns.flow_key,
        columns.version,
        columns.node,
        sa.func.count().label("number"),
        sa.func.min(columns.created_at).label("oldest_at"),
        sa.cast(sa.func.sum(columns.created_at), sa.BigInteger).label("came_sum"),
    ).where(columns.status == "open")
    if flow:
        query = query.where(columns.flow_key == flow)
    if node:
        query = query.where(columns.node == node)
    return connection.execute(query.group_by(columns.flow_key, columns.version, columns.node)).all()


def tasks(
    connection: Connection, wanted: Wanted, *, after: str | None = None, limit: int = GATHER_MAX
) -> Sequence[Row[Any]]:
    """(subject, instance_id, cursor, title, business_key, created_at) of open tasks, in the order of their ids."""
    return connection.execute(query_of(wanted, after).limit(limit)).all()


def count(connection: Connection, wanted: Wanted, limit: int) -> int:
    """How many there are; stops at the limit."""
    some = query_of(wanted, None).order_by(None).limit(limit).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def query_of(wanted: Wanted, after: str | None) -> sa.Select[Any]:
    """The query of `tasks`."""
    columns = t.tasks.c
    query = sa.select(
        columns.id.label("subject"),
        columns.instance_id,
        columns.id.label("cursor"),
        columns.title,
        columns.business_key,
        columns.created_at,
    ).where(columns.status == "open")
    if wanted.stages is not None:
        # Not as a list of tuples: SQLite would find no index for it.
        places = [
            sa.and_(columns.flow_key == flow, columns.version == version, columns.node == node)
            for flow, version, node in wanted.stages
        ]
        query = query.where(sa.or_(*places) if places else sa.false())
    if wanted.before_ms is not None:
        query = query.where(columns.created_at < wanted.before_ms)
    if wanted.flows is not None:
        query = query.where(columns.flow_key.in_(wanted.flows))
    if wanted.user is not None:
        seats = t.task_actors.c
        mine = sa.select(seats.task_id).where(seats.user_id == wanted.user, seats.status.in_(LIVE))
        if wanted.behalf is not None:
            mine = mine.where(seats.on_behalf_of == wanted.behalf)
        query = query.where(columns.id.in_(mine))
    for condition in wanted.conditions:
        query = query.where(columns.instance_id.in_(meeting(condition)))
    if after:
        query = query.where(columns.id > after)
    return query.order_by(columns.id)


def held_for(connection: Connection, people: Sequence[str]) -> dict[tuple[str, str], int]:
    """(substitute, person) → seats that the one still has in the place of the other, of these substitutes."""
    columns = t.task_actors.c
    query = sa.select(columns.user_id, columns.on_behalf_of, sa.func.count()).where(
        columns.user_id.in_(people), columns.status.in_(LIVE), columns.on_behalf_of.is_not(None)
    )
    rows = connection.execute(query.group_by(columns.user_id, columns.on_behalf_of)).all()
    return {(row[0], row[1]): row[2] for row in rows}


def late(connection: Connection, flow: str, now_ms: int) -> dict[str, int]:
    """Node → open tasks of a flow that are past their due time."""
    columns = t.tasks.c
    query = sa.select(columns.node, sa.func.count()).where(
        columns.status == "open", columns.flow_key == flow, columns.due_at < now_ms
    )
    rows = connection.execute(query.group_by(columns.node)).all()
    return {row[0]: row[1] for row in rows}


def came(connection: Connection, flow: str, since_ms: int) -> dict[str, int]:
    """Node → tasks of a flow that were opened since a moment, whether open still or ended."""
    columns = t.tasks.c
    found: dict[str, int] = {}
    for over in (columns.status == "open", columns.ended_at >= since_ms):
        query = sa.select(columns.node, sa.func.count()).where(
            columns.flow_key == flow, over, columns.created_at >= since_ms
        )
        for node, number in connection.execute(query.group_by(columns.node)):
            found[node] = found.get(node, 0) + number
    return found


def ended(connection: Connection, flow: str, since_ms: int, limit: int) -> Sequence[Any]:
    """(node, created_at, ended_at) of the newest tasks of a flow that ended since a moment, the newest first."""
    columns = t.tasks.c
    query = sa.select(columns.node, columns.version, columns.created_at, columns.ended_at).where(
        columns.flow_key == flow, columns.ended_at >= since_ms
    )
    return connection.execute(query.order_by(columns.ended_at.desc()).limit(limit)).all()
