"""Is there room on the database's disk? When not, nothing new is started, so that what runs has room to end.

Starts of sub-flows belong to what runs and go on. Measured for SQLite, whose file lies on a disk of ours; a PostgreSQL server
has its own disk, which nobody can ask it about: there the server's own refusal is passed on (`store/writer.py`).
"""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from headrace.engine.errors import DiskLow
from headrace.engine.service.workspace import Workspace
from headrace.engine.store.session import is_sqlite

MIN_FREE_BYTES = 256 * 1024 * 1024
"""Less than this is low, unless HEADRACE_DISK_MIN_MB says otherwise: room for the write-ahead log (SQLite lets it grow while
somebody reads), for the history of what runs, and for a person to come and look."""

FRESH_MS = 1_000
"""A measurement serves all starts of this time."""

RETRY_AFTER_S = 60


def free_bytes(workspace: Workspace) -> int | None:
    """Free bytes where the database file is; None when its disk is not ours."""
    path = workspace.database.url.database
    if not is_sqlite(workspace.database) or not path or path == ":memory:":
        return None
    return shutil.disk_usage(Path(path).parent).free


def trouble(workspace: Workspace) -> DiskLow | None:
    """Why nothing may be started now; None when there is room."""
    now_ms = workspace.clock.now_ms()
    measured = workspace.disk_measured
    if measured is None or not measured[0] <= now_ms < measured[0] + FRESH_MS:
        measure = workspace.free_bytes or partial(free_bytes, workspace)
        measured = workspace.disk_measured = (now_ms, measure())
    free = measured[1]
    least = getattr(workspace.settings, "disk_min_bytes", MIN_FREE_BYTES)
    if free is None or free >= least:
        return None
    return DiskLow(expected=f"{least} bytes free", found=f"{free}", retry_after_s=RETRY_AFTER_S)


def require_room(workspace: Workspace) -> None:
    """Raise `DiskLow` when there is no room for a new start."""
    found = trouble(workspace)
    if found is not None:
        raise found
