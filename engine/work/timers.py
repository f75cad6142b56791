"""Fire what is due: timers of steps, and schedules of flows. Once each, however many processes look."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import Connection

from headrace.engine import tracing
from headrace.engine.clock import to_iso
from headrace.engine.errors import HeadraceError
from headrace.engine.run import commands as c
from headrace.engine.service import disk
from headrace.engine.service.actor import ALERTED_ROLES, ENGINE
from headrace.engine.service.advance import advance_each, start_many
from headrace.engine.service.routes import prepare_start
from headrace.engine.service.schedules import next_slot, slots_due
from headrace.engine.service.starts import StartRequest
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import alerts, timers
from headrace.engine.store.writer import transient

log = logging.getLogger(__name__)

DUE_MAX = 500
"""Timers fired in one transaction."""

GROUPS_MAX = 10
"""Transactions before schedules get their turn: however many timers are due, a slot waits for some seconds at most."""


def fire_due(workspace: Workspace) -> int:
    """Fire due timers, at most `GROUPS_MAX` groups of them; answers how many."""
    total = 0
    for _ in range(GROUPS_MAX):
        fired = workspace.writer.call(lambda connection: _fire(workspace, connection))
        total += fired
        if fired < DUE_MAX:
            break
    return total


def _fire(workspace: Workspace, connection: Connection) -> int:
    now_ms = workspace.clock.now_ms()
    rows = timers.take_due(connection, DUE_MAX, now_ms)
    if rows:
        wishes = [(row.instance_id, c.FireTimer(row.step, row.name, row.due_at)) for row in rows]
        advance_each(workspace, connection, {row.instance_id for row in rows}, wishes)
        workspace.note("timers_fired_total", len(rows))
        for row in rows:
            workspace.note("timer_late_seconds", (now_ms - row.due_at) / 1000, observed=True)
    return len(rows)


def next_due_at(workspace: Workspace) -> int | None:
    """The moment of the next timer or schedule; None when there is none."""
    with workspace.read() as connection:
        return timers.next_due_at(connection)


# --- schedules -------------------------------------------------------------------------------------


def fire_schedules(workspace: Workspace) -> int:
    """Start what the clock says; answers how many instances were started."""
    with workspace.read() as connection:
        due = timers.due_schedules(connection, DUE_MAX, workspace.clock.now_ms())
    if due and (trouble := disk.trouble(workspace)) is not None:
        for row in due:  # they wait: a slot is not lost because the disk is full
            _tell(workspace, row, "waits", trouble.message)
        return 0
    started = 0
    for row in due:
        try:
            started += workspace.writer.call(partial(_fire_schedule, workspace, row))
        except Exception as trouble:
            log.exception("schedule %s cannot be fired; the others go on", row.id)
            if not transient(trouble):
                _tell(workspace, row, "refused", f"{type(trouble).__name__}: {trouble}")
    return started


def _fire_schedule(workspace: Workspace, row: Any, connection: Connection) -> int:
    """Move the schedule on and start, in one transaction: of many processes one finds `next_at` as it was read."""
    now_ms = workspace.clock.now_ms()
    slots = slots_due(row, now_ms)
    next_at = next_slot(row.cron, row.timezone, now_ms)
    if not timers.move_schedule(connection, row.id, row.next_at, next_at):
        return 0
    noted: dict[str, Any] = {"last_slot_at": row.next_at, "last_result": "skipped"}
    started = 0
    if slots:
        noted["last_slot_at"] = slots[-1]
        workspace.forget_published(row.flow_key)  # the version in force at this very moment
        try:
            requests = [_request(workspace, row, slot, connection) for slot in slots]
        except HeadraceError as refused:
            why = " ".join([refused.message, *(problem.message for problem in refused.problems)])
            log.error("schedule %s cannot start its flow: %s", row.id, why)  # noqa: TRY400 - said, not crashed
            noted |= _refused(workspace, connection, row, "refused", why)
        else:
            answers = start_many(workspace, connection, requests)
            started = sum(not answer.duplicate for answer in answers)
            noted |= {"last_result": "started", "last_instance": answers[-1].id}
            noted |= {"last_error": None, "last_error_at": None}
    timers.note_schedule(connection, row.id, noted)
    workspace.note("schedule_slots_total", max(len(slots), 1), result=noted["last_result"])
    return started


def _request(workspace: Workspace, row: Any, slot: int, connection: Connection) -> StartRequest:
    with tracing.span("schedule", schedule=row.id):
        request = prepare_start(
            workspace, row.flow_key, row.node, {"scheduled_at": to_iso(slot)}, connection=connection,
            dedup_key=f"sched:{row.id}:{slot}", initiator=ENGINE.user_id,
        )  # fmt: skip
        return replace(request, trace=tracing.current())


def _tell(workspace: Workspace, row: Any, result: str, why: str) -> None:
    """A slot that stays due: say so once, not at every look."""
    if row.last_result == result and row.last_error == why:
        return

    def write(connection: Connection) -> None:
        noted = _refused(workspace, connection, row, result, why)
        timers.note_schedule(connection, row.id, {"last_slot_at": row.next_at, **noted})

    try:
        workspace.writer.call(write)
    except Exception:
        log.exception("schedule %s: its trouble could not be written down", row.id)


def _refused(
    workspace: Workspace, connection: Connection, row: Any, result: str, why: str
) -> dict[str, Any]:
    """What the row says of a slot that could not start; the first time in a row people are told."""
    now_ms = workspace.clock.now_ms()
    if row.last_error is None:
        roles = workspace.directory(connection).roles
        who = {user for role in ALERTED_ROLES for user in roles.get(role, ())}
        texts = {
            "en": (f"A schedule cannot start: {row.flow_key}", f"Schedule {row.id}: {why}"),
            "zh": (f"定时任务无法启动：{row.flow_key}", f"定时 {row.id}：{why}"),
        }
        alerts.tell(connection, who, texts, now_ms)
    return {"last_result": result, "last_error": why, "last_error_at": now_ms}
