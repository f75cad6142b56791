"""Fire what is due: timers of steps, and schedules of flows. Once each, however many processes look."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from cronsim import CronSim
from sqlalchemy import Connection

from headrace.engine.clock import to_iso
from headrace.engine.errors import HeadraceError
from headrace.engine.run import commands as c
from headrace.engine.service.actor import ENGINE
from headrace.engine.service.advance import advance_each, start_many
from headrace.engine.service.starts import prepare
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import tables as t

log = logging.getLogger(__name__)

DUE_MAX = 500
"""Timers fired in one transaction."""

MISFIRE_MS = 60_000
"""A slot found later than this was missed: `skip` drops it, `once` makes up for all missed slots by one start."""


def fire_due(workspace: Workspace) -> int:
    """Fire every due timer; answers how many."""
    total = 0
    while count := workspace.writer.call(lambda connection: _fire(workspace, connection)):
        total += count
    return total


def _fire(workspace: Workspace, connection: Connection) -> int:
    rows = connection.execute(
        sa.select(t.timers.c.id, t.timers.c.instance_id, t.timers.c.step, t.timers.c.name)
        .where(t.timers.c.due_at <= workspace.clock.now_ms())
        .order_by(t.timers.c.due_at)
        .limit(DUE_MAX)
        .with_for_update(skip_locked=True)
    ).all()
    if rows:
        connection.execute(t.timers.delete().where(t.timers.c.id.in_([row.id for row in rows])))
        wishes = [(row.instance_id, c.FireTimer(row.step, row.name)) for row in rows]
        advance_each(workspace, connection, {row.instance_id for row in rows}, wishes)
    return len(rows)


def next_due_at(workspace: Workspace) -> int | None:
    """The moment of the next timer or schedule; None when there is none."""
    with workspace.read() as connection:
        timer = connection.execute(sa.select(sa.func.min(t.timers.c.due_at))).scalar_one()
        schedule = connection.execute(sa.select(sa.func.min(t.schedules.c.next_at))).scalar_one()
    return min((moment for moment in (timer, schedule) if moment is not None), default=None)


def next_slot(cron: str, timezone: str, after_ms: int) -> int:
    """The first moment after `after_ms` that the cron line names in that time zone (DST as cronsim does, like Debian's cron)."""
    after = datetime.fromtimestamp(after_ms / 1000, UTC).astimezone(ZoneInfo(timezone))
    return int(next(CronSim(cron, after)).timestamp() * 1000)


def fire_schedules(workspace: Workspace) -> int:
    """Start what the clock says; answers how many instances were started."""
    with workspace.read() as connection:
        due = connection.execute(
            sa.select(t.schedules)
            .where(t.schedules.c.next_at <= workspace.clock.now_ms())
            .limit(DUE_MAX)
        ).all()
    started = 0
    for row in due:
        fire = partial(_fire_schedule, workspace, row=row)
        try:
            started += workspace.writer.call(fire)
        except Exception:
            log.exception("schedule %s cannot be fired; the others go on", row.id)
    return started


def _fire_schedule(workspace: Workspace, row: Any, connection: Connection) -> int:
    """Move the schedule on and start, in one transaction: of many processes one finds `next_at` as it was read."""
    now_ms = workspace.clock.now_ms()
    moved = connection.execute(
        t.schedules.update()
        .where(t.schedules.c.id == row.id, t.schedules.c.next_at == row.next_at)
        .values(next_at=next_slot(row.cron, row.timezone, now_ms))
    )
    late = now_ms - row.next_at > MISFIRE_MS
    if not moved.rowcount or (late and row.misfire == "skip"):
        return 0
    try:
        flow = workspace.published(connection, row.flow_key)
        request = prepare(
            flow, row.node, {"scheduled_at": to_iso(row.next_at)}, now_ms=now_ms, dedup_key=f"sched:{row.id}:{row.next_at}",
            initiator=ENGINE.user_id,
        )  # fmt: skip
    except HeadraceError as trouble:
        log.error("schedule %s cannot start its flow: %s", row.id, trouble.message)  # noqa: TRY400 - said, not crashed
        return 0
    start_many(workspace, connection, [request])
    return 1
