"""What waits and how it goes, in numbers: kept for some seconds, so that many who look cost as much as one."""

from __future__ import annotations

import time
from typing import Any
from weakref import WeakKeyDictionary

from headrace.engine.service import disk
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import figures, timers
from headrace.engine.store.writer import Writer

KEPT_S = 3.0
"""One look at the database serves all who ask within this time."""

RECENT_MS = 60_000
"""What counts as now when flows are compared."""

_kept: WeakKeyDictionary[Writer, tuple[float, dict[str, Any]]] = WeakKeyDictionary()


def figures_of(workspace: Workspace) -> dict[str, Any]:
    """All of them, some seconds old at most."""
    now_s = time.monotonic()
    kept = _kept.get(workspace.writer)
    if kept is not None and now_s - kept[0] < KEPT_S:
        return kept[1]
    found = _looked(workspace)
    _kept[workspace.writer] = (now_s, found)
    return found


def forget(workspace: Workspace) -> None:
    """Look again the next time."""
    _kept.pop(workspace.writer, None)


def _looked(workspace: Workspace) -> dict[str, Any]:
    now_ms = workspace.clock.now_ms()
    with workspace.read() as connection:
        found: dict[str, Any] = figures.waiting(connection, now_ms)
        found["jobs"] = figures.jobs(connection)
        found["incidents"] = figures.incidents(connection)
        found["breakers"] = figures.breakers(connection)
        found["schedules"] = timers.count_schedules(connection)
        found["flows"] = figures.flows_since(connection, now_ms - RECENT_MS)
    for name in ("ready", "timers"):
        oldest = found.pop(f"{name}_oldest_at")
        found[f"{name}_oldest_ms"] = 0 if oldest is None else max(0, now_ms - oldest)
    measure = workspace.free_bytes
    found["disk_free_bytes"] = measure() if measure else disk.free_bytes(workspace)
    found["writer_queue"] = workspace.writer.depth()
    found["at_ms"] = now_ms
    return found
