"""Critical sections: a queue a key, whose first row holds it. Rows go with their instance, so that no key can leak."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row, bindparam

from headrace.engine import jsontext
from headrace.engine.run import commands as c
from headrace.engine.store import tables as t

CHAIN_MAX = 100
"""Holders looked at in search of a circle."""

EDGES_MAX = 10_000
"""Waits looked at in one search; the oldest first, so that each has its turn."""

_LEFT = t.locks.delete().where(
    t.locks.c.key == bindparam("b_key"), t.locks.c.instance_id == bindparam("b_instance"), t.locks.c.held
)  # fmt: skip


def change(
    connection: Connection,
    *,
    wanted: Sequence[dict[str, Any]],
    left: Sequence[dict[str, Any]],
    gone: Sequence[dict[str, Any]],
    ended: Collection[str],
) -> list[tuple[str, c.Command]]:
    """Stand in queues and leave them; answers the wishes for those whose turn it is now.

    `wanted`: new rows; `left`: keys released; `gone`: (instance, step) that no longer wait; `ended`: instances that have ended.
    """
    columns = t.locks.c
    keys = {row["key"] for row in wanted} | {row["b_key"] for row in left}
    for row in gone:
        step = (columns.instance_id == row["b_instance"]) & (columns.step == row["b_step"])
        keys.update(connection.execute(sa.select(columns.key).where(step)).scalars())
    if ended:
        query = sa.select(columns.key).where(columns.instance_id.in_(list(ended)))
        keys.update(connection.execute(query).scalars())
    if not keys:
        return []
    _take_turns(connection, keys)
    if wanted:
        connection.execute(t.locks.insert(), list(wanted))
    if left:
        connection.execute(_LEFT, list(left))
    for row in gone:
        step = (columns.instance_id == row["b_instance"]) & (columns.step == row["b_step"])
        connection.execute(t.locks.delete().where(step))
    if ended:
        connection.execute(t.locks.delete().where(columns.instance_id.in_(list(ended))))
    return [wish for key in sorted(keys) if (wish := _next(connection, key))]


def _next(connection: Connection, key: str) -> tuple[str, c.Command] | None:
    columns = t.locks.c
    query = sa.select(t.locks).where(columns.key == key).order_by(columns.id).limit(1)
    first = connection.execute(query).first()
    if first is None or first.held:
        return None
    connection.execute(t.locks.update().where(columns.id == first.id).values(held=True))
    return first.instance_id, c.GrantLock(first.step, key)


def _take_turns(connection: Connection, keys: Collection[str]) -> None:
    if connection.dialect.name != "postgresql":
        return
    for key in sorted(keys):
        connection.execute(
            sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 11))"), {"what": key}
        )


def circles(connection: Connection) -> list[tuple[str, c.Command]]:
    """Instances that can do nothing but wait for one another's keys: one of each circle is told so."""
    waiting = t.locks.alias("waiting")
    holding = t.locks.alias("holding")
    also = t.locks.alias("also")
    query = (
        sa.select(waiting.c.instance_id, waiting.c.step, waiting.c.key, holding.c.instance_id)
        .join(holding, (holding.c.key == waiting.c.key) & holding.c.held)
        .where(sa.not_(waiting.c.held))
        # In a circle every holder waits as well.
        .where(sa.exists().where(also.c.instance_id == holding.c.instance_id, sa.not_(also.c.held)))
        .order_by(waiting.c.id)
        .limit(EDGES_MAX)
    )
    edges: dict[str, list[tuple[int, str, str]]] = {}
    for instance, step, key, holder in connection.execute(query):
        edges.setdefault(instance, []).append((step, key, holder))
    if not edges:
        return []
    only_waits = _only_waiting(connection, list(edges))
    told: list[tuple[str, c.Command]] = []
    solved: set[str] = set()
    for begin in edges:
        circle = _circle(begin, edges, only_waits)
        if circle and solved.isdisjoint(circle):
            solved.update(circle)
            step, key, _ = edges[begin][0]
            told.append((begin, c.GrantLock(step, key, deadlock=True)))
    return told


def _circle(
    begin: str, edges: dict[str, list[tuple[int, str, str]]], only_waits: set[str]
) -> list[str]:
    way = [begin]
    while len(way) <= CHAIN_MAX:
        at = way[-1]
        if at not in only_waits or at not in edges:
            return []
        holder = edges[at][0][2]
        if holder == begin:
            return way
        if holder in way:
            return []
        way.append(holder)
    return []


def _only_waiting(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Of these, the instances in which nothing is open but waits for keys."""
    found: set[str] = set()
    columns = t.instances.c
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        for row in connection.execute(
            sa.select(columns.id, columns.state).where(columns.id.in_(some))
        ):
            steps = jsontext.loads(row.state).get("steps", ())
            if steps and all(
                step.get("wait") == "lock" and not step.get("incident") for step in steps
            ):
                found.add(row.id)
    return found


def of_instance(connection: Connection, instance_id: str) -> Sequence[Row[Any]]:
    """The keys an instance holds or waits for."""
    query = sa.select(t.locks).where(t.locks.c.instance_id == instance_id).order_by(t.locks.c.id)
    return connection.execute(query).all()
