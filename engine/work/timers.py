"""Fire what is due: timers of steps, and schedules of flows. Once each, however many processes look."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from sqlalchemy import Connection

from headrace.engine.clock import to_iso
from headrace.engine.errors import HeadraceError
from headrace.engine.run import commands as c
from headrace.engine.service.actor import ENGINE
from headrace.engine.service.advance import advance_each, start_many
from headrace.engine.service.routes import prepare_start
from headrace.engine.service.schedules import next_slot
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import timers

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
    rows = timers.take_due(connection, DUE_MAX, workspace.clock.now_ms())
    if rows:
        wishes = [(row.instance_id, c.FireTimer(row.step, row.name)) for row in rows]
        advance_each(workspace, connection, {row.instance_id for row in rows}, wishes)
    return len(rows)


def next_due_at(workspace: Workspace) -> int | None:
    """The moment of the next timer or schedule; None when there is none."""
    with workspace.read() as connection:
        return timers.next_due_at(connection)


def fire_schedules(workspace: Workspace) -> int:
    """Start what the clock says; answers how many instances were started."""
    with workspace.read() as connection:
        due = timers.due_schedules(connection, DUE_MAX, workspace.clock.now_ms())
    started = 0
    for row in due:
        try:
            started += workspace.writer.call(partial(_fire_schedule, workspace, row))
        except Exception:
            log.exception("schedule %s cannot be fired; the others go on", row.id)
    return started


def _fire_schedule(workspace: Workspace, row: Any, connection: Connection) -> int:
    """Move the schedule on and start, in one transaction: of many processes one finds `next_at` as it was read."""
    now_ms = workspace.clock.now_ms()
    next_at = next_slot(row.cron, row.timezone, now_ms)
    moved = timers.move_schedule(connection, row.id, row.next_at, next_at)
    late = now_ms - row.next_at > MISFIRE_MS
    if not moved or (late and row.misfire == "skip"):
        return 0
    try:
        request = prepare_start(
            workspace, row.flow_key, row.node, {"scheduled_at": to_iso(row.next_at)}, connection=connection,
            dedup_key=f"sched:{row.id}:{row.next_at}", initiator=ENGINE.user_id,
        )  # fmt: skip
    except HeadraceError as trouble:
        log.error("schedule %s cannot start its flow: %s", row.id, trouble.message)  # noqa: TRY400 - said, not crashed
        return 0
    start_many(workspace, connection, [request])
    return 1
