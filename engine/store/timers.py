"""Timers of steps and schedules of flows: taken by deleting or moving their row, so that of many processes one fires each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t


def take_due(connection: Connection, limit: int, now_ms: int) -> Sequence[Any]:
    """Due timers, most overdue first; they are gone with the commit that fires them."""
    columns = t.timers.c
    rows = connection.execute(
        sa.select(columns.id, columns.instance_id, columns.step, columns.name)
        .where(columns.due_at <= now_ms)
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


def next_due_at(connection: Connection) -> int | None:
    """The moment of the next timer or schedule; None when there is none."""
    timer = connection.execute(sa.select(sa.func.min(t.timers.c.due_at))).scalar_one()
    schedule = connection.execute(sa.select(sa.func.min(t.schedules.c.next_at))).scalar_one()
    return min((moment for moment in (timer, schedule) if moment is not None), default=None)


def due_schedules(connection: Connection, limit: int, now_ms: int) -> Sequence[Row[Any]]:
    """Schedules whose slot has come."""
    query = sa.select(t.schedules).where(t.schedules.c.next_at <= now_ms)
    return connection.execute(query.limit(limit)).all()


def move_schedule(connection: Connection, id_: str, seen_at: int, next_at: int) -> bool:
    """Go on to the next slot; False when another process has done so since `seen_at` was read."""
    columns = t.schedules.c
    result = connection.execute(
        t.schedules.update()
        .where(columns.id == id_, columns.next_at == seen_at)
        .values(next_at=next_at)
    )
    return bool(result.rowcount)
