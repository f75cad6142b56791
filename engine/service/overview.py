"""How the workspace is doing, in numbers: for the first screen, kept for some seconds because many look at it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from headrace.engine.service import disk
from headrace.engine.service.actor import Actor
from headrace.engine.service.instances import OPEN
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import screens, timers
from headrace.engine.store.writer import Writer

KEPT_MS = 3_000
"""One count serves all screens that ask within this time."""

SHARE = 50
"""A count is kept at least so many times as long as it took (a million instances: 1 s), so that looking never becomes the work."""

COUNT_MAX_MS = 6_000
"""Five minutes old is the oldest a number may be."""

ZONE = "Asia/Shanghai"
"""Whose midnight `today` begins at, unless the caller names another zone."""

_kept: WeakKeyDictionary[Writer, dict[str, tuple[int, dict[str, Any]]]] = WeakKeyDictionary()


def overview(workspace: Workspace, actor: Actor, timezone: str = ZONE) -> dict[str, Any]:
    """Instances by status, what waits, and what ended today."""
    actor.require("flows:read")
    now = workspace.clock.now_ms()
    kept = _kept.setdefault(workspace.writer, {})
    until, answer = kept.get(timezone, (0, {}))
    if not answer or not now < until <= now + KEPT_MS + SHARE * COUNT_MAX_MS:
        began = time.monotonic()
        answer = _counted(workspace, _midnight(now, timezone))
        took_ms = min(int((time.monotonic() - began) * 1_000), COUNT_MAX_MS)
        kept[timezone] = (now + max(KEPT_MS, SHARE * took_ms), answer)
    return answer


def _counted(workspace: Workspace, today: int) -> dict[str, Any]:
    with workspace.read() as connection:
        by_status = screens.instances_by_status(connection)
        ended = screens.ended_since(connection, today)
        work = screens.open_work(connection)
        schedules = timers.count_schedules(connection)
    statuses = (*OPEN, "completed", "cancelled")
    return {
        "instances": {
            **{status: by_status.get(status, 0) for status in statuses},
            "completed_today": ended.get("completed", 0),
            "cancelled_today": ended.get("cancelled", 0),
        },
        "tasks": {"open": work["tasks_open"]},
        "incidents": {"open": work["incidents_open"]},
        "ready": work["ready"],
        "outbox_queued": work["outbox_queued"],
        "jobs_running": work["jobs_running"],
        "jobs_ready": work["jobs_ready"],
        "schedules": schedules,
        "disk_low": disk.trouble(workspace) is not None,
    }


def _midnight(now: int, timezone: str) -> int:
    local = datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(timezone))
    return int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
