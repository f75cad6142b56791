"""Timers of steps and schedules of flows: taken by deleting or moving their row, so that of many processes one fires each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t


def take_due(connection: Connection, limit: int, now_ms: int) -> Sequence[Any]:
    """Due timers, most overdue first; they are gone with the commit that fires them."""
    columns = t.timers.c
    rows = connection.execute(
        sa.select(columns.id, columns.instance_id, columns.step, columns.name, columns.due_at)
        .where(columns.due_at <= now_ms, columns.held_at.is_(None), columns.paused_at.is_(None))
        .order_by(columns.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if rows:
        connection.execute(t.timers.delete().where(columns.id.in_([row.id for row in rows])))
    return rows


def due_of(connection: Connection, instance_id: str) -> dict[int, int]:
    """Step → the moment its timer ends it."""
    columns = t.timers.c
    query = sa.select(columns.step, columns.due_at)
    query = query.where(columns.instance_id == instance_id, columns.name == "due")
    return {row.step: row.due_at for row in connection.execute(query)}


def of_step(connection: Connection, instance_id: str, step: int) -> list[tuple[str, int]]:
    """Open timers of a step: (name, moment)."""
    columns = t.timers.c
    query = sa.select(columns.name, columns.due_at)
    query = query.where(columns.instance_id == instance_id, columns.step == step)
    return [(row.name, row.due_at) for row in connection.execute(query)]


def next_due_at(connection: Connection) -> int | None:
    """The moment of the next timer or schedule; None when there is none."""
    free = sa.select(sa.func.min(t.timers.c.due_at)).where(
        t.timers.c.held_at.is_(None), t.timers.c.paused_at.is_(None)
    )
    timer = connection.execute(free).scalar_one()
    query = sa.select(sa.func.min(t.schedules.c.next_at)).where(t.schedules.c.paused_at.is_(None))
    schedule = connection.execute(query).scalar_one()
    return min((moment for moment in (timer, schedule) if moment is not None), default=None)


# --- schedules -------------------------------------------------------------------------------------


def due_schedules(connection: Connection, limit: int, now_ms: int) -> Sequence[Row[Any]]:
    """Schedules whose slot has come, and that are not paused; the longest due first."""
    columns = t.schedules.c
    query = sa.select(t.schedules).where(columns.next_at <= now_ms, columns.paused_at.is_(None))
    return connection.execute(query.order_by(columns.next_at).limit(limit)).all()


def move_schedule(connection: Connection, id_: str, seen_at: int, next_at: int) -> bool:
    """Go on to the next slot; False when another process has done so, or somebody paused it, since `seen_at` was read."""
    columns = t.schedules.c
    result = connection.execute(
        t.schedules.update()
        .where(columns.id == id_, columns.next_at == seen_at, columns.paused_at.is_(None))
        .values(next_at=next_at)
    )
    return bool(result.rowcount)


def note_schedule(connection: Connection, id_: str, values: Mapping[str, Any]) -> None:
    """What became of a slot, or a pause."""
    connection.execute(t.schedules.update().where(t.schedules.c.id == id_).values(**values))


def find_schedule(connection: Connection, id_: str, *, lock: bool = False) -> Row[Any] | None:
    """One schedule with its flow's name."""
    columns = t.schedules.c
    query = sa.select(t.schedules, t.flows.c.name.label("flow_name"))
    query = query.join(t.flows, t.flows.c.key == columns.flow_key).where(columns.id == id_)
    return connection.execute(
        query.with_for_update(of=t.schedules) if lock else query
    ).one_or_none()


def page_of_schedules(
    connection: Connection, *, flow: str | None, failing: bool, after: str | None, limit: int
) -> Sequence[Row[Any]]:
    """Schedules with their flows' names, by id; `failing`: only those whose last slot could not start."""
    columns = t.schedules.c
    query = sa.select(t.schedules, t.flows.c.name.label("flow_name"))
    query = query.join(t.flows, t.flows.c.key == columns.flow_key).order_by(columns.id).limit(limit)
    if flow:
        query = query.where(columns.flow_key == flow)
    if failing:
        query = query.where(columns.last_error.is_not(None))
    if after is not None:
        query = query.where(columns.id > after)
    return connection.execute(query).all()


def count_schedules(connection: Connection) -> dict[str, int]:
    """How many there are, how many are paused, how many could not start their flow: schedules are few, one look at each."""
    columns = t.schedules.c
    row = connection.execute(
        sa.select(
            sa.func.count().label("total"),
            sa.func.count(columns.paused_at).label("paused"),
            sa.func.count(columns.last_error).label("failing"),
        )
    ).one()
    return dict(row._mapping)
